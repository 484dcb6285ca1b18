"""A feed that is easy to read: messages are small JSON objects, and a translator for them.

`{"control": "1", "patient": "A", "other": "B", "set": {...}, "clear": [...], "results": {"K": "7.0"}, "doctor": "D",
  "unmapped": ["GLU"], "blocked": true, "trick": "..."}`
"""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from hub.fhir.json import dumps, loads
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import keyed_ids
from hub.kernel.types import Draft, Envelope, IdentityEvent, Issue, Received, ReportRow, Translation, UnmappedCode

FEED: Final = "F01.his"
FACILITY: Final = "F01"
FACILITIES: Final = {FEED: FACILITY, "F03.lis": "F03"}
IDS: Final = keyed_ids(b"a secret of the tests")
NOON: Final = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)


def message(control: str, patient: str = "A", **parts: Any) -> bytes:
    """The bytes of a message."""
    return dumps({"control": control, "patient": patient, **parts})


def envelope(raw: bytes) -> Envelope:
    """What the connector would have read of it."""
    try:
        said = loads(raw)
    except HubError as problem:
        return Envelope(problem=problem)
    lanes = tuple(said[key] for key in ("patient", "other") if said.get(key))
    return Envelope(identity=said["control"], kind="ADT^A08", lanes=lanes)


def received(raw: bytes, feed: str = FEED, at: datetime = NOON) -> Received:
    """The message as a connector hands it to the inbox."""
    return Received(feed=feed, raw=raw, envelope=envelope(raw), received_at=at, peer="127.0.0.1")


def patient_id(patient: str, facility: str = FACILITY) -> str:
    return IDS(facility, "Patient", "mrn", patient)


def observation_id(patient: str, key: str, facility: str = FACILITY) -> str:
    return IDS(facility, "Observation", "results", f"{patient}.{key}")


def translate(raw: bytes, facility: str = FACILITY) -> Translation:
    """The translator: a Patient that is overlaid, results that are snapshots, a doctor whom all patients share."""
    said = loads(raw)
    _play(said.get("trick"))
    patient = patient_id(said["patient"], facility)
    drafts = [_patient(said, patient)]
    drafts += [_observation(said, patient, key, value, facility) for key, value in said.get("results", {}).items()]
    if "doctor" in said:
        doctor = IDS(facility, "Practitioner", "staff", said["doctor"])
        resource = {"resourceType": "Practitioner", "id": doctor, "name": [{"text": said.get("title", said["doctor"])}]}
        drafts.append(Draft(resource=resource, authority="staff", key=said["doctor"], patient=None))
    unmapped = said.get("unmapped", ())
    events: tuple[IdentityEvent, ...] = ()
    if said.get("merge"):
        events = (IdentityEvent(kind="A40", survivor=patient, loser=patient_id(said["other"], facility)),)
    return Translation(
        drafts=tuple(drafts),
        identity_events=events,
        report=(ReportRow(source="PID-3", outcome="mapped", targets=("Patient.identifier",)),),
        issues=_issues(said.get("issues", ())),
        event_time=NOON,
        unmapped=tuple(UnmappedCode(field="OBX-3", code=code, display=f"text of {code}") for code in unmapped),
        refusal=_blocked() if said.get("blocked") else None,
    )


def _blocked() -> HubError:
    return HubError(Category.INVALID, "has a local code", where="OBX-3", todo="map it", code="unmapped-code")


def _patient(said: Mapping[str, Any], patient: str) -> Draft:
    resource = {
        "resourceType": "Patient",
        "id": patient,
        "identifier": [{"system": "urn:example:mrn", "value": said["patient"]}],
        **said.get("set", {}),
    }
    clears = tuple(said.get("clear", ()))
    return Draft(resource=resource, authority="mrn", key=said["patient"], patient=patient, clears=clears)


def _observation(said: Mapping[str, Any], patient: str, key: str, value: str, facility: str) -> Draft:
    resource = {
        "resourceType": "Observation",
        "id": observation_id(said["patient"], key, facility),
        "status": "final",
        "code": {"coding": [{"system": "urn:example:lab", "code": key}]},
        "subject": {"reference": f"Patient/{said.get('about', patient)}"},
        "effectiveDateTime": "2026-03-01T12:00:00+08:00",
        "valueString": value,
    }
    about = said.get("about", patient)
    return Draft(resource=resource, authority="results", key=key, patient=about, merge="replace")


def _issues(codes: Sequence[str]) -> tuple[Issue, ...]:
    return tuple(Issue(severity="warning", where="PID-8", code=code, text="is unknown") for code in codes)


def _play(trick: str | None) -> None:
    if trick == "refuse":
        raise HubError(Category.UNREADABLE, "has no PID", where="PID", todo="send one")
    if trick == "fail":
        raise ZeroDivisionError("a text that repeats 沈桂兰")
    if trick == "kill":
        os.kill(os.getpid(), signal.SIGKILL)


def story(count: int, seed: int) -> list[bytes]:
    """`count` messages about a few patients: changes, repetitions, results, shared doctors, some that are refused.

    The first three name all doctors: which of two lanes names one first is otherwise a matter of chance.
    """
    chance = random.Random(seed)
    raws = [message(f"{seed}.{number}", f"P{number}", doctor=f"D{number}") for number in range(min(count, 3))]
    for number in range(3, count):
        kind = chance.random()
        patient = f"P{chance.randrange(12)}"
        parts: dict[str, Any] = {
            "doctor": f"D{chance.randrange(3)}",
            "set": {"gender": chance.choice(("male", "female"))},
        }
        if kind < 0.4:
            parts["results"] = {f"{number}.{k}": str(k) for k in range(chance.randrange(1, 5))}
        elif kind < 0.5:
            parts["other"] = f"P{chance.randrange(12)}"
        elif kind < 0.55:
            parts["trick"] = "refuse"
        raws.append(chance.choice(raws) if raws and kind > 0.95 else message(f"{seed}.{number}", patient, **parts))
    return raws
