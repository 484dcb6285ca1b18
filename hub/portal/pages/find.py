"""Finding a person. What is asked for comes and goes in the body of a POST: nothing personal stands in an address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from hub.fhir.json import loads
from hub.gate.parameters import escaped
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from hub.portal.banner import Number, age_of, numbers_of
from hub.portal.elements import human_name, text
from hub.portal.moments import parsed_date
from hub.portal.todo import Todos, todos
from hub.portal.visit import Visit

#: Registrations shown at most; who gets more has said too little.
MOST: Final = 50
_LONGEST: Final = 100
#: Fields of the form and the search parameters they become.
_PARAMETERS: Final = {"number": "identifier", "name": "name", "born": "birthdate"}
FIELDS: Final = tuple(_PARAMETERS)
#: Refusals of the gate that mean: the question is too wide.
_TOO_WIDE: Final = frozenset({Category.TOO_LARGE, Category.UNSUPPORTED, Category.INVALID, Category.THROTTLED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A person among the results, with the facilities that know them."""

    person: str
    name: str
    sex: str
    born: str
    age: str
    numbers: tuple[Number, ...]
    facilities: tuple[str, ...]


async def ask(visit: Visit) -> Response:
    """The empty form, and what waits for who is signed in."""
    waiting = await todos(visit)
    empty = dict.fromkeys(FIELDS, "")
    return visit.render("find.html", found=None, problem="", notes=(), asked=empty, todos=waiting)


async def find(visit: Visit) -> Response:
    """The form with what was found."""
    visit.actor()
    asked, problem, found, notes = await search(visit)
    status = 422 if problem else 200
    return visit.render("find.html", status, found=found, problem=problem, notes=notes, asked=asked, todos=Todos())


async def search(visit: Visit) -> tuple[dict[str, str], str, list[Found] | None, tuple[str, ...]]:
    """What the form asks for; why nothing was looked for, or who was found and what to know of it."""
    asked = {name: visit.form.get(name, "").strip()[:_LONGEST] for name in FIELDS}
    problem = _problem(asked)
    if problem:
        return asked, problem, None, ()
    try:
        found, notes = await _search(visit, asked)
    except HubError as error:
        if error.category not in _TOO_WIDE:
            raise
        return asked, "find_too_wide", None, ()
    return asked, "", found, notes


def _problem(asked: dict[str, str]) -> str:
    if asked["born"] and parsed_date(asked["born"]) is None:
        return "find_date_wrong"
    return "" if asked["number"] or (asked["name"] and asked["born"]) else "find_nothing_asked"


async def _search(visit: Visit, asked: dict[str, str]) -> tuple[list[Found], tuple[str, ...]]:
    params = [("_count", str(MOST))]
    params += [(name, escaped(asked[field])) for field, name in _PARAMETERS.items() if asked[field]]
    page = await visit.services.gate.search(visit.actor(), "Patient", params, origin=visit.origin)
    persons = await visit.services.persons.of(page.matches)
    groups: dict[str, list[tuple[str, Json]]] = {}
    for one in page.matches:
        if not one.deleted:
            groups.setdefault(persons[one.id], []).append((one.organization, loads(one.body)))
    notes = {"find_more": page.next is not None, "find_partial": bool(page.partial)}
    found = [_found(visit, person, group) for person, group in groups.items()]
    return found, tuple(note for note, holds in notes.items() if holds)


def _found(visit: Visit, person: str, group: Sequence[tuple[str, Json]]) -> Found:
    # The registration that is in use speaks for the person.
    _, best = min(group, key=lambda one: one[1].get("active") is False)
    numbers = dict.fromkeys(number for _, patient in group for number in numbers_of(patient, visit.say))
    names = dict.fromkeys(visit.services.directory.name(code) or code for code, _ in group)
    return Found(
        person=person,
        name=human_name(best),
        sex=visit.say.code("gender", text(best, "gender"), visit.say("unknown")),
        born=text(best, "birthDate"),
        age=age_of(best, visit.today, visit.say),
        numbers=tuple(numbers),
        facilities=tuple(name for name in names if name),
    )
