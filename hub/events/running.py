"""The loops of the events process: gather, deliver, tidy. Whatever ends them, what they had in hand is begun again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final, Protocol

import asyncpg

from hub.db.database import Database, Tx
from hub.events import queue
from hub.events.ears import Wait
from hub.events.gathering import Gathering
from hub.kernel.clock import Clock
from hub.kernel.errors import HubError
from hub.kernel.log import Log

#: Seconds after which loops look without having been told.
_LOOK_SECONDS: Final = 0.5
_TIDY_SECONDS: Final = 600.0
#: Deliveries at work at the same time when nobody says, and seconds they are given when the process is to stop.
_AT_ONCE: Final = 32
_GRACE_SECONDS: Final = 10.0


class Deliverer(Protocol):
    """Delivers to receivers, each known by an id."""

    async def due(self) -> list[str]:
        """Receivers for which there is something to do now."""
        ...

    async def serve(self, receiver: str) -> None:
        """Do what there is to do for one of them. Never raises."""
        ...


async def gather(gathering: Gathering, wait: Wait, stop: asyncio.Event, log: Log) -> None:
    """Gather until `stop` is set; what the database refuses is tried again."""
    while not stop.is_set():
        try:
            more = await gathering.turn()
        except HubError as error:
            more = False
            log.event("gathering-put-off", level="WARNING", code=error.code)
        except Exception as error:
            more = False
            log.failure("gathering-failed", error)
        if not more:
            await wait(_LOOK_SECONDS)


async def deliver(
    database: Database,
    courier: Deliverer,
    wait: Wait,
    stop: asyncio.Event,
    log: Log,
    *,
    lock: bytes = b"events",
    at_once: int = _AT_ONCE,
) -> None:
    """Deliver until `stop` is set, while no other process does: who holds the advisory lock of this name."""
    while not stop.is_set():
        with suppress(HubError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            connection = await database.dedicated()
            try:
                if await connection.fetchval("SELECT pg_try_advisory_lock($1)", int.from_bytes(lock, "big")):
                    await _Rounds(courier, connection, log, at_once).run(wait, stop)
            finally:
                with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                    await connection.close(timeout=2)
        if not stop.is_set():
            await wait(_LOOK_SECONDS)


async def tidy(
    database: Database,
    clock: Clock,
    days: int,
    stop: asyncio.Event,
    log: Log,
    *,
    forget: Callable[[Tx, datetime], Awaitable[int]],
) -> None:
    """Forget events that are older than `days`, tokens nobody used, and what `forget` finds as old (it counts)."""
    while not stop.is_set():
        with suppress(HubError):
            async with database.connection() as tx:
                before = clock() - timedelta(days=days)
                count = await queue.prune(tx, before) + await forget(tx, before)
                await tx.execute("DELETE FROM subscription_ticket WHERE expires < $1", clock())
            if count:
                log.event("events-forgotten", count=count)
        with suppress(TimeoutError):
            async with asyncio.timeout(_TIDY_SECONDS):
                await stop.wait()


class _Rounds:
    """Deliveries side by side, one at a time for each receiver, while the lock's connection lives."""

    def __init__(self, courier: Deliverer, connection: Tx, log: Log, at_once: int) -> None:
        self._courier: Final = courier
        self._connection: Final = connection
        self._log: Final = log
        self._turn: Final = asyncio.Semaphore(at_once)
        self._busy: Final[dict[str, asyncio.Task[None]]] = {}

    async def run(self, wait: Wait, stop: asyncio.Event) -> None:
        try:
            while not stop.is_set() and not self._connection.is_closed():
                for sid in await self._courier.due():
                    if sid not in self._busy:
                        self._busy[sid] = asyncio.create_task(self._serve(sid))
                await wait(_LOOK_SECONDS)
        finally:
            await self._end()

    async def _serve(self, sid: str) -> None:
        try:
            async with self._turn:
                await self._courier.serve(sid)
        finally:
            del self._busy[sid]

    async def _end(self) -> None:
        tasks = list(self._busy.values())
        if tasks:
            await asyncio.wait(tasks, timeout=_GRACE_SECONDS)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
