"""DG1-2 and PR1-2, the coding method: which system the code in field 3 is of, where the code does not say it itself.

The field is deprecated since HL7 v2.3 (2.5.1, 6.5.2.2 and 6.5.4.2) and still the only place where many senders name it.
"""

from __future__ import annotations

from mappings.hl7v2.building import Building
from mappings.hl7v2.context import Context
from mappings.hl7v2.datatypes.coding_systems import system_uri
from mappings.hl7v2.leaves import field
from mappings.hl7v2.parser import Segment
from mappings.hl7v2.trace import mapped

_METHOD, _CODE = 2, 3


def name_system(segment: Segment, building: Building, context: Context) -> None:
    """Give the code that was made of field 3 the system that field 2 names, unless it has one."""
    method = field(segment, _METHOD)
    coding = next(iter(building.resource.get("code", {}).get("coding", ())), None)
    if not method or method == '""' or coding is None or "system" in coding or not field(segment, _CODE):
        return
    coding["system"] = system_uri(method, context.habits.canonical_base, context.habits.facility)
    target = f"{building.resource['resourceType']}.code.coding[].system"
    context.took(segment, _METHOD, mapped(target))
