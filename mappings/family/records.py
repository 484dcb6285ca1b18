"""What a record looks like, and whom it is about. Complaints name places and rules, never values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from jsonschema import Draft202012Validator
from msgspec.structs import replace

from hub.kernel.citizen_id import is_citizen_id
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import IdMaker
from hub.kernel.ports import CodeMaps
from hub.kernel.types import Draft, Json
from mappings.devices.clock import instant
from mappings.forms.person import NUMBERS, identifier
from mappings.registration import registration

#: Where the clocks of these systems are, unless they say otherwise.
ZONE: Final = "+08:00"

#: The member of a message that says why its record cannot be taken from its batch.
PROBLEM: Final = "@problem"

_TEXT: Final[Json] = {"type": "string", "minLength": 1, "maxLength": 500}
_DAY: Final[Json] = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d$"}
_INSTANT: Final[Json] = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?$"}
_ID: Final[Json] = {"type": "string", "pattern": "^[A-Za-z0-9.-]{1,64}$"}
_DOCTOR: Final[Json] = {"type": "object", "required": ["id"], "properties": {"id": _ID, "name": _TEXT, "role": _TEXT}}
_DOCUMENT: Final[Json] = {
    "type": "object",
    "required": ["title", "contentType", "data"],
    "properties": {
        "title": _TEXT,
        "contentType": {"type": "string", "pattern": r"^[\w.+-]+/[\w.+-]+$"},
        "data": {"type": "string", "minLength": 1},
        "date": _DAY,
    },
}
_COMMON: Final[Json] = {
    "key": {"type": "string", "minLength": 1, "maxLength": 128},
    "recordedAt": _INSTANT,
    "patient": {
        "type": "object",
        "properties": {"citizenId": _TEXT, "recordNumber": _TEXT, "healthCard": _TEXT, "name": _TEXT},
    },
    "doctor": _DOCTOR,
}
_AMOUNT: Final[Json] = {"type": "number", "exclusiveMinimum": 0}


def _schema(required: list[str], **properties: Json) -> Draft202012Validator:
    needed = ["kind", "key", "recordedAt", "patient", "doctor", *required]
    return Draft202012Validator({"type": "object", "required": needed, "properties": _COMMON | properties})


SCHEMAS: Final[Mapping[str, Draft202012Validator]] = {
    "contract": _schema(
        ["validFrom", "validTo"],
        validFrom=_DAY,
        validTo=_DAY,
        terminatedOn=_DAY,
        team={"type": "array", "items": _DOCTOR},
        packages={"type": "array", "items": _TEXT},
    ),
    "long-prescription": _schema(
        ["writtenOn", "days", "items"],
        writtenOn=_DAY,
        days={"type": "integer", "minimum": 1},
        pharmacy=_ID,
        items={
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": _TEXT,
                    "code": _TEXT,
                    "dose": _AMOUNT,
                    "doseUnit": _TEXT,
                    "timesPerDay": {"type": "integer", "minimum": 1, "maximum": 24},
                    "use": _TEXT,
                    "quantity": _AMOUNT,
                    "quantityUnit": _TEXT,
                },
            },
        },
    ),
    "measurement": _schema(
        [],
        **dict.fromkeys(("systolic", "diastolic", "pulse", "glucose", "weight", "temperature", "oxygen"), _AMOUNT),
        fasting={"type": "boolean"},
    ),
    "referral": _schema(
        ["direction", "to", "sentOn"],
        direction={"enum": ["up", "down"]},
        to=_ID,
        sentOn=_DAY,
        validUntil=_DAY,
        reason=_TEXT,
        urgent={"type": "boolean"},
        documents={"type": "array", "maxItems": 20, "items": _DOCUMENT},
        status={"enum": ["requested", "accepted", "rejected", "completed", "cancelled"]},
    ),
}

_KINDS: Final = {"citizen-id": "citizenId", "record-number": "recordNumber", "health-card": "healthCard"}
_RECORD: Final = re.compile(r"[0-9A-Za-z]{17,18}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Who answers for a record: the facility, what makes ids, and what its drug codes are nationally."""

    facility: str
    ids: IdMaker
    canonical_base: str
    maps: CodeMaps

    def draft(self, rtype: str, authority: str, key: str, content: Json, patient: str | None) -> Draft:
        """A resource of a record: a snapshot."""
        rid = self.ids(self.facility, rtype, authority, key)
        resource = {"resourceType": rtype, "id": rid, **content}
        return Draft(resource=resource, authority=authority, key=key, patient=patient, merge="replace")

    def dated(self, draft: Draft, record: Json) -> Draft:
        """A draft that says when its record was made: of two that came in any order the later one stands."""
        stated = instant(record["recordedAt"], "text", ZONE)
        if stated is None or not (draft.merge == "replace" or draft.defaults):
            return draft
        url = f"{self.canonical_base}/StructureDefinition/recorded-at"
        meta = {"extension": [{"url": url, "valueDateTime": stated.at.isoformat()}]}
        return replace(draft, resource={**draft.resource, "meta": meta}, dated=url)


def checked(record: Any) -> Json:
    """A record that has the form of its kind. Raises HubError INVALID or UNSUPPORTED."""
    if isinstance(record, dict) and PROBLEM in record:
        what = "has no key or time, or contradicts another record of its key and moment"
        raise HubError(Category.INVALID, what, where="key, recordedAt", todo="send it corrected", code="record-order")
    if not isinstance(record, dict) or record.get("kind") not in SCHEMAS:
        todo = f"use one of: {', '.join(SCHEMAS)}"
        raise HubError(Category.UNSUPPORTED, "no kind of record", where="kind", todo=todo, code="record-kind")
    for error in SCHEMAS[record["kind"]].iter_errors(record):
        where = ".".join(map(str, error.absolute_path)) or "(top)"
        missing = (
            f" ({', '.join(sorted(set(error.validator_value) - set(error.instance)))})" if _is_missing(error) else ""
        )
        raise HubError(Category.INVALID, f"breaks the rule {error.validator}{missing}", where=where, code="record")
    return record


def _is_missing(error: Any) -> bool:
    return bool(error.validator == "required")


def day(record: Json, name: str) -> date | None:
    """A day of a record; None if it states none. Raises HubError INVALID for one the calendar does not have."""
    try:
        return date.fromisoformat(record[name]) if name in record else None
    except ValueError:
        raise HubError(Category.INVALID, "is no day of the calendar", where=name, code="date") from None


def patient(record: Json, author: Author) -> Draft:
    """The source Patient of a record. Raises HubError INVALID where no number that can be believed says who it is."""
    stated = record["patient"]
    numbers = {kind: str(stated[name]).strip().upper() for kind, name in _KINDS.items() if stated.get(name)}
    if "citizen-id" in numbers and not is_citizen_id(numbers["citizen-id"]):
        raise HubError(
            Category.INVALID, "is no citizen id", where="patient.citizenId", todo="correct it", code="citizen-id"
        )
    if "record-number" in numbers and not _RECORD.fullmatch(numbers["record-number"]):
        numbers.pop("record-number")
    if not numbers:
        what = "no number says who this is"
        raise HubError(Category.INVALID, what, where="patient", todo="give the citizen id", code="no-number")
    kind, value = next(iter(numbers.items()))
    content: Json = {"identifier": [identifier(kind, value) for kind, value in numbers.items()]}
    if stated.get("name"):
        content["name"] = [{"text": stated["name"]}]
    known = registration(NUMBERS[kind][0], value)
    rid = author.ids(author.facility, "Patient", *known)
    resource = {"resourceType": "Patient", "id": rid, **content}
    return Draft(resource=resource, authority=known.authority, key=known.key, patient=rid)


def doctor(stated: Json) -> Json:
    """A reference to a Practitioner by the id the hub's directory has of her."""
    reference = {"reference": f"Practitioner/{stated['id']}"}
    return reference | ({"display": stated["name"]} if stated.get("name") else {})
