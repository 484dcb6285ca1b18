"""The head of a record: who this is, under which numbers the facilities know the person, and why they are one. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from hub.kernel.types import Json
from hub.portal.elements import concept, human_name, objects, text
from hub.portal.entry import Reading
from hub.portal.moments import completed_years, parsed_date
from hub.portal.record import Item
from hub.portal.texts import Texts

#: Numbers that are the same everywhere (OIDs of WS/T 482 under 2.16.156.10011.1), and how their agreement reads.
CITIZEN_ID: Final = "urn:oid:2.16.156.10011.1.3"
HEALTH_CARD: Final = "urn:oid:2.16.156.10011.1.19"
_PERSONAL: Final = {CITIZEN_ID: "citizen_id", HEALTH_CARD: "health_card", "urn:oid:2.16.156.10011.1.2": "record_id"}
#: Types of HL7 v2 table 0203.
_TYPES: Final = {"MR": "medical_record", "PI": "inpatient_number", "VN": "visit_number", "NI": "citizen_id"}
_AGREEMENTS: Final = {CITIZEN_ID: "agrees_citizen", HEALTH_CARD: "agrees_card"}


@dataclass(frozen=True, slots=True)
class Number:
    """An identifier and what kind it is."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The person as one facility knows them; `active` is False for a number that was merged into another."""

    facility: str
    name: str
    born: str
    sex: str
    numbers: tuple[Number, ...]
    message: str
    active: bool
    agrees: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Banner:
    """What stands at the head of every page of a record."""

    name: str
    sex: str
    born: str
    age: str
    deceased: bool
    phone: str
    address: str
    numbers: tuple[Number, ...]
    identities: tuple[Identity, ...]


def banner_of(reading: Reading, today: date) -> Banner:
    """The head of a record for the reader."""
    patient, say = reading.record.patient, reading.say
    return Banner(
        name=human_name(patient),
        sex=say.code("gender", text(patient, "gender"), say("unknown")),
        born=text(patient, "birthDate"),
        age=age_of(patient, today, say),
        deceased=bool(patient.get("deceasedBoolean") or patient.get("deceasedDateTime")),
        phone=next(iter(_phones(patient)), ""),
        address=_address(patient),
        numbers=tuple(one for one in numbers_of(patient, say) if one.kind in _personal(say)),
        identities=tuple(_identity(item, reading) for item in _by_facility(reading.record.sources)),
    )


def age_of(patient: Json, today: date, say: Texts) -> str:
    """Age in words, in months under two years; empty where the birth date is not known in full."""
    born = parsed_date(text(patient, "birthDate"))
    if born is None or born > today:
        return ""
    years = completed_years(born, today)
    months = (today.year - born.year) * 12 + today.month - born.month - (today.day < born.day)
    return say("years", n=years) if years >= 2 else say("months", n=months)


def _identity(item: Item, reading: Reading) -> Identity:
    patient, say = item.resource, reading.say
    others = [other.resource for other in reading.record.sources if other.reference != item.reference]
    return Identity(
        facility=reading.facility(item.organization),
        name=human_name(patient),
        born=text(patient, "birthDate"),
        sex=say.code("gender", text(patient, "gender"), say("unknown")),
        numbers=tuple(numbers_of(patient, say)),
        message=item.message,
        active=patient.get("active") is not False,
        agrees=tuple(_agreements(patient, others, say)) if others else (),
    )


def _agreements(patient: Json, others: Sequence[Json], say: Texts) -> list[str]:
    """What a registration has in common with any other of the same person: what the patient index could go by."""
    known = {pair for other in others for pair in _pairs(other)}
    shared = [_AGREEMENTS.get(system, "agrees_number") for system, _ in _pairs(patient) & known]
    if human_name(patient) in {human_name(other) for other in others}:
        shared.append("agrees_name")
    if text(patient, "birthDate") in {text(other, "birthDate") for other in others} - {""}:
        shared.append("agrees_birth")
    if set(_phones(patient)) & {phone for other in others for phone in _phones(other)}:
        shared.append("agrees_phone")
    order = ("agrees_citizen", "agrees_card", "agrees_number", "agrees_name", "agrees_birth", "agrees_phone")
    return [say(key) for key in order if key in shared] or [say("agrees_nothing")]


def _pairs(patient: Json) -> set[tuple[str, str]]:
    stated = objects(patient, "identifier")
    return {(text(one, "system"), text(one, "value")) for one in stated if text(one, "system") and text(one, "value")}


def _phones(patient: Json) -> list[str]:
    stated = objects(patient, "telecom")
    return [text(one, "value") for one in stated if text(one, "system") == "phone" and text(one, "value")]


def _address(patient: Json) -> str:
    for one in objects(patient, "address"):
        lines = [line for line in one.get("line", []) if isinstance(line, str)]
        if said := text(one, "text") or "".join((text(one, "city"), text(one, "district"), *lines)):
            return said
    return ""


def numbers_of(patient: Json, say: Texts) -> list[Number]:
    """The identifiers of a Patient, each once, those that are the same everywhere first."""
    stated = sorted(objects(patient, "identifier"), key=lambda one: text(one, "system") not in _PERSONAL)
    found = [Number(_kind(one, say), text(one, "value")) for one in stated]
    return list(dict.fromkeys(one for one in found if one.value))


def _kind(identifier: Json, say: Texts) -> str:
    known = _PERSONAL.get(text(identifier, "system"))
    if known:
        return say.code("number", known)
    kind = identifier.get("type")
    codings = objects(kind, "coding") if isinstance(kind, dict) else []
    code = next((text(one, "code") for one in codings if text(one, "code") in _TYPES), "")
    return say.code("number", _TYPES.get(code), concept(kind) or say.code("number", "other"))


def _personal(say: Texts) -> set[str]:
    return {say.code("number", kind) for kind in _PERSONAL.values()}


def _by_facility(sources: Sequence[Item]) -> list[Item]:
    return sorted(sources, key=lambda item: (item.resource.get("active") is False, item.organization, item.id))
