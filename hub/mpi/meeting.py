"""Adding sources and reading whom they meet, under locks, in one call of the database.

The function `mpi_meet` (migrations of hub.db) takes locks and reads after them; sent one by one these are five
statements, and what a registration costs beside its commit is statements.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from hub.db.database import Tx
from hub.db.tables import RIGHTS_LOCK
from hub.mpi.blocking import LARGEST_BLOCK
from hub.mpi.counts_read import Counted
from hub.mpi.hashes import hash64
from hub.mpi.index_read import edge, keys_at_hand, member, race
from hub.mpi.index_write import Entry, columns
from hub.mpi.packed import pack
from hub.mpi.people import People

_MEET: Final = "SELECT * FROM mpi_meet($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)"


@dataclass(frozen=True, slots=True)
class Ask:
    """Whom to meet: who shares one of the `keys`, and the sources `known` (numbers) themselves.

    `claims` (texts) are waited for and held first. `names`: hashes of names to be counted. Unless they are to be
    `held`, no persons are read; without `edges`, no edges between their sources.
    """

    claims: Collection[str]
    keys: Collection[int]
    known: Collection[int] = ()
    names: Collection[int] = ()
    held: bool = True
    edges: bool = True


@dataclass(frozen=True, slots=True)
class Met:
    """Numbers of the sources that were added, by key of the Patient; the sources that share each blocking key, those
    added among them (None: they are too many); the persons who were met, without those added; counts of names.
    """

    numbers: Mapping[UUID, int]
    blocks: Mapping[int, list[int] | None]
    people: People
    counted: Counted


async def meet(tx: Tx, ask: Ask, fresh: Sequence[Entry] = (), at: datetime | None = None) -> Met:
    """Add new sources (at this time), and read whom they meet; persons are held until the transaction ends.

    Nothing is done, and nobody added or met, if the index knows one of the new ones all the same. Raises HubError
    UNAVAILABLE: `race` if one who is met changed while it was waited for (roll back, try again), `rekeying`.
    """
    rows = [(e.pkey, e.patient, e.facility, e.own, e.digest, pack(e.side)) for e in fresh]
    # In their order, so that neighbours in the index are written one after the other.
    keys = sorted((key, entry.pkey) for entry in fresh for key in entry.keys)
    with keys_at_hand():
        (row,) = await tx.fetch(
            _MEET,
            sorted({hash64(text) for text in ask.claims}),
            RIGHTS_LOCK if ask.held else None,
            *columns(rows, 6),
            at,
            *columns(keys, 2),
            sorted(ask.known),
            sorted(ask.keys),
            LARGEST_BLOCK,
            sorted(ask.names),
            ask.edges,
        )
    return _met(dict(row), ask, fresh)


def _met(row: Mapping[str, Any], ask: Ask, fresh: Sequence[Entry]) -> Met:
    numbers = dict(_rows(row, "added", "numbers"))
    blocks = _blocks(_rows(row, "shared", "sharing"))
    people = _people(row, edges=ask.edges)
    if 0 < len(numbers) < len(fresh) or (ask.held and _changed(people, blocks, numbers.values(), ask.known)):
        raise race()
    counted = Counted(row["registrations"], dict(_rows(row, "counted", "seen")))
    return Met(numbers, blocks, people, counted)


def _changed(
    people: People, blocks: Mapping[int, list[int] | None], added: Iterable[int], known: Iterable[int]
) -> bool:
    near = {number for block in blocks.values() for number in block or ()}
    return not people.members.keys() >= near.union(known).difference(added)


def _blocks(sharing: Iterable[tuple[int, int | None]]) -> Mapping[int, list[int] | None]:
    found: defaultdict[int, list[int] | None] = defaultdict(list)
    for key, source in sharing:
        block = found[key]
        if source is None or block is None:
            found[key] = None
        else:
            block.append(source)
    return found


def _people(row: Mapping[str, Any], *, edges: bool) -> People:
    who = ("members", "member_keys", "member_patients", "member_owns", "member_persons", "member_features")
    what = ("firsts", "seconds", "decisions", "actors", "kinds", "losers")
    members = (member(*one) for one in _rows(row, *who))
    if not edges:
        return People(members, None, row["merged"] or ())
    return People(members, (edge(*one) for one in _rows(row, *what)))


def _rows(row: Mapping[str, Any], *names: str) -> Iterable[tuple[Any, ...]]:
    return zip(*(row[name] or () for name in names), strict=True)
