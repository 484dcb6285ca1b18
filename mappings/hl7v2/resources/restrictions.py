"""ARV: who may not see what, as its sender puts it: a Flag for people, and a label that consent judges.

A restriction behind PID is the patient's, one behind PV1 the visit's. What it restricts may be a part alone (table
0717: the address, the diagnosis group); the label holds for the whole resource, since the hub hides no parts of one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from mappings.hl7v2.absent import unknown
from mappings.hl7v2.building import Building
from mappings.hl7v2.codetables import table
from mappings.hl7v2.context import Context
from mappings.hl7v2.engine import Rules
from mappings.hl7v2.leaves import field, says_something
from mappings.hl7v2.parser import Segment
from mappings.hl7v2.resources.periods import mend_period
from mappings.hl7v2.trace import mapped

#: ARV-2 (v2 table 0206): the restriction is lifted; its label becomes that of usual control.
_LIFTED: Final = "D"
_USUAL: Final = "NO"


def restrict(parts: Iterable[Segment], holder: Building, patient: Building, context: Context, rules: Rules) -> None:
    """The restrictions among `parts`, of the patient or of one visit."""
    for segment in parts:
        if segment.name == "ARV" and says_something(segment):
            _flag(segment, holder, patient, context, rules)
            _label(segment, holder, context)


def _flag(segment: Segment, holder: Building, patient: Building, context: Context, rules: Rules) -> None:
    what = field(segment, 3) or field(segment, 3, 2)
    building = context.draft("Flag", holder.resource["id"], f"access|{what}", patient.patient)
    resource = building.resource
    resource |= {"status": "inactive" if field(segment, 2) == _LIFTED else "active", "subject": patient.reference}
    if holder is not patient:
        resource["encounter"] = holder.reference
    rules.run(segment, building, context)
    resource.setdefault("code", unknown())
    mend_period(resource, "period", segment, context)
    context.took(segment, 2, mapped("Flag.status"))


def _label(segment: Segment, holder: Building, context: Context) -> None:
    restrictions = table("access-restriction")
    sent = _USUAL if field(segment, 2) == _LIFTED else field(segment, 3)
    entry = restrictions.get(sent) or restrictions.fallback
    labels = holder.resource.setdefault("meta", {}).setdefault("security", [])
    if entry is not None and entry.coding() not in labels:
        labels.append(entry.coding())
        context.took(segment, 3, mapped(f"{holder.resource['resourceType']}.meta.security"))
