"""PRT behind ORC and OBR: who takes part in an order and its results, by the role the segment gives them.

Source: HL7/v2-to-fhir 8c9b414 (IG 1.0.0), message maps OML_O21, ORU_R01 and VXU_V04 (roles of v2 table 0443).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from hub.kernel.types import Json
from mappings.hl7v2.building import Building
from mappings.hl7v2.context import Context
from mappings.hl7v2.engine import Rules
from mappings.hl7v2.groups import Order
from mappings.hl7v2.leaves import field
from mappings.hl7v2.parser import Segment
from mappings.hl7v2.resources.taking_part import role

_FUNCTION: Final = "http://terminology.hl7.org/CodeSystem/v2-0443"
_ORDERER: Final = "OP"
_COLLECTOR: Final = "SC"
_INTERPRETER: Final = "PRI"
#: Assistants, technicians and transcriptionists perform the report.
_PERFORMERS: Final = frozenset({"ARI", "TN", "TR"})
#: Who ordered a vaccination and who gave it.
_VACCINATORS: Final = frozenset({"OP", "AP"})


def team(
    order: Order,
    request: Building | None,
    report: Building | None,
    specimens: list[Building],
    context: Context,
    rules: Rules,
) -> None:
    """Let the resources of an order name those who take part in it."""
    for segment in _parts(order):
        kind = field(segment, 4)
        if kind == _ORDERER and request is not None:
            request.resource["requester"] = role(segment, request, context, rules).reference
        elif kind == _COLLECTOR and specimens:
            who = role(segment, specimens[0], context, rules).reference
            for specimen in specimens:
                specimen.resource.setdefault("collection", {})["collector"] = who
        elif report is not None and kind == _INTERPRETER:
            _add(report, "resultsInterpreter", role(segment, report, context, rules).reference)
        elif report is not None and kind in _PERFORMERS:
            _add(report, "performer", role(segment, report, context, rules).reference)


def vaccinators(order: Order, immunization: Building, context: Context, rules: Rules) -> None:
    """Let a vaccination name who ordered it and who gave it."""
    for segment in _parts(order):
        kind = field(segment, 4)
        if kind in _VACCINATORS:
            who = role(segment, immunization, context, rules).reference
            function = {"coding": [{"system": _FUNCTION, "code": kind}]}
            immunization.resource.setdefault("performer", []).append({"function": function, "actor": who})


def _parts(order: Order) -> Iterable[Segment]:
    for noted in (order.orc, order.obr, *order.others):
        for segment in noted.parts if noted is not None else ():
            if segment.name == "PRT":
                yield segment


def _add(building: Building, name: str, reference: Json) -> None:
    building.resource.setdefault(name, []).append(reference)
