"""Bulk export through the gate: all that a search would find, in one snapshot, as parcels for later (Bulk Data 2.0).

The predicate is part of every statement, and every row is checked as it is packed. Nothing leaves here: a parcel leaves
by hub.gate.deliveries, where it is judged once more under the consents of that moment.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from msgspec import structs

from consent.tables import CLINICAL_ROLES, NON_PATIENT_TYPES
from hub.auth.actor import Actor
from hub.auth.scopes import allows
from hub.db.database import Tx
from hub.gate.cases import Cases
from hub.gate.checks import checked, look_up_all
from hub.gate.cohorts import Cohort, cohort_of
from hub.gate.door import Door, not_found
from hub.gate.export_wish import ExportWish, Level, Parameters, read_export
from hub.gate.instances import address_of
from hub.gate.parcels import Parcel, pack
from hub.gate.reach import within
from hub.gate.recorder import Asked
from hub.gate.restricted import confine
from hub.gate.secondary_exports import FORMS, is_deidentified, refuse_singling_out
from hub.gate.secondary_exports import parcels as disguisable
from hub.gate.visible import REFUSED_SEARCHES, of_population
from hub.kernel.errors import Category, HubError
from hub.store.criteria import Query
from hub.store.resource_types import NAMES as TYPES
from hub.store.values import Stored, Visible
from hub.store.walk import Stretch

_ANYBODY: Final = Cohort(patients=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """One walk. `time` is the instant its snapshot stands for, `snapshot` the horizon of what it sees."""

    time: datetime
    snapshot: str
    parcels: AsyncIterator[Parcel]


async def begin(door: Door, asked: Asked, level: Level, params: Parameters, *, lenient: bool) -> ExportWish:
    """Admit an export, and record that it was asked for, before any row is looked at.

    Raises HubError FORBIDDEN, NOT_FOUND (a Group that is absent or another organisation's), UNSUPPORTED, INVALID,
    and UNAVAILABLE while the index finds too little by a filter.
    """
    await _admit(door, asked)
    wish = _read(door, asked.actor, level, params, lenient=lenient)
    cohort = await _cohort(door, asked) if level == "group" else _ANYBODY
    await door.refuse_partial((*wish.filters, *cohort.filters))
    await door.recorder.released_in_bulk(asked, (), {})
    return wish


@asynccontextmanager
async def opened(
    door: Door, asked: Asked, level: Level, params: Parameters, *, lenient: bool, horizon: str | None
) -> AsyncIterator[Export]:
    """The walk of an export that was begun. With `horizon`, that of the export at `_since`, what it did not see.

    Raises HubError as `begin` does, and TOO_LARGE (`too-costly`) as a search does; parcels raise FAULT when the check
    contradicts the predicate.
    """
    await _admit(door, asked)
    wish = _read(door, asked.actor, level, params, lenient=lenient)
    cohort = await _cohort(door, asked) if level == "group" else _ANYBODY
    await door.refuse_partial((*wish.filters, *cohort.filters))
    time = door.clock()
    try:
        async with door.snapshot() as tx:
            cases = await door.cases(tx, asked)
            if is_deidentified(asked.actor):
                snapshot = await door.store.snapshot(tx)
                yield Export(time=time, snapshot=snapshot, parcels=disguisable(door, asked, tx, cases, wish))
                return
            visible = await of_population(tx, cases, await door.concerned.ask(tx, cases))
            snapshot = await door.store.snapshot(tx)
            stretches = _stretches(asked.actor, wish, _met(cohort, wish), horizon, await door.store.types(tx))
            yield Export(time=time, snapshot=snapshot, parcels=_parcels(door, asked, tx, cases, visible, stretches))
    except HubError as refusal:
        if refusal.code in REFUSED_SEARCHES:
            await door.recorder.refused(asked, refusal.code)
        raise


async def _admit(door: Door, asked: Asked) -> None:
    """By the token alone. A break-glass opens the record of one patient, which no export is."""
    await door.admit(structs.replace(asked, type=_some_type(asked.actor)), "s", FORMS)
    if asked.actor.break_glass is not None:
        await door.recorder.refused(asked, "break-glass-one-patient")
        raise HubError(
            Category.FORBIDDEN,
            "break-glass opens the record of one patient",
            where="access token",
            todo="read that patient's record, or use a token without it",
            code="break-glass-one-patient",
        )


def _some_type(actor: Actor) -> str:
    """A type that may be exported, if the scopes leave any: a token need not cover all types."""
    return next((name for name in ("Patient", *TYPES) if _may_export(actor, name)), "*")


def _may_export(actor: Actor, rtype: str) -> bool:
    return allows(actor.scopes, rtype, "s") and allows(actor.scopes, rtype, "r")


def _read(door: Door, actor: Actor, level: Level, params: Parameters, *, lenient: bool) -> ExportWish:
    """The wish under the ceiling of the token: a type that is asked for by name must be under it."""
    wish = read_export(level, params, lenient=lenient, base_url=door.base_url)
    if not all(_may_export(actor, name) for name in wish.types):
        raise HubError(
            Category.FORBIDDEN,
            "the token's scopes do not cover a type that is asked for",
            where="_type",
            todo="ask for a wider scope, or for fewer types",
            code="scope-not-allowed",
        )
    if is_deidentified(actor):
        refuse_singling_out(wish)
    return replace(wish, filters=tuple(narrowed(actor, query) for query in wish.filters))


def narrowed(actor: Actor, query: Query) -> Query:
    """A query such that it looks into nothing the actor may not search."""
    return within(confine(query) if actor.role in CLINICAL_ROLES else query, actor.scopes)


async def _cohort(door: Door, asked: Asked) -> Cohort:
    """Whom the Group means that is asked for; recorded if there is none for this actor."""
    address = address_of(structs.replace(asked, type="Group"))
    async with door.database.connection() as tx:
        stored = (await door.store.load(tx, [("Group", address.id)])).get(("Group", address.id))
    entity = door.rules.directory.legal_entity
    if stored is None or stored.deleted or not _same(entity(stored.facts.author_org), entity(asked.actor.organization)):
        await door.recorder.absent(asked)
        raise not_found()
    cohort = cohort_of(stored.body, door.clock(), door.base_url)
    return replace(cohort, filters=tuple(_searched(asked.actor, query) for query in cohort.filters))


def _same(author: str | None, own: str | None) -> bool:
    return author is not None and author == own


def _searched(actor: Actor, query: Query) -> Query:
    if not allows(actor.scopes, query.type or "*", "s"):
        raise HubError(
            Category.FORBIDDEN,
            "the token's scopes do not cover what the Group looks into",
            where="Group.modifierExtension",
            todo="ask for a wider scope",
            code="scope-not-allowed",
        )
    return narrowed(actor, query)


def _met(cohort: Cohort, wish: ExportWish) -> Cohort:
    """The cohort within the patients that are asked for."""
    if wish.patients is None or cohort.patients is None:
        return replace(cohort, patients=wish.patients if cohort.patients is None else cohort.patients)
    wanted = set(wish.patients)
    return replace(cohort, patients=tuple(patient for patient in cohort.patients if patient in wanted))


def _stretches(
    actor: Actor, wish: ExportWish, cohort: Cohort, horizon: str | None, stored: Sequence[str]
) -> list[Stretch]:
    """What is walked: the types that there are, what stands before what was deleted."""
    found = []
    for name in sorted(stored):
        if not wish.wants(name) or not _may_export(actor, name):
            continue
        filters = tuple(query for query in wish.filters if query.type == name)
        stretch = Stretch(
            type=name,
            queries=filters,
            patients=cohort.patients,
            members=cohort.filters,
            about=wish.level != "system" and name not in NON_PATIENT_TYPES,
            since=wish.since,
            horizon=horizon,
            until=wish.until,
        )
        if name in NON_PATIENT_TYPES:
            stretch = structs.replace(stretch, patients=None, members=())
        found.append(stretch)
        if wish.since is not None and not filters:
            found.append(structs.replace(stretch, deleted=True))
    return found


async def _parcels(
    door: Door, asked: Asked, tx: Tx, cases: Cases, visible: Visible, stretches: Sequence[Stretch]
) -> AsyncIterator[Parcel]:
    known = frozenset(cases.by_pkey)
    for stretch in stretches:
        async for rows in door.store.walk(tx, stretch, visible):
            await _check(door, asked, tx, cases, rows)
            for pkey in cases.by_pkey.keys() - known:
                del cases.by_pkey[pkey]  # a county's worth of cases would not fit
            yield pack(stretch.type, rows, deleted=stretch.deleted)


async def _check(door: Door, asked: Asked, tx: Tx, cases: Cases, rows: Sequence[Stored]) -> None:
    await look_up_all(tx, cases, rows)
    await checked(door.recorder, asked, cases, rows)
