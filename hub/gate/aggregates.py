"""Counts of persons, for those who may have no record of any: by consent, in cells that tell of nobody.

Each person's consents are looked at, each row counted is checked as one that would leave. Only persons are counted, and
only those with something the search finds; sex and age come from the Patients that may be used, else they are unknown.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from consent.tables import AGGREGATE
from hub.audit.entry import UNKNOWN_ORIGIN, Interaction, Origin
from hub.auth.actor import Actor
from hub.db.database import Tx
from hub.fhir.clinical_codes import clinical_codes
from hub.fhir.json import loads
from hub.fhir.temporal import CHINA
from hub.gate.aggregate_wish import AggregateWish, read_aggregate
from hub.gate.asking import SECONDARY
from hub.gate.cases import Cases
from hub.gate.cells import MOVE, Cell, told
from hub.gate.checks import checked
from hub.gate.disguises import LEAST, Project, person_of
from hub.gate.door import Door
from hub.gate.dossiers import Whom
from hub.gate.exports import narrowed
from hub.gate.recorder import Asked, Basis
from hub.gate.searches import query_text
from hub.gate.visible import of_batch
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from hub.store.values import Stored
from hub.store.walk import Stretch

_FORMS: Final = frozenset({AGGREGATE})
_UNKNOWN: Final = "unknown"
_DECADE: Final = 10
#: The oldest age band: it has no end.
_OLDEST: Final = 90

#: The values of a cell's dimensions, in the order they were asked for.
Key = tuple[str, ...]


@dataclass(slots=True)
class _Count:
    """The persons of each cell so far, as numbers of the project; and on what they were counted."""

    cells: defaultdict[Key, set[int]] = field(default_factory=lambda: defaultdict(set))
    bases: list[Basis] = field(default_factory=list)

    @property
    def basis(self) -> Basis:
        epochs = [one.epoch for one in self.bases if one.epoch is not None]
        return Basis(
            grounds=frozenset().union(*(one.grounds for one in self.bases)),
            obligations=frozenset().union(*(one.obligations for one in self.bases)),
            epoch=min(epochs, default=None),
        )


class AggregateWay:
    """Part of the gate; what `Gate` says of admission and trail holds."""

    def __init__(self, door: Door) -> None:
        self._door: Final = door

    async def count(self, actor: Actor, asked: Json, *, origin: Origin = UNKNOWN_ORIGIN) -> Json:
        """Persons by cell: `{count, by, cells: [{DIMENSION..., persons}], least, moved, at}`.

        A cell that is kept back looks like one of nobody: it is not there. Raises HubError FORBIDDEN, INVALID,
        UNSUPPORTED, and UNAVAILABLE while the index finds too little by what is asked.
        """
        door = self._door
        wish = read_aggregate(asked, door.base_url)
        query = query_text([("$aggregate", str(asked["count"])), *(("by", one) for one in wish.by)])
        request = Asked(
            actor=actor, interaction=Interaction.OPERATION, origin=origin, type=wish.query.type, query=query
        )
        await _admit(door, request)
        await door.refuse_partial([wish.query])
        wish = AggregateWish(query=narrowed(actor, wish.query), by=wish.by)
        return await door.settled(lambda: _answer(door, request, wish, str(asked["count"])))


async def _admit(door: Door, asked: Asked) -> None:
    """Raise HubError FORBIDDEN, recorded: who reads records counts them there."""
    await door.admit(asked, "s", _FORMS)
    if asked.actor.role not in SECONDARY:
        await door.recorder.refused(asked, "role-not-allowed")
        raise HubError(
            Category.FORBIDDEN,
            "this role is given records, not counts",
            where="access token",
            todo="search with _summary=count",
            code="role",
        )


async def _answer(door: Door, asked: Asked, wish: AggregateWish, text: str) -> Json:
    project, found, at = Project(door.secret, asked.actor), _Count(), door.clock()
    async with door.snapshot() as tx:
        cases = await door.cases(tx, asked)
        async for keys in door.store.matching(tx, wish.query):
            await _batch(door, asked, tx, cases, wish, keys, project, found)
    order = sorted(found.cells)
    # Recorded before it is told, as everything that leaves; and what is told is kept before it leaves.
    await door.recorder.released_in_bulk(asked, (), {}, found.basis)
    async with door.database.transaction() as tx:
        persons = await told(tx, project, (Cell(frozenset(found.cells[key])) for key in order), at)
    # That a cell is kept back would tell that there is somebody in it.
    cells = [
        {**dict(zip(wish.by, key, strict=True)), "persons": count}
        for key, count in zip(order, persons, strict=True)
        if count is not None
    ]
    return {
        "count": text,
        "by": list(wish.by),
        "cells": cells,
        "least": LEAST,
        "moved": MOVE,
        "at": at.isoformat(timespec="seconds"),
    }


async def _batch(
    door: Door,
    asked: Asked,
    tx: Tx,
    cases: Cases,
    wish: AggregateWish,
    keys: Sequence[UUID],
    project: Project,
    found: _Count,
) -> None:
    """Count the persons of some source patients."""
    await cases.look_up(tx, Whom(keys=keys))
    visible, within = of_batch(cases, keys), tuple(keys)
    about: dict[str, Json] = {}
    if not {"sex", "age"}.isdisjoint(wish.by):
        async for rows in door.store.walk(tx, Stretch(type="Patient", within=within), visible):
            found.bases.append(await checked(door.recorder, asked, cases, rows))
            about |= {person_of(cases, row.pkey): loads(row.body) for row in rows}
    stretch = Stretch(type=wish.query.type or "", queries=(wish.query,), within=within, about=True)
    async for rows in door.store.walk(tx, stretch, visible):
        found.bases.append(await checked(door.recorder, asked, cases, rows))
        for row in rows:
            person = person_of(cases, row.pkey)
            key = tuple(_value(one, row, about.get(person), cases.at) for one in wish.by)
            found.cells[key].add(project.number(person.encode()))
    cases.by_pkey.clear()


def _value(by: str, row: Stored, patient: Json | None, at: datetime) -> str:
    """The value of a dimension for a counted row."""
    match by:
        case "sex":
            return str((patient or {}).get("gender", _UNKNOWN))
        case "age":
            return age_band(str((patient or {}).get("birthDate", "")), at)
        case "facility":
            return row.facts.author_org or _UNKNOWN
        case "month":
            start = row.facts.clinical_start
            return _UNKNOWN if start is None else f"{start.astimezone(CHINA):%Y-%m}"
    return next(iter(sorted(_codes(row))), _UNKNOWN)


def _codes(row: Stored) -> Iterable[str]:
    found: Iterable[Any] = clinical_codes(loads(row.body))
    return [f"{system}|{code}" for system, code in found]


def age_band(birth: str, at: datetime) -> str:
    """The band of ten years an age is in at an instant: `60-69`, `90+`, or `unknown`."""
    parts = birth.split("-")
    if not all(part.isdecimal() for part in parts) or len(parts[0]) != 4:
        return _UNKNOWN
    year, month, day = ([int(part) for part in parts] + [1, 1])[:3]
    today = at.astimezone(CHINA)
    age = today.year - year - ((today.month, today.day) < (month, day))
    if age < 0:
        return _UNKNOWN
    low = age - age % _DECADE
    return f"{_OLDEST}+" if low >= _OLDEST else f"{low}-{low + _DECADE - 1}"
