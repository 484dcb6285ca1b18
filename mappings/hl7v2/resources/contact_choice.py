"""PRT-23: the preferred way to reach somebody, marked among the numbers of PRT-15."""

from __future__ import annotations

from typing import Final

from mappings.hl7v2.building import Building
from mappings.hl7v2.context import Context
from mappings.hl7v2.leaves import field, leaf
from mappings.hl7v2.parser import Repetition, Segment
from mappings.hl7v2.trace import mapped

_PREFERRED: Final = {"url": "http://hl7.org/fhir/StructureDefinition/iso21090-preferred", "valueBoolean": True}
#: Method (v2 table 0185) by equipment (XTN-3, table 0202) and by use (XTN-2, table 0201).
_EQUIPMENT: Final = {"B": {"BP"}, "C": {"CP", "MB"}, "E": {"Internet", "X.400"}, "F": {"FX"}}
_USE: Final = {"B": {"BPN"}, "E": {"NET"}, "H": {"PRN", "PRS"}, "O": {"WPN"}}


def prefer(segment: Segment, building: Building, context: Context) -> None:
    """Mark the number PRT-23 means: the first of that kind; one that is alone is meant whatever its kind."""
    method = field(segment, 23)
    numbers = [rep for rep in segment.repetitions(15) if rep.text]
    telecom = building.resource.get("telecom", [])
    if not method or len(telecom) != len(numbers):
        return
    meant = [i for i, rep in enumerate(numbers) if _is(rep, method)] or ([0] if len(numbers) == 1 else [])
    if meant and method in _EQUIPMENT.keys() | _USE.keys():
        telecom[meant[0]]["extension"] = [dict(_PREFERRED)]
        rtype = building.resource["resourceType"]
        context.took(segment, 23, mapped(f"{rtype}.telecom[].extension[].valueBoolean"))


def _is(rep: Repetition, method: str) -> bool:
    return leaf(rep, 3) in _EQUIPMENT.get(method, ()) or leaf(rep, 2) in _USE.get(method, ())
