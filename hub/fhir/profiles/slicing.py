"""Slices: how many items each may have, which items none may have, and their order (R4 profiling.html#slicing)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hub.fhir.fhirpath.nodes import Node
from hub.fhir.profiles.discriminators import Discriminators
from hub.fhir.profiles.places import where
from hub.fhir.profiles.rules import ElementRule, Slicing

if TYPE_CHECKING:
    from hub.fhir.profiles.conformance import Conformance

#: Where an item stands that is in no slice, and one of which nobody can tell.
_NONE: Final = -1
_UNDECIDED: Final = -2


class Slicer:
    """Sorts the items of an element into slices, on behalf of one judgement."""

    def __init__(self, conformance: Conformance) -> None:
        self._conformance: Final = conformance
        self._discriminators: Final = Discriminators(conformance)

    def check(self, owner: Node, items: list[Node], name: str, rule: ElementRule) -> None:
        """Add what is wrong with the items of a sliced element. An item nobody can sort is not held against it."""
        slices, slicing = list(rule.slices.values()), rule.slicing or Slicing()
        order = [self._slice_of(item, slices, slicing) for item in items]
        for at, item in zip(order, items, strict=True):
            if at == _NONE and slicing.rules == "closed":
                self._conformance.say("error", where(item), "structure", f"is in none of the slices of {rule.id}")
        for at, one in enumerate(slices):
            held = [item for place, item in zip(order, items, strict=True) if place == at]
            self._conformance.check_all(owner, held, name, one, unsorted=order.count(_UNDECIDED))
        if not _is_ordered(order, slicing):
            place = f"{where(owner)}.{name}"
            self._conformance.say("error", place, "structure", f"must have the slices of {rule.id} in their order")

    def _slice_of(self, item: Node, slices: list[ElementRule], slicing: Slicing) -> int:
        found = _NONE
        for at, one in enumerate(slices):
            verdict = self._discriminators.decide(item, one, slicing)
            if verdict:
                return at
            if verdict is None:
                found = _UNDECIDED
        return found


def _is_ordered(order: list[int], slicing: Slicing) -> bool:
    decided = [at for at in order if at != _UNDECIDED]
    inside = [at for at in decided if at != _NONE]
    at_end = slicing.rules != "openAtEnd" or decided[: len(inside)] == inside
    return at_end and (not slicing.ordered or inside == sorted(inside))
