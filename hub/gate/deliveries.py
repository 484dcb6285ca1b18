"""Parcels leaving the hub: each row is judged again under what holds now, and only then becomes a line of NDJSON.

For a token of the de-identified form the line is the row in that form.

A consent that changed since the parcel was packed has effect at once; what it forbids is left out without a trace. A
resource that changed is judged by the stricter of what it was then and what it is now. One audit row names the patients
of all lines of a file, and is durable before the first of them leaves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from consent.decision import Decision
from hub.db.database import Tx
from hub.fhir.json import dumps
from hub.gate.cases import Cases
from hub.gate.checks import basis_of, look_up_all
from hub.gate.disguises import Disguised, Project
from hub.gate.door import Door
from hub.gate.hidden import bound, discreet, hidden_from
from hub.gate.parcels import unpack
from hub.gate.recorder import Asked, Basis
from hub.gate.release import decide, decide_version
from hub.gate.secondary_exports import FORMS, is_deidentified
from hub.kernel.types import Json
from hub.store.values import Stored

#: Gives the contents of a file's parcels, from the first one, each time it is called.
Contents = Callable[[], AsyncIterator[bytes]]

_NEWLINE: Final = b"\n"


@dataclass(slots=True)
class _Judged:
    """What became of a file: which rows of each parcel may leave, and on what."""

    permitted: list[bytes] = field(default_factory=list)
    patients: dict[str, None] = field(default_factory=dict)
    types: Counter[str] = field(default_factory=Counter)
    basis: Basis = field(default_factory=Basis)

    def add(self, rows: Sequence[Stored], kept: Sequence[bool], basis: Basis) -> None:
        self.permitted.append(bytes(kept))
        permitted = [row for row, stays in zip(rows, kept, strict=True) if stays]
        self.patients |= dict.fromkeys(row.patient for row in permitted if row.patient is not None)
        self.types.update(row.type for row in permitted)
        self.basis = _sum([self.basis, basis])


async def deliver(door: Door, asked: Asked, horizon: str, contents: Contents) -> AsyncIterator[bytes]:
    """The lines of a file of parcels of one type (`asked.type`), once they are recorded.

    `horizon` is the snapshot of their export. Raises HubError FORBIDDEN when the token does not cover the type,
    UNAVAILABLE when the audit row cannot be written.
    """
    await door.admit(asked, "s", FORMS)
    await door.admit(asked, "r", FORMS)
    judged = await door.settled(lambda: _recorded(door, asked, horizon, contents))
    return _lines(door, asked, judged.permitted, contents)


async def _recorded(door: Door, asked: Asked, horizon: str, contents: Contents) -> _Judged:
    judged = _Judged()
    async with door.snapshot() as tx:
        async for content in contents():
            await _judge(door, asked, tx, unpack(content), horizon, judged)
    await door.recorder.released_in_bulk(asked, tuple(judged.patients), judged.types, judged.basis)
    return judged


async def _judge(door: Door, asked: Asked, tx: Tx, rows: list[Stored], horizon: str, judged: _Judged) -> None:
    """One parcel, with cases of its own: those of a whole file would not fit."""
    cases = await door.cases(tx, asked)
    changed = await door.store.changed_since(tx, [row.reference for row in rows], horizon)
    await look_up_all(tx, cases, [*rows, *changed.values()])
    decisions = [_decision(cases, row, changed.get(row.reference)) for row in rows]
    decided = [(row, decision) for row, decision in zip(rows, decisions, strict=True) if decision.permitted]
    kept = [decision.permitted for decision in decisions]
    judged.add(rows, kept, bound(basis_of(cases, decided), cases, [row for row, _ in decided]))


def _decision(cases: Cases, row: Stored, now: Stored | None) -> Decision:
    return decide(cases, row) if now is None else decide_version(cases, row, now)


async def _lines(door: Door, asked: Asked, permitted: Sequence[bytes], contents: Contents) -> AsyncIterator[bytes]:
    number, disguised = 0, None
    if is_deidentified(asked.actor):
        disguised = Disguised(door, Project(door.secret, asked.actor))
    async for content in contents():
        rows = [row for row, stays in zip(unpack(content), permitted[number], strict=True) if stays]
        number += 1
        if rows and disguised is not None:
            yield _NEWLINE.join([*await _disguised(door, asked, rows, disguised), b""])
        elif rows:
            yield _deletions(rows) if rows[0].deleted else _NEWLINE.join([*await _bodies(door, asked, rows), b""])


async def _bodies(door: Door, asked: Asked, rows: Sequence[Stored]) -> Iterable[bytes]:
    """Bodies as stored; only one that says more of something else than where it is needs a look at that."""
    if not any(row.facts.flags for row in rows):
        return [row.body for row in rows]
    async with door.database.connection() as tx:
        cases = await door.cases(tx, asked)
        hidden = await hidden_from(door, tx, cases, rows)
    return [discreet(row, hidden).body for row in rows]


async def _disguised(door: Door, asked: Asked, rows: Sequence[Stored], disguised: Disguised) -> Iterable[bytes]:
    """Bodies in de-identified form; what is about nobody needs none."""
    if rows[0].patient is None:
        return [row.body for row in rows]
    async with door.database.connection() as tx:
        cases = await door.cases(tx, asked)
        await look_up_all(tx, cases, rows)
        return await disguised.bodies(tx, cases, rows[0].type, [(row.pkey, row.body) for row in rows])


def _deletions(rows: Sequence[Stored]) -> bytes:
    """One line: a transaction that deletes what was deleted (export.html#response---complete-status, `deleted`)."""
    entries = [{"request": {"method": "DELETE", "url": f"{row.type}/{row.id}"}} for row in rows]
    bundle: Json = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    return dumps(bundle) + _NEWLINE


def _sum(parts: Sequence[Basis]) -> Basis:
    epochs = [part.epoch for part in parts if part.epoch is not None]
    return Basis(
        grounds=frozenset().union(*(part.grounds for part in parts)),
        obligations=frozenset().union(*(part.obligations for part in parts)),
        consents=frozenset().union(*(part.consents for part in parts)),
        epoch=min(epochs, default=None),
    )
