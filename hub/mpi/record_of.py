"""A FHIR Patient as the matcher reads it (https://hl7.org/fhir/R4/patient.html). Pure; never fails."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from hub.kernel.types import Json
from hub.mpi.characters import is_han
from hub.mpi.record import Record

#: By Identifier.system, or by its type in http://terminology.hl7.org/CodeSystem/v2-0203: the authorities of the health
#: ministry's documents (WS/T 500), and that of HL7 China.
CITIZEN_ID: Final = frozenset({"urn:oid:2.16.156.10011.1.3", "urn:oid:2.16.840.1.113883.2.23.1.19.1", "NNCHN"})
_INSURANCE: Final = frozenset({"urn:oid:2.16.156.10011.1.15", "NH"})
_HEALTH_CARD: Final = frozenset({"urn:oid:2.16.156.10011.1.19", "HC"})
_RECORD_NUMBER: Final = frozenset({"MR"})

_SEXES: Final = {"male": "M", "female": "F"}
#: Uses of a name, number or address that no longer say who or where somebody is.
_PAST: Final = frozenset({"old", "temp", "anonymous"})
_YEAR: Final = re.compile(r"(\d{4})(-\d\d)?")


def record_of(patient: Json, facility: str) -> Record:
    """The registration a Patient resource is, at `facility` (code)."""
    contact = next(iter(_objects(patient, "contact")), {})
    numbers = _numbers(patient)
    return Record(
        record_id=_text(patient, "id"),
        facility=facility,
        name=_name(patient),
        mrn=_number(numbers, _RECORD_NUMBER),
        sex=_SEXES.get(_text(patient, "gender"), ""),
        birth_date=_birth_date(patient),
        id_no=_number(numbers, CITIZEN_ID),
        insurance_no=_number(numbers, _INSURANCE),
        health_card=_number(numbers, _HEALTH_CARD),
        phone=_phones(patient),
        address=_address(patient),
        contact_name=_spoken(contact["name"]) if isinstance(contact.get("name"), dict) else "",
        contact_relation=_relation(contact),
        contact_phone=_phones(contact),
        birth_order=_birth_order(patient),
    )


def _objects(holder: Json, name: str) -> list[Json]:
    values = holder.get(name)
    return [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []


def _text(holder: Json, name: str) -> str:
    value = holder.get(name)
    return value.strip() if isinstance(value, str) else ""


def _texts(holder: Json, name: str) -> list[str]:
    values = holder.get(name)
    return [value for value in values if isinstance(value, str)] if isinstance(values, list) else []


def _current(holder: Json, name: str) -> list[Json]:
    return [value for value in _objects(holder, name) if _text(value, "use") not in _PAST]


def _name(patient: Json) -> str:
    """A current name in characters, else any current one, else one that was."""
    told = [_spoken(name) for name in (*_current(patient, "name"), *_objects(patient, "name"))]
    written = [name for name in told if any(map(is_han, name))]
    return next(filter(None, (*written, *told)), "")


def _spoken(name: Json) -> str:
    given = _texts(name, "given")
    family = _text(name, "family")
    # Without a space in Chinese; Latin parts need one.
    together = "".join((family, *given))
    return _text(name, "text") or (together if any(map(is_han, together)) else " ".join(filter(None, (family, *given))))


def _numbers(patient: Json) -> list[tuple[set[str], str]]:
    """The current identifiers: all that says of which kind one is, and its value."""
    told = [(_kinds(found), _text(found, "value")) for found in _current(patient, "identifier")]
    return [(kinds, value) for kinds, value in told if value]


def _number(numbers: Iterable[tuple[set[str], str]], wanted: frozenset[str]) -> str:
    return next((value for kinds, value in numbers if not wanted.isdisjoint(kinds)), "")


def _kinds(identifier: Json) -> set[str]:
    kind = identifier.get("type")
    codings = _objects(kind, "coding") if isinstance(kind, dict) else ()
    return {_text(identifier, "system"), *(_text(coding, "code") for coding in codings)}


def _birth_date(patient: Json) -> str:
    """A year alone becomes its 1 January, which the matcher takes for a placeholder."""
    stated = _text(patient, "birthDate")
    year = _YEAR.fullmatch(stated)
    return f"{year[1]}-01-01" if year else stated


def _phones(holder: Json) -> str:
    """Numbers of one's own; one at work, which colleagues share, only where there is no other."""
    points = [one for one in _current(holder, "telecom") if _text(one, "system") in ("", "phone", "sms")]
    own = [_text(one, "value") for one in points if _text(one, "use") != "work"]
    return ";".join(filter(None, own)) or next(filter(None, (_text(one, "value") for one in points)), "")


def _address(patient: Json) -> str:
    address: Json = next(iter(_current(patient, "address")), {})
    parts = (*(_text(address, part) for part in ("state", "city", "district")), *_texts(address, "line"))
    return _text(address, "text") or "".join(parts)


def _relation(contact: Json) -> str:
    concept = next(iter(_objects(contact, "relationship")), {})
    coding = next(iter(_objects(concept, "coding")), {})
    return _text(concept, "text") or _text(coding, "display")


def _birth_order(patient: Json) -> str:
    order = patient.get("multipleBirthInteger")
    return str(order) if isinstance(order, int) and not isinstance(order, bool) and order > 0 else ""
