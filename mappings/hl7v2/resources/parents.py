"""Orders and results that came of others (ORC-8, OBR-26, OBR-29, OBR-50): a culture and its susceptibilities.

Within one message the parts refer to each other; the parent order of another message is named by its number.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from mappings.hl7v2.building import Building
from mappings.hl7v2.groups import Order
from mappings.hl7v2.leaves import field
from mappings.hl7v2.parser import Segment
from mappings.hl7v2.resources.case import Case


class Made(Struct, frozen=True):
    """What an order became; `observations` in the order of the message, of a long one those it did not let go of."""

    case: Case
    request: Building | None
    report: Building | None
    observations: tuple[Building, ...]


def names_parent(order: Order) -> bool:
    """Whether an order came of another, which may be of the same message."""
    return bool(_parent_numbers(order))


def link_children(made: Sequence[Made]) -> None:
    """Let children refer to the parents that stand in the same message, and parent results list their children."""
    children = [each for each in made if names_parent(each.case.order)]
    if not children:
        return
    by_number = {number: each for each in reversed(made) for number in _numbers(each)}
    for child in children:
        parent = next((by_number[n] for n in _parent_numbers(child.case.order) if n in by_number), None)
        if parent is None or parent is child:
            continue
        if child.request is not None and parent.request is not None and parent.request is not child.request:
            child.request.resource["basedOn"] = [parent.request.reference]
        _list_results(parent, child)


def _list_results(parent: Made, child: Made) -> None:
    """The parent result that OBR-26 names has the child's results as its members."""
    obr = child.case.obr
    code, sub = _leaf(obr, 26, 1), field(obr, 26, 2)
    if not code or not child.observations:
        return
    for noted, building in zip(parent.case.order.observations, parent.observations, strict=False):
        if field(noted.segment, 3) == code and (not sub or field(noted.segment, 4) == sub):
            members = building.resource.setdefault("hasMember", [])
            members += [each.reference for each in child.observations if each is not building]
            return


def _leaf(segment: Segment | None, n: int, comp: int) -> str:
    """First subcomponent, or the component where it is not parted."""
    return field(segment, n, comp, 1)


def _numbers(each: Made) -> list[tuple[str, str]]:
    found = []
    for segment in (each.case.orc, each.case.obr):
        found += [(role, field(segment, n)) for n, role in ((2, "placer"), (3, "filler")) if field(segment, n)]
    return found


def _parent_numbers(order: Order) -> list[tuple[str, str]]:
    """Placer's and filler's number of the parent: OBR-50, OBR-29 or ORC-8 (EIP)."""
    orc, obr = (noted.segment if noted else None for noted in (order.orc, order.obr))
    found = []
    for segment, n in ((obr, 50), (obr, 29), (orc, 8)):
        for comp, role in ((1, "placer"), (2, "filler")):
            if field(segment, n, comp):
                found.append((role, field(segment, n, comp)))
    return found
