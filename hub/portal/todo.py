"""What waits for who is signed in: the Tasks she owns, whose record each is about, and until when it may wait."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from hub.fhir.json import loads
from hub.fhir.temporal import interval
from hub.gate.released import ReleasedPage
from hub.kernel.errors import HubError
from hub.kernel.types import Json
from hub.portal.elements import concept, human_name, reference, text
from hub.portal.visit import Visit

#: Tasks shown at most: those that cannot wait before the others, of each the newest.
MOST: Final = 20
#: Priorities that cannot wait.
_AT_ONCE: Final = "stat,asap"
_OPEN: Final = "requested,received,accepted,in-progress"
#: Priorities that are more than routine, in their order.
_URGENT: Final = ("stat", "asap", "urgent")


@dataclass(frozen=True, slots=True, kw_only=True)
class Todo:
    """One task: what it says, and when it is `due`; `level` is the priority of FHIR where it is more than routine."""

    says: str
    level: str
    due: datetime | None
    overdue: bool
    person: str
    name: str


@dataclass(frozen=True, slots=True)
class Todos:
    """The tasks that are shown, and how many there are beside them."""

    shown: tuple[Todo, ...] = ()
    more: int = 0


async def todos(visit: Visit) -> Todos:
    """The open tasks of the practitioner who is signed in, the most urgent first; none for others."""
    practitioner = visit.signed_in.account.practitioner
    if practitioner is None:
        return Todos()
    first = await _page(visit, practitioner, ("priority", _AT_ONCE), MOST)
    others = await _page(visit, practitioner, ("priority:not", _AT_ONCE), MOST - len(first.matches))
    tasks = [loads(one.body) for one in (*first.matches, *others.matches) if not one.deleted]
    patients = [one for one in (*first.included, *others.included) if one.type == "Patient" and not one.deleted]
    persons = await visit.services.persons.of(patients)
    names = {f"Patient/{one.id}": human_name(loads(one.body)) for one in patients}
    made = [_todo(task, names, persons, visit.services.clock()) for task in tasks]
    found = sum(page.total or 0 for page in (first, others))
    return Todos(tuple(sorted(made, key=_order)), max(found - len(made), 0))


async def _page(visit: Visit, practitioner: str, urgency: tuple[str, str], most: int) -> ReleasedPage:
    params = [("owner", f"Practitioner/{practitioner}"), ("status", _OPEN), urgency, ("_include", "Task:patient")]
    params += [("_sort", "-authored-on"), ("_count", str(most)), ("_total", "accurate")]
    return await visit.services.gate.search(visit.actor(), "Task", params, origin=visit.origin)


def _order(todo: Todo) -> int:
    return _URGENT.index(todo.level) if todo.level else len(_URGENT)


def _todo(task: Json, names: Mapping[str, str], persons: Mapping[str, str], now: datetime) -> Todo:
    about = reference(task.get("for"))
    priority = text(task, "priority")
    due = _end(task)
    return Todo(
        says=text(task, "description") or concept(task.get("code")),
        level=priority if priority in _URGENT else "",
        due=due,
        overdue=due is not None and due < now,
        person=persons.get(about.removeprefix("Patient/"), about.removeprefix("Patient/")) if about in names else "",
        name=names.get(about, ""),
    )


def _end(task: Json) -> datetime | None:
    """Until when it may wait; None where no time of day is stated, or none that can be read."""
    restriction = task.get("restriction")
    periods = [restriction.get("period") if isinstance(restriction, dict) else None, task.get("executionPeriod")]
    ends = [text(one, "end") for one in periods if isinstance(one, dict)]
    stated = next((end for end in ends if "T" in end), "")
    with suppress(HubError):
        return interval(stated)[0]
    return None
