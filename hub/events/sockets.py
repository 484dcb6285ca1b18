"""A WebSocket that is told: bound by tokens, one task for each subscription, judged like every other delivery.

Backport 1.1.0, channels.html#websockets: the client sends `bind-with-token TOKEN`, the server answers with a handshake
for each subscription of the token. There is no acknowledgement on this channel: an event counts as told once it was
handed to the connection, and `$events` has what was lost with it. The newest connection of a subscription is told. A
connection lasts an hour at most, so that its bearer shows a valid access token again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final

from hub.auth.directory import Directory
from hub.db.database import Database
from hub.events import kept, queue
from hub.events.ears import Ears, Wait
from hub.events.kept import Kept
from hub.events.notification import EVENTS, HANDSHAKE, HEARTBEAT, Told, notification
from hub.events.operations import redeem
from hub.events.owners import still_stands, unpack
from hub.events.subscriptions import Subscriptions
from hub.events.telling import Telling
from hub.events.wanted import Wanted
from hub.kernel.clock import Clock
from hub.kernel.errors import HubError
from hub.kernel.ids import random_id
from hub.kernel.log import Log

BIND: Final = "bind-with-token "
#: Seconds in which the first token must come, and that a connection lasts.
FIRST_SECONDS: Final = 30.0
LONGEST_SECONDS: Final = 3600.0
#: Seconds after which a connection looks after its subscription without having been woken.
_ALONE_SECONDS: Final = 10.0
#: Subscriptions of one connection, and characters of a message.
_MOST: Final = 100
_LONGEST: Final = 1024

Receive = Callable[[], Awaitable[str | None]]
Send = Callable[[str], Awaitable[None]]


class Sockets:
    """Serves connections; belongs to the event loop it is used in."""

    def __init__(
        self,
        database: Database,
        subscriptions: Subscriptions,
        telling: Telling,
        directory: Directory,
        clock: Clock,
        log: Log,
        *,
        base_url: str,
        wait: Wait,
        new_holder: Callable[[], str] = random_id,
    ) -> None:
        self._database: Final = database
        self._subscriptions: Final = subscriptions
        self._telling: Final = telling
        self._directory: Final = directory
        self._clock: Final = clock
        self._log: Final = log
        self._base_url: Final = base_url
        self._new_holder: Final = new_holder
        self._ears: Final = Ears(database, wait)

    async def serve(self, receive: Receive, send: Send) -> None:
        """Tell one connection until it closes (`receive` gives None), shows a wrong token, or has lasted its time."""
        tasks: dict[str, asyncio.Task[None]] = {}
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                while (found := await self._bound(receive, waiting=not tasks)) and len(tasks) < _MOST:
                    for one in found:
                        holder = await self._hold(one.id)
                        if (before := tasks.pop(one.id, None)) is not None:
                            before.cancel()
                        tasks[one.id] = asyncio.create_task(self._tell(one.id, holder, send))
        except TimeoutError:
            pass
        finally:
            for task in tasks.values():
                task.cancel()
            await asyncio.gather(*tasks.values(), return_exceptions=True)

    async def close(self) -> None:
        """Stop looking for events."""
        await self._ears.close()

    async def _bound(self, receive: Receive, *, waiting: bool) -> list[Kept]:
        async with asyncio.timeout(FIRST_SECONDS if waiting else None):
            message = await receive()
        if message is None or len(message) > _LONGEST or not message.startswith(BIND):
            return []
        async with self._database.transaction() as tx:
            return await redeem(tx, message.removeprefix(BIND).strip(), self._clock())

    async def _hold(self, sid: str) -> str:
        holder = self._new_holder()
        async with self._database.connection() as tx:
            await tx.execute("UPDATE subscription SET holder = $2 WHERE id = $1", sid, holder)
        return holder

    async def _tell(self, sid: str, holder: str, send: Send) -> None:
        try:
            await self._told(sid, holder, send)
        except Exception as error:
            self._log.failure("websocket-failed", error)

    async def _told(self, sid: str, holder: str, send: Send) -> None:
        quiet_since = self._clock()
        kind: str | None = HANDSHAKE
        while (found := await self._held(sid, holder)) is not None:
            wanted = self._subscriptions.wanted(found)
            told: list[Told] = []
            if kind is None:
                told = await self._next(found, wanted)
                kind = EVENTS if told else self._beat(wanted, quiet_since)
            if kind is None:
                await self._ears.heard(sid, self._patience(wanted, quiet_since))
                continue
            counter = max(found.counter, told[-1].number if told else 0)
            await send(
                notification(
                    found.standing(counter=counter),
                    kind,
                    self._base_url,
                    self._clock(),
                    content=wanted.content,
                    events=told,
                ).decode()
            )
            async with self._database.connection() as tx:
                await queue.settle(tx, sid, [event.number for event in told], "done")
            quiet_since, kind = self._clock(), None

    async def _held(self, sid: str, holder: str) -> Kept | None:
        """The subscription while this connection is the one to be told."""
        async with self._database.connection() as tx:
            found = await kept.one(tx, sid)
        if found is None or found.holder != holder or found.status != kept.ACTIVE or found.has_ended(self._clock()):
            return None
        return found if still_stands(unpack(found.actor), self._directory) else None

    async def _next(self, found: Kept, wanted: Wanted) -> list[Told]:
        async with self._database.connection() as tx:
            again = await queue.opened(tx, found.id, wanted.max_count)
        if again:
            return await self._telling.again(found, again, "notify")
        fresh = await self._telling.choose(found, wanted.max_count)
        try:
            return await self._telling.first(found, fresh, "notify") if fresh else []
        except HubError as error:
            if error.code != "race":
                raise
            return []  # `$events` told them meanwhile

    def _patience(self, wanted: Wanted, since: datetime) -> float:
        """Seconds until there is something to look at, whatever is heard."""
        if wanted.heartbeat is None:
            return _ALONE_SECONDS
        left = (since + timedelta(seconds=wanted.heartbeat) - self._clock()).total_seconds()
        return min(max(left, 0.0), _ALONE_SECONDS)

    def _beat(self, wanted: Wanted, since: datetime) -> str | None:
        due = wanted.heartbeat is not None and since + timedelta(seconds=wanted.heartbeat) <= self._clock()
        return HEARTBEAT if due else None
