"""Entries of the trail as AuditEvent resources by IHE Basic Audit Log Patterns (https://profiles.ihe.net/ITI/BALP/).

BALP wants one AuditEvent for every patient whose data a request released, the raw query in base64, and never the
results. Profiles are claimed for successes only: BALP has none for failures. Pure.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from hub.audit.entry import Entry, Interaction, Outcome, Requester
from hub.audit.event_types import type_of
from hub.kernel.types import Json

_TERMINOLOGY: Final = "http://terminology.hl7.org/CodeSystem/"
_DICOM: Final = "http://dicom.nema.org/resources/ontology/DCM"
_BALP: Final = "https://profiles.ihe.net/ITI/BALP/"

_DESTINATION: Final = {"system": _DICOM, "code": "110152", "display": "Destination Role ID"}
_SOURCE: Final = {"system": _DICOM, "code": "110153", "display": "Source Role ID"}
_APPLICATION: Final = {"system": _DICOM, "code": "110150", "display": "Application"}
_CUSTODIAN: Final = {
    "system": _TERMINOLOGY + "provenance-participant-type",
    "code": "custodian",
    "display": "Custodian",
}

#: AuditEvent.outcome (http://terminology.hl7.org/CodeSystem/audit-event-outcome).
_OUTCOME: Final = {Outcome.RELEASED: "0", Outcome.ABSENT: "4", Outcome.REFUSED: "4", Outcome.INCIDENT: "8"}

_LOCAL_PURPOSES: Final = frozenset({"PRODRD"})

#: The place of the patient in an event that names none.
WITHOUT_PATIENT: Final = 0
_EVENT_ID: Final = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:\.([1-9][0-9]{0,6}))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Observer:
    """The hub as it names itself: `name` (urn:yilian:<installation>), base URL of its API, base of its code systems."""

    name: str
    base_url: str
    canonical_base: str


@dataclass(frozen=True, slots=True)
class _Pattern:
    """What BALP fixes for one kind of interaction. Data flows from the source to the destination, queries too.

    `user` is the part of the person (v3-ParticipationType); `policy` whether that agent may name the token; `versioned`
    whether the resource is named with its version.
    """

    action: str
    client: Json
    server: Json
    profile: str = ""
    patient_profile: str = ""
    user: str = "IRCP"
    policy: bool = True
    versioned: bool = True


_READ: Final = _Pattern("R", _DESTINATION, _SOURCE, "IHE.BasicAudit.Read", "IHE.BasicAudit.PatientRead")
_QUERY: Final = _Pattern("E", _SOURCE, _DESTINATION, "IHE.BasicAudit.Query", "IHE.BasicAudit.PatientQuery")
_HISTORY: Final = _Pattern("R", _DESTINATION, _SOURCE)
_OPERATION: Final = _Pattern("E", _SOURCE, _DESTINATION)
_CREATE: Final = _Pattern("C", _SOURCE, _DESTINATION, "IHE.BasicAudit.Create", "IHE.BasicAudit.PatientCreate", "AUT")
_UPDATE: Final = _Pattern("U", _SOURCE, _DESTINATION, "IHE.BasicAudit.Update", "IHE.BasicAudit.PatientUpdate", "AUT")
_DELETE: Final = _Pattern(
    "D",
    _APPLICATION,
    _CUSTODIAN,
    "IHE.BasicAudit.Delete",
    "IHE.BasicAudit.PatientDelete",
    "AUT",
    policy=False,
    versioned=False,
)
#: BALP has none for a transaction: its parts follow theirs.
_TRANSACTION: Final = _Pattern("E", _SOURCE, _DESTINATION, user="AUT")

_PATTERNS: Final = {
    Interaction.READ: _READ,
    Interaction.VREAD: _READ,
    Interaction.HISTORY: _HISTORY,
    Interaction.HISTORY_TYPE: _HISTORY,
    Interaction.HISTORY_SYSTEM: _HISTORY,
    Interaction.SEARCH_TYPE: _QUERY,
    Interaction.SEARCH_SYSTEM: _QUERY,
    Interaction.OPERATION: _OPERATION,
    Interaction.CREATE: _CREATE,
    Interaction.UPDATE: _UPDATE,
    Interaction.DELETE: _DELETE,
    Interaction.TRANSACTION: _TRANSACTION,
}


def audit_events(entry: Entry, observer: Observer) -> list[Json]:
    """One AuditEvent per patient whose data was released, or one without a patient."""
    numbers = range(1, len(entry.patients) + 1) if entry.patients else (WITHOUT_PATIENT,)
    return [audit_event(entry, observer, number) for number in numbers]


def event_id(entry: UUID, number: int) -> str:
    """Id of an AuditEvent: that of its entry, and the place of its patient there (from 1) if it names one."""
    return f"{entry}.{number}" if number else str(entry)


def entry_named(event: str) -> tuple[UUID, int] | None:
    """The entry an AuditEvent was made from, and the place of its patient; None for what can be no id of one."""
    match = _EVENT_ID.fullmatch(event)
    return None if match is None else (UUID(match[1]), int(match[2] or WITHOUT_PATIENT))


def audit_event(entry: Entry, observer: Observer, number: int) -> Json:
    """The AuditEvent about the patient at the place `number` of the entry (from 1; WITHOUT_PATIENT: about none)."""
    patient = entry.patients[number - 1] if number else None
    pattern = _PATTERNS[entry.interaction]
    kind, kinds = type_of(entry)
    event: Json = {
        "resourceType": "AuditEvent",
        "id": event_id(entry.id, number),
        "meta": _meta(entry, pattern, patient),
        "type": kind,
        "subtype": kinds,
        "action": pattern.action,
        "recorded": entry.time.isoformat(timespec="milliseconds"),
        "outcome": _OUTCOME[entry.outcome],
        "outcomeDesc": entry.reason,
        "purposeOfEvent": [_declared(entry.requester, code) for code in entry.requester.purpose],
        "agent": [_client(entry, pattern), _server(observer, pattern), _user(entry, pattern, observer)],
        "source": {
            "site": observer.base_url,
            "observer": {"identifier": {"value": observer.name}},
            "type": [{"system": _TERMINOLOGY + "security-source-type", "code": "4", "display": "Application Server"}],
        },
        "entity": [*_patient(patient), *_addressed(entry, pattern), *_request(entry)],
    }
    return {name: value for name, value in event.items() if value}


def _meta(entry: Entry, pattern: _Pattern, patient: str | None) -> Json:
    profile = pattern.patient_profile if patient else pattern.profile
    if not profile or entry.outcome is not Outcome.RELEASED:
        return {}
    return {"profile": [f"{_BALP}StructureDefinition/{profile}"]}


def _purpose(code: str) -> Json:
    system = "urn:hub:purpose" if code in _LOCAL_PURPOSES else _TERMINOLOGY + "v3-ActReason"
    return {"coding": [{"system": system, "code": code}]}


def _declared(requester: Requester, code: str) -> Json:
    """A purpose with the reason that was given for breaking the glass: a person who sees the one is told the other."""
    purpose = _purpose(code)
    return {**purpose, "text": requester.break_glass} if requester.break_glass else purpose


def _client(entry: Entry, pattern: _Pattern) -> Json:
    agent: Json = {
        "type": {"coding": [pattern.client]},
        "who": {"identifier": {"value": entry.requester.client}},
        "requestor": False,
    }
    if entry.origin.address:
        agent["network"] = {"address": entry.origin.address, "type": "2"}
    return agent


def _server(observer: Observer, pattern: _Pattern) -> Json:
    return {
        "type": {"coding": [pattern.server]},
        "who": {"identifier": {"value": observer.name}},
        "requestor": False,
        "network": {"address": observer.base_url, "type": "5"},
    }


def _user(entry: Entry, pattern: _Pattern, observer: Observer) -> Json:
    who = entry.requester
    local = {"role": who.role, "facility": who.organization}
    agent: Json = {
        "type": {"coding": [{"system": _TERMINOLOGY + "v3-ParticipationType", "code": pattern.user}]},
        # The role, and the facility it is held at, which the reference of a person does not tell.
        "role": [
            {"coding": [{"system": f"{observer.canonical_base}/CodeSystem/{name}", "code": code}]}
            for name, code in local.items()
            if code
        ],
        "who": _who(who),
        "requestor": True,
        "purposeOfUse": [_purpose(code) for code in who.purpose],
    }
    return {**agent, "policy": [f"urn:jti:{who.token_id}"]} if pattern.policy and who.token_id else agent


def _who(requester: Requester) -> Json:
    if requester.reference:
        return {"reference": requester.reference}
    if requester.organization:
        return {"reference": f"Organization/{requester.organization}"}
    return {"identifier": {"value": requester.client}}


def _patient(patient: str | None) -> list[Json]:
    if patient is None:
        return []
    return [_entity("1", "Person", "1", "Patient", what={"reference": f"Patient/{patient}"})]


def _addressed(entry: Entry, pattern: _Pattern) -> list[Json]:
    if entry.query is not None:
        text = base64.b64encode(_search_text(entry).encode()).decode()
        return [_entity("2", "System Object", "24", "Query", query=text)]
    if entry.resource_type is None:
        return []
    what = {"reference": _reference(entry, pattern)} if entry.resource_id else {"display": entry.resource_type}
    return [_entity("2", "System Object", "4", "Domain Resource", what=what)]


def _reference(entry: Entry, pattern: _Pattern) -> str:
    history = f"/_history/{entry.version}" if entry.version is not None and pattern.versioned else ""
    return f"{entry.resource_type}/{entry.resource_id}{history}"


def _search_text(entry: Entry) -> str:
    return f"{entry.resource_type or ''}?{entry.query}"


def _request(entry: Entry) -> list[Json]:
    if not entry.origin.request:
        return []
    kind = {"system": f"{_BALP}CodeSystem/BasicAuditEntityType", "code": "XrequestId"}
    return [{"type": kind, "what": {"identifier": {"value": entry.origin.request}}}]


def _entity(kind: str, kind_text: str, role: str, role_text: str, **content: Any) -> Json:
    return {
        **content,
        "type": {"system": _TERMINOLOGY + "audit-entity-type", "code": kind, "display": kind_text},
        "role": {"system": _TERMINOLOGY + "object-role", "code": role, "display": role_text},
    }
