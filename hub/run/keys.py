"""The desk of key keepers: what is sealed by which keys, and renewing these while the hub works."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

from hub.audit.deeds import Scribe
from hub.audit.trail import Trail
from hub.bootstrap.foundation import Foundation
from hub.bootstrap.keys import master_key, suite_in
from hub.db.database import Database, Tx
from hub.kernel.clock import system_clock
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import keyed_ids
from hub.pipeline import resealing as inbox
from hub.run import erasures
from hub.run.erasing import Erasing
from hub.sealing import progress, renewal
from hub.sealing.progress import Part
from hub.sealing.suites import Suite, suite_of
from hub.store import resealing as store

Show = Callable[[list[Part]], None]

_PAUSE: Final = 0.2
_KEYS: Final = """
SELECT kind, suite, count(*) FILTER (WHERE retired IS NULL) AS sealing,
    count(*) FILTER (WHERE retired IS NOT NULL AND wrapped IS NOT NULL) AS retired,
    count(*) FILTER (WHERE wrapped IS NULL) AS erased
FROM data_key GROUP BY kind, suite ORDER BY kind, suite
"""
_WRAPPING: Final = "SELECT number, suite, made FROM wrapping_key ORDER BY number"
#: Whether anything is left that only retired keys open.
_LEFT: Final = """
SELECT (SELECT count(*) FROM {table} t JOIN data_key k ON k.retired IS NOT NULL AND k.wrapped IS NOT NULL
    AND substring(t.{column} FROM 3 FOR 8) = int8send(k.number)
WHERE length(t.{column}) > 10 AND get_byte(t.{column}, 0) = 3)
"""
_RETIRED: Final = "SELECT EXISTS (SELECT FROM data_key WHERE retired IS NOT NULL AND wrapped IS NOT NULL)"
_SEALED: Final = (("resource", "body"), ("history", "body"), ("inbox", "raw_key"))


class KeyDesk:
    """What an account of the machine may do with the keys of a database."""

    def __init__(self, foundation: Foundation, database: Database, trail: Trail, who: str) -> None:
        self._foundation: Final = foundation
        self._database: Final = database
        self._trail: Final = trail
        self._who: Final = who
        self.erasing: Final = Erasing(database, trail, who, system_clock, foundation.settings.data_dir / erasures.NAME)

    async def status(self) -> dict[str, Any]:
        """Keys by kind and suite, wrapping keys, and how far sealing is."""
        async with self._database.connection() as tx:
            keys = [{**dict(row), "suite": suite_of(row["suite"]).value} for row in await tx.fetch(_KEYS)]
            wrapping = [{**dict(row), "suite": suite_of(row["suite"]).value} for row in await tx.fetch(_WRAPPING)]
            return {
                "encryption": self._foundation.settings.encryption or "off",
                "keys": keys,
                "wrapping": wrapping,
                "sealing": await progress.parts(tx),
            }

    async def encrypt(self, show: Show) -> list[Part]:
        """Seal whatever stands plain or under a retired key; what was stopped goes on where it was."""
        self._suite()
        async with self._database.transaction() as tx:
            known = await progress.parts(tx)
            if not known or all(part.ended for part in known):
                await self._begin(tx, "encrypt")
        return await self._walk(show)

    async def rotate(self, show: Show) -> tuple[list[Part], int, int]:
        """New data keys for everything, and the old ones destroyed: how far it came, how many went, and rows left.

        Where rows are left that do not open, the retired keys stay.
        """
        self._suite()
        if not await self._is_rotating():
            async with self._database.transaction() as tx:
                await renewal.retire(tx)
            # Until the commit others took the keys for good ones: the mark is set after it.
            async with self._database.connection() as tx:
                mark = await renewal.horizon(tx)
            await self._until(lambda tx: renewal.settled(tx, mark))
            async with self._database.transaction() as tx:
                await self._begin(tx, "rotate")
        parts = await self._walk(show)
        async with self._database.transaction() as tx:
            left = sum([await tx.fetchval(_LEFT.format(table=t, column=c)) for t, c in _SEALED])
            gone = 0 if left else await renewal.erase_retired(tx, min(part.begun for part in parts))
        return parts, gone, left

    async def rewrap(self, show: Callable[[int], None]) -> int:
        """A new wrapping key for every data key, and the old ones destroyed; how many data keys were wrapped anew."""
        suite, master = self._suite(), master_key(self._foundation.settings)
        if master is None:
            raise _off()
        async with self._database.transaction() as tx:
            await self._note(tx, "rewrap")
            newest = await renewal.new_wrapping_key(tx, master, suite)
        done = 0
        while True:
            async with self._database.transaction() as tx:
                some = await renewal.rewrap(tx, master, newest)
            if not some:
                return done
            done += some
            show(done)

    def _suite(self) -> Suite:
        suite = suite_in(self._foundation.settings)
        if suite is None:
            raise _off()
        return suite

    async def _is_rotating(self) -> bool:
        """Whether a rotation was stopped on its way."""
        async with self._database.connection() as tx:
            unfinished = any(part.ended is None for part in await progress.parts(tx))
            return unfinished and bool(await tx.fetchval(_RETIRED))

    async def _begin(self, tx: Tx, deed: str) -> None:
        await self._note(tx, deed)
        totals = {**await store.totals(tx), **await inbox.totals(tx)}
        await progress.begin(tx, totals, system_clock())

    async def _walk(self, show: Show) -> list[Part]:
        ids = keyed_ids(self._foundation.keys.id_secret)
        steps: list[Callable[[Tx], Awaitable[bool]]] = [
            *(lambda tx, part=part: store.step(tx, part) for part in store.PARTS),
            lambda tx: inbox.step(tx, ids),
        ]
        for step in steps:
            while await self._step(step):
                async with self._database.connection() as tx:
                    show(await progress.parts(tx))
        async with self._database.connection() as tx:
            return await progress.parts(tx)

    async def _step(self, step: Callable[[Tx], Awaitable[bool]]) -> bool:
        try:
            async with self._database.transaction() as tx:
                return await step(tx)
        except HubError as error:
            if error.code != "race":
                raise
            return True

    async def _until(self, over: Callable[[Tx], Awaitable[bool]]) -> None:
        while True:
            async with self._database.connection() as tx:
                if await over(tx):
                    return
            await asyncio.sleep(_PAUSE)

    async def _note(self, tx: Tx, deed: str) -> None:
        entry = Scribe(system_clock).at_the_machine("key-keeper", self._who, {"keys": deed})
        await self._trail.append(tx, [entry])


def _off() -> HubError:
    return HubError(
        Category.INVALID, "this hub does not seal", where="YILIAN_ENCRYPTION", todo="choose aes-256-gcm or sm4-gcm"
    )


@asynccontextmanager
async def key_desk(foundation: Foundation, who: str) -> AsyncIterator[KeyDesk]:
    """The desk over the database of a hub."""
    async with foundation.database("keys", size=2) as database:
        trail = Trail(database, foundation.log)
        try:
            yield KeyDesk(foundation, database, trail, who)
        finally:
            await trail.close()
