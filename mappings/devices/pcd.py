"""HL7 v2 of devices (IHE PCD-01, ORU^R01) that names no patient: it is of whoever has the device it names.

The device stands in OBX-18, or PRT-10. What the message says is translated for a stand-in, in whose place the patient
of the binding is then put, into the ids too: a binding put right makes other resources beside the first, which are
entered in error. A message that names its patient (PID-2 to PID-4) is left as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from hub.fhir.temporal import interval
from hub.kernel.devices import Wearers
from hub.kernel.errors import HubError
from hub.kernel.ids import IdMaker
from hub.kernel.ports import EnvelopeReader, Translator
from hub.kernel.types import Draft, Envelope, Translation
from mappings.devices.binding import bound, mistaken
from mappings.devices.translate import unbound, void, withdrawn
from mappings.hl7v2.charset import decode
from mappings.hl7v2.parser import Message, parse
from mappings.hl7v2.profile import Profile

#: What the mapping says of a patient without a number; here it is no fault.
_NAMELESS = "patient-identity"


def envelope_reader(plain: EnvelopeReader, profile: Profile) -> EnvelopeReader:
    """As `plain`; the lanes of a message without a patient are its devices."""

    def read(raw: bytes) -> Envelope:
        envelope = plain(raw)
        if envelope.lanes or envelope.problem is not None:
            return envelope
        return replace(envelope, lanes=devices_in(_message(raw, profile)))

    return read


def translator(
    plain: Translator, read: EnvelopeReader, profile: Profile, feed: str, wearers: Wearers, facility: str, ids: IdMaker
) -> Translator:
    """As `plain`; a message without a patient is the wearer's of its devices, and else waits (`unbound-device`)."""

    def translate(raw: bytes) -> Translation:
        if read(raw).lanes:
            return plain(raw)
        message = _message(raw, profile)
        devices = devices_in(message)
        if not devices:
            return plain(raw)
        found = plain(_with_patient(raw, message))
        times = set(_times(found))
        held = [(wearers.of(feed, device), when) for device in devices for when in times]
        wearing = {bound(bindings, when) for bindings, when in held}
        patient = wearing.pop() if len(wearing) == 1 else None
        others = frozenset[str]().union(*(mistaken(bindings, when) for bindings, when in held)) - {patient}
        if patient is None and not others:
            return Translation(issues=found.issues, report=found.report, event_time=found.event_time, refusal=unbound())
        return _given(found, patient, sorted(others), facility, ids)

    return translate


def devices_in(message: Message) -> tuple[str, ...]:
    """The numbers of the devices a message names (EI.1 of OBX-18 and PRT-10), each once."""
    found = [segment.get(18) for segment in message.all("OBX")] + [segment.get(10) for segment in message.all("PRT")]
    return tuple(dict.fromkeys(filter(None, found)))


def _message(raw: bytes, profile: Profile) -> Message:
    text, charset, _ = decode(raw, profile.charset)
    return parse(text, charset)


def _with_patient(raw: bytes, message: Message) -> bytes:
    """With a PID that says nothing, where there is none: for the stand-in."""
    if message.first("PID") is not None:
        return raw
    end = min(at for at in (raw.find(b"\r"), raw.find(b"\n"), len(raw)) if at >= 0)
    return raw[:end] + b"\rPID" + raw[raw.find(b"MSH") + 3 :][:1] + b"1" + raw[end:]


def _times(found: Translation) -> Iterator[datetime]:
    """When what the message says was measured."""
    for draft in found.drafts:
        stated = draft.resource.get("effectiveDateTime") if draft.resource["resourceType"] == "Observation" else None
        try:
            low = interval(stated)[0] if stated else None
        except HubError:
            low = None
        if low is not None:
            yield low


def _given(found: Translation, patient: str | None, others: Sequence[str], facility: str, ids: IdMaker) -> Translation:
    """The translation for the wearer, if there is one, and taken back from `others`, who were it by mistake."""
    taken = [void(draft) for other in others for draft in _about(found, other, facility, ids) if draft.patient]
    issues = tuple(issue for issue in found.issues if issue.code != _NAMELESS)
    if patient is None:
        return replace(found, drafts=tuple(taken), issues=(*issues, withdrawn()))
    return replace(found, drafts=(*taken, *_about(found, patient, facility, ids)), issues=issues)


def _about(found: Translation, patient: str, facility: str, ids: IdMaker) -> list[Draft]:
    """The drafts with the patient in the place of the stand-in, and in the ids of all that is stated of it."""
    stand_in = next((d.resource["id"] for d in found.drafts if d.resource["resourceType"] == "Patient"), "")
    moved = {f"Patient/{stand_in}": f"Patient/{patient}"}
    drafts = [draft for draft in found.drafts if draft.resource["resourceType"] != "Patient"]
    for draft in drafts:
        rtype, rid = draft.resource["resourceType"], draft.resource["id"]
        moved[f"{rtype}/{rid}"] = f"{rtype}/{ids(facility, rtype, *_identity(draft, patient, stand_in))}"
    return [_put(draft, moved, patient, stand_in) for draft in drafts]


def _identity(draft: Draft, patient: str, stand_in: str) -> tuple[str, str]:
    """Authority and key: whose it is belongs to what it is. What is nobody's stays one for all."""
    if draft.authority == stand_in:
        return patient, draft.key
    return draft.authority, f"{patient}|{draft.key}" if draft.patient else draft.key


def _put(draft: Draft, moved: Mapping[str, str], patient: str, stand_in: str) -> Draft:
    own = f"{draft.resource['resourceType']}/{draft.resource['id']}"
    resource = {**_moved(draft.resource, moved), "id": moved[own].rpartition("/")[2]}
    authority, key = _identity(draft, patient, stand_in)
    return replace(draft, resource=resource, authority=authority, key=key, patient=draft.patient and patient)


def _moved(value: Any, moved: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        found = {name: _moved(part, moved) for name, part in value.items()}
        if isinstance(found.get("reference"), str):
            found["reference"] = moved.get(found["reference"], found["reference"])
        return found
    return [_moved(part, moved) for part in value] if isinstance(value, list) else value
