"""ODS and ODT of an order: what a patient is to eat, as a NutritionOrder known by the placer's number."""

from __future__ import annotations

from typing import Final

from mappings.hl7v2.absent import unknown
from mappings.hl7v2.building import Building
from mappings.hl7v2.context import Context
from mappings.hl7v2.engine import Rules
from mappings.hl7v2.leaves import field
from mappings.hl7v2.resources.case import Case, placed
from mappings.hl7v2.resources.notes import add_notes
from mappings.hl7v2.trace import mapped

#: Segments that make an order one of a diet.
DIET: Final = ("ODS", "ODT")
#: ODS-1 (v2 table 0159): a diet, a supplement, or what the patient likes.
_KINDS: Final = {"D": "oralDiet", "S": "supplement"}


def diet(case: Case, context: Context, rules: Rules) -> Building:
    """The NutritionOrder; its diets, supplements and preferences are one order."""
    authority, number = placed(case)
    building = context.draft("NutritionOrder", authority, f"{number}|diet", case.owner)
    resource = building.resource
    case.refer(resource, patient="patient")
    resource.setdefault("patient", unknown())
    if case.orc is not None:
        rules.run(case.orc, building, context)
    for noted in case.order.others:
        rules.run(noted.segment, building, context)
        add_notes(noted.notes, building, context)
        if noted.segment.name == "ODS":
            kind = _KINDS.get(field(noted.segment, 1), "foodPreferenceModifier")
            context.took(noted.segment, 1, mapped(f"NutritionOrder.{kind}"))
    resource["intent"] = "order"
    if "status" not in resource:
        building.defaults["status"] = "active"
    if "dateTime" not in resource:
        building.defaults["dateTime" if context.sent else "_dateTime"] = context.sent or unknown()
    return building
