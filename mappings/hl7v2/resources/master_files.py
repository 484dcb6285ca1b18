"""Master files: staff (MFN M02), places (M05) and charges (M04).

A master file tells of things, not of patients. What it tells of is the same resource that a visit names in passing: a
practitioner by the key STF-1, as XCN.1 has it, a place as PL names it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

from mappings.hl7v2.building import Building
from mappings.hl7v2.context import Context
from mappings.hl7v2.datatypes.identifiers import PLACEHOLDERS, Number
from mappings.hl7v2.datatypes.places import location
from mappings.hl7v2.datatypes.references import known
from mappings.hl7v2.engine import Rules
from mappings.hl7v2.leaves import field as leaf_of
from mappings.hl7v2.parser import Message, Segment
from mappings.hl7v2.trace import mapped

#: What a record of the file is about, by the segment that states it.
_STATING: Final = frozenset({"STF", "LOC", "CDM"})
#: Record-level events (MFE-1, v2 table 0180) after which the thing is no longer in use.
_ENDING: Final = frozenset({"MDL", "MDC"})


@dataclass(slots=True)
class _Record:
    """One record: its MFE (None where the sender leaves it out), the segment that states it, and those behind it."""

    mfe: Segment | None
    stating: Segment
    others: list[Segment] = field(default_factory=list)

    @property
    def in_use(self) -> bool:
        return leaf_of(self.mfe, 1) not in _ENDING


def master_files(message: Message, context: Context, rules: Rules) -> None:
    """The resources of every record of a master file."""
    for record in _records(message):
        context.stand_beside(filter(None, (record.mfe, record.stating)))
        if record.stating.name == "STF":
            _staff(record, context, rules)
        elif record.stating.name == "LOC":
            _place(record, context, rules)
        else:
            _charge(record, context, rules)


def bed_states(message: Message, context: Context, rules: Rules) -> None:
    """NPU (A20): the state of beds, of which no patient is told."""
    for segment in message.all("NPU"):
        context.segment, context.field, context.rep = segment, 1, 1
        repetitions = segment.repetitions(1)
        place = context.made(location(repetitions[0], context)) if repetitions else None
        if place is not None:
            context.took(segment, 1, mapped("Location.name"))
            rules.run(segment, place, context)


def _records(message: Message) -> Iterator[_Record]:
    mfe: Segment | None = None
    record: _Record | None = None
    for segment in message.segments:
        if segment.name == "MFE":
            mfe = segment
        elif segment.name in _STATING:
            if record is not None:
                yield record
            record, mfe = _Record(mfe, segment), None
        elif record is not None:
            record.others.append(segment)
    if record is not None:
        yield record


def _key(record: _Record, context: Context) -> str:
    """STF-1 or CDM-1, else the key of the MFE."""
    value = leaf_of(record.stating, 1) or leaf_of(record.mfe, 4)
    if value in PLACEHOLDERS:
        context.issue("master-file", "a record without a key; nothing is made of it", record.stating.name)
        return ""
    if leaf_of(record.mfe, 4) and record.mfe is not None:
        context.took(record.mfe, 4, mapped("identifier.value"))
    return value


def _took_event(record: _Record, element: str, context: Context) -> None:
    if record.mfe is not None:
        context.took(record.mfe, 1, mapped(element))


def _staff(record: _Record, context: Context, rules: Rules) -> None:
    """The Practitioner, and the role they have at the facility."""
    staff = record.stating
    key = _key(record, context)
    if not key:
        return
    context.segment, context.field, context.rep = staff, 1, 1
    person = known("Practitioner", Number(key), context)
    context.took(staff, 1, mapped("Practitioner.identifier.value"))
    rules.run(staff, person, context)
    role = context.draft("PractitionerRole", person.resource["id"], "staff", None)
    role.resource["practitioner"] = person.reference
    rules.run(staff, role, context)
    for segment in record.others:
        rules.run(segment, person, context)
        rules.run(segment, role, context)
    active = record.in_use and leaf_of(staff, 7) != "I"
    for building in (person, role):
        building.resource["active"] = active
    _took_event(record, "Practitioner.active", context)
    context.took(staff, 7, mapped("Practitioner.active"))


def _place(record: _Record, context: Context, rules: Rules) -> None:
    """The Location of LOC-1; its departments (LDP) say what it is for."""
    context.segment, context.field, context.rep = record.stating, 1, 1
    repetitions = record.stating.repetitions(1)
    found = context.made(location(repetitions[0], context)) if repetitions else None
    if found is None:
        context.issue("master-file", "a record without a place; nothing is made of it", "LOC-1")
        return
    context.took(record.stating, 1, mapped("Location.name"))
    rules.run(record.stating, found, context)
    for segment in record.others:
        rules.run(segment, found, context)
    closed = any(segment.name == "LDP" and leaf_of(segment, 6) == "I" for segment in record.others)
    found.resource["status"] = "active" if record.in_use and not closed else "inactive"
    _took_event(record, "Location.status", context)


def _charge(record: _Record, context: Context, rules: Rules) -> None:
    """The ChargeItemDefinition of CDM-1, with its prices (PRC)."""
    key = _key(record, context)
    if not key:
        return
    building: Building = context.draft("ChargeItemDefinition", "charge", key, None)
    habits = context.habits
    facility, code = quote(habits.facility, safe=""), quote(key, safe="")
    building.resource["url"] = f"{habits.canonical_base}/ChargeItemDefinition/{facility}/{code}"
    rules.run(record.stating, building, context)
    for segment in record.others:
        rules.run(segment, building, context)
    in_use = record.in_use and leaf_of(record.stating, 8) != "I"
    building.resource["status"] = "active" if in_use else "retired"
    context.took(record.stating, 8, mapped("ChargeItemDefinition.status"))
    _took_event(record, "ChargeItemDefinition.status", context)
