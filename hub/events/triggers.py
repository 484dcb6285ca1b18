"""When a change is an event of a topic: conditions on what stood before and what stands after. Pure.

A condition sees two resources, each None where there was none or none is left. SubscriptionTopic.resourceTrigger
(R5 subscriptiontopic.html#resource-trigger) says the same with `supportedInteraction` and `queryCriteria`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Final

from hub.kernel.types import Json

Condition = Callable[[Json | None, Json | None], bool]

#: v3-ActCode of Encounter.class that are a stay.
_INPATIENT: Final = frozenset({"IMP", "ACUTE", "NONAC"})


def always(_: Json | None, __: Json | None) -> bool:
    """Every change."""
    return True


def reaches(statuses: Collection[str], element: str = "status") -> Condition:
    """The code gets to one of these, from another or from nothing."""

    def holds(before: Json | None, after: Json | None) -> bool:
        return after is not None and _code(after, element) in statuses and _code(before, element) not in statuses

    return holds


def stands_anew(statuses: Collection[str]) -> Condition:
    """The status is one of these after any change: what was final once is told again when it is amended."""

    def holds(_: Json | None, after: Json | None) -> bool:
        return after is not None and after.get("status") in statuses

    return holds


def stands_or_falls(statuses: Collection[str]) -> Condition:
    """As `stands_anew`; and what was one of these is none of them any more: whoever was told must be told."""
    stands = stands_anew(statuses)

    def holds(before: Json | None, after: Json | None) -> bool:
        return stands(before, after) or (after is not None and _code(before, "status") in statuses)

    return holds


def is_amended(statuses: Collection[str]) -> Condition:
    """What had one of these statuses says something else now."""

    def holds(before: Json | None, after: Json | None) -> bool:
        if before is None or after is None or before.get("status") not in statuses:
            return False
        return {**before, "meta": None} != {**after, "meta": None}

    return holds


def changes(*elements: str) -> Condition:
    """It is made, or one of these elements differs from before."""

    def holds(before: Json | None, after: Json | None) -> bool:
        if after is None:
            return False
        return before is None or any(before.get(name) != after.get(name) for name in elements)

    return holds


def inpatient(condition: Condition) -> Condition:
    """The same, of a stay in hospital."""

    def holds(before: Json | None, after: Json | None) -> bool:
        return after is not None and _class(after) in _INPATIENT and condition(before, after)

    return holds


def moves(before: Json | None, after: Json | None) -> bool:
    """A stay that has begun goes on at another place: where the patient is, or who is responsible, differs."""
    if before is None or after is None or after.get("status") not in {"in-progress", "onleave"}:
        return False
    return _places(before) != _places(after) or before.get("serviceProvider") != after.get("serviceProvider")


def is_replaced(before: Json | None, after: Json | None) -> bool:
    """A Patient comes to say that another one stands in its place (R4 patient.html#links)."""
    return after is not None and bool(_successors(after) - _successors(before))


def is_available(before: Json | None, after: Json | None) -> bool:
    """A document becomes current and is not preliminary."""
    return _is_current(after) and not _is_current(before)


def is_taken_back(before: Json | None, after: Json | None) -> bool:
    """A document that was current was stated in error."""
    return _is_current(before) and _code(after, "status") == "entered-in-error"


def _code(resource: Json | None, element: str) -> Any:
    return None if resource is None else resource.get(element)


def _class(encounter: Json) -> Any:
    found = encounter.get("class")
    return found.get("code") if isinstance(found, dict) else None


def _places(encounter: Json) -> set[str]:
    """Where the patient is: locations that are not over."""
    rows = [row for row in encounter.get("location", ()) if isinstance(row, dict)]
    here = [row for row in rows if row.get("status") not in {"completed", "planned", "reserved"}]
    return {str(row.get("location", {}).get("reference", row.get("location"))) for row in here}


def _successors(patient: Json | None) -> set[str]:
    links = (patient or {}).get("link", ())
    return {str(link.get("other")) for link in links if isinstance(link, dict) and link.get("type") == "replaced-by"}


def _is_current(document: Json | None) -> bool:
    return document is not None and document.get("status") == "current" and document.get("docStatus") != "preliminary"
