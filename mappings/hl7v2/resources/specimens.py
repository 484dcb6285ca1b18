"""SPM and SAC, and what an OBR says of the specimen itself: the Specimen resources of an order."""

from __future__ import annotations

from mappings.hl7v2.building import Building
from mappings.hl7v2.context import Context
from mappings.hl7v2.datatypes.specimens import specimen_key
from mappings.hl7v2.engine import Rules
from mappings.hl7v2.groups import Specimen
from mappings.hl7v2.leaves import field
from mappings.hl7v2.parser import Segment
from mappings.hl7v2.resources.case import Case
from mappings.hl7v2.resources.notes import add_notes
from mappings.hl7v2.resources.periods import mend_period


def specimens_of(case: Case, context: Context, rules: Rules) -> list[Building]:
    """One Specimen for each SPM; where there is none, OBR-15 or OBR-10, 14 and 39 may describe one (before 2.5)."""
    made = [_specimen(each, case, context, rules) for each in case.order.specimens]
    if made or case.obr is None:
        if case.obr is not None and len(made) == 1:
            _run_collection(case.obr, made[0], context, rules)
        return made
    if not any(case.obr.raw(n) for n in (9, 10, 14, 15, 39)):
        return []
    building = context.draft("Specimen", case.authority, f"{case.key}|{case.service}", case.owner)
    if case.patient is not None:
        building.resource["subject"] = case.patient.reference
    _run_collection(case.obr, building, context, rules)
    return [building]


def _run_collection(segment: Segment, building: Building, context: Context, rules: Rules) -> None:
    rules.run(segment, building, context)
    mend_period(building.resource.get("collection", {}), "collectedPeriod", segment, context)


def _specimen(each: Specimen, case: Case, context: Context, rules: Rules) -> Building:
    """Known by its numbers (the placer's and the filler's as they are stated), else by its place in the order."""
    segment = each.segment
    numbers = segment.repetitions(2)
    key = specimen_key(numbers[0]) if numbers else None
    if key is not None:
        building = context.draft("Specimen", *key, case.owner)
    else:
        place = f"{case.key}|{field(segment, 1) or segment.ordinal}"
        building = context.draft("Specimen", case.authority, place, case.owner)
    if case.patient is not None:
        building.resource["subject"] = case.patient.reference
    rules.run(segment, building, context)
    for container in each.containers:
        rules.run(container, building, context)
    add_notes(each.notes, building, context)
    return building
