"""What waits for who is signed in: the Tasks she owns, whose record each is about, and until when it may wait."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from hub.fhir.json import loads
from hub.kernel.types import Json
from hub.portal.elements import concept, human_name, reference, text
from hub.portal.visit import Visit

#: Tasks shown at most, the newest.
MOST: Final = 20
_OPEN: Final = "requested,received,accepted,in-progress"
_URGENT: Final = frozenset({"stat", "asap", "urgent"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Todo:
    """One task: what it says, and when it is `due`; `level` is the priority of FHIR where it is more than routine."""

    says: str
    level: str
    due: datetime | None
    overdue: bool
    person: str
    name: str


async def todos(visit: Visit) -> list[Todo]:
    """The open tasks of the practitioner who is signed in, the most urgent first; none for others."""
    practitioner = visit.signed_in.account.practitioner
    if practitioner is None:
        return []
    params = [("owner", f"Practitioner/{practitioner}"), ("status", _OPEN), ("_include", "Task:patient")]
    params += [("_sort", "-authored-on"), ("_count", str(MOST))]
    page = await visit.services.gate.search(visit.actor(), "Task", params, origin=visit.origin)
    patients = [one for one in page.included if one.type == "Patient" and not one.deleted]
    persons = await visit.services.persons.of(patients)
    names = {f"Patient/{one.id}": human_name(loads(one.body)) for one in patients}
    tasks = [loads(one.body) for one in page.matches if not one.deleted]
    made = [_todo(task, names, persons, visit.services.clock()) for task in tasks]
    return sorted(made, key=lambda one: (one.level != "stat", one.level == ""))


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
    restriction = task.get("restriction")
    periods = [task.get("executionPeriod"), restriction.get("period") if isinstance(restriction, dict) else None]
    ends = [text(one, "end") for one in periods if isinstance(one, dict)]
    stated = next((end for end in ends if "T" in end), "")
    return datetime.fromisoformat(stated) if stated else None
