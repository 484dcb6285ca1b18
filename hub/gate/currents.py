"""Reads by id, looked up together: those that arrive while a look is under way share the next one.

A round trip costs more than finding a row, so many readers at once cost little more than one. A look begins after
everything it is for was asked, so nobody is given what was superseded before.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from consent.decision import Decision
from hub.auth.actor import Actor
from hub.auth.directory import Directory
from hub.db.database import Database, Tx
from hub.db.group_commit import GroupCommit
from hub.gate.release import short_way
from hub.gate.trimming import Pointer, pointers
from hub.store.store import Store
from hub.store.values import Stored

#: A current version, if there is one, and what is decided of it whoever its patient is.
Current: TypeAlias = tuple[Stored | None, Decision | None]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Who reads which resource."""

    actor: Actor
    address: Pointer


class Currents:
    """Belongs to the event loop it is used in."""

    def __init__(self, database: Database, store: Store, directory: Directory) -> None:
        self._database: Final = database
        self._store: Final = store
        self._directory: Final = directory
        self._looks: Final[GroupCommit[_Wanted, Current]] = GroupCommit(self._look, limit=64)

    async def of(self, actor: Actor, address: Pointer) -> Current:
        """The current version (a deletion included) at (type, id); and the decision that permits it, if it needs no
        look at any person: neither for itself nor for anything it may repeat something of.
        """
        return await self._looks.submit(_Wanted(actor, address))

    async def _look(self, wanted: list[_Wanted]) -> list[Current]:
        async with self._database.connection() as tx:
            found = await self._store.load(tx, [one.address for one in wanted])
            rows = [found.get(one.address) for one in wanted]
            decided = [self._short_way(one.actor, row) for one, row in zip(wanted, rows, strict=True)]
            repeated = [_repeated(row, quick) for row, quick in zip(rows, decided, strict=True)]
            others = await self._others(tx, repeated)
        return [
            (row, quick if self._sees(one.actor, others, addresses) else None)
            for one, row, quick, addresses in zip(wanted, rows, decided, repeated, strict=True)
        ]

    def _short_way(self, actor: Actor, row: Stored | None) -> Decision | None:
        return None if row is None else short_way(actor, self._directory, row)

    async def _others(self, tx: Tx, repeated: Sequence[Collection[Pointer]]) -> Mapping[Pointer, Stored]:
        return await self._store.load_facts(tx, sorted(set[Pointer]().union(*repeated)))

    def _sees(self, actor: Actor, others: Mapping[Pointer, Stored], addresses: Collection[Pointer]) -> bool:
        rows = [others.get(address) for address in addresses]
        return all(row is not None and not row.deleted and self._short_way(actor, row) is not None for row in rows)


def _repeated(row: Stored | None, quick: Decision | None) -> Collection[Pointer]:
    """What a version that is permitted may repeat something of."""
    if row is None or quick is None or not row.facts.flags:
        return ()
    return pointers(row.body) - {row.reference}
