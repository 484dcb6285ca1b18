"""Delivery over rest-hook: handshakes, events in order, heartbeats; tries with growing pauses.

Only one courier works at a time, whatever the number of processes; everything it must remember stands in the database,
so another one goes on where it was killed. At least once: what was sent and not known to have arrived is sent again
under its number.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from hub.auth.directory import Directory
from hub.db.database import Database
from hub.events import kept, queue
from hub.events.headers import Seal, parts
from hub.events.kept import Kept
from hub.events.line import Line, line
from hub.events.notification import EVENTS, HANDSHAKE, HEARTBEAT, Told, notification
from hub.events.owners import still_stands, unpack
from hub.events.receivers import Receivers, Target
from hub.events.telling import Telling
from hub.events.wanted import Wanted, read_wanted
from hub.kernel.addresses import Resolve, resolve
from hub.kernel.clock import Clock
from hub.kernel.errors import Category, HubError
from hub.kernel.log import Log

#: The longest pause between two tries.
_LONGEST: Final = timedelta(hours=1)
_NOTIFY: Final = "notify"
#: Notifications of one subscription before others that wait have their turn.
_IN_A_ROW: Final = 200

_DUE: Final = """
SELECT id FROM subscription s WHERE channel = 'rest-hook' AND (
    status = 'requested' OR status = 'active' AND (due IS NULL OR due <= $1) AND (
        contact + make_interval(secs => heartbeat) <= $1
        OR EXISTS (SELECT FROM subscription_event e WHERE e.subscription = s.id AND e.state IN ('waiting', 'open'))))
ORDER BY id
"""
_FAILED: Final = """
UPDATE subscription SET tries = tries + 1, due = $3, error = $4 WHERE id = $1 AND version = $2 AND status = 'active'
"""
_ARRIVED: Final = "UPDATE subscription SET tries = 0, due = NULL, error = '', contact = $2 WHERE id = $1"


class Courier:
    """Delivers what is due. `tries` are how often a notification is sent in all before it is laid aside."""

    def __init__(
        self,
        database: Database,
        telling: Telling,
        receivers: Receivers,
        directory: Directory,
        seal: Seal,
        clock: Clock,
        log: Log,
        *,
        canonical_base: str,
        base_url: str,
        tries: int,
        resolver: Resolve = resolve,
    ) -> None:
        self._database: Final = database
        self._telling: Final = telling
        self._receivers: Final = receivers
        self._directory: Final = directory
        self._seal: Final = seal
        self._clock: Final = clock
        self._log: Final = log
        self._canonical_base: Final = canonical_base
        self._base_url: Final = base_url
        self._tries: Final = tries
        self._resolver: Final = resolver

    async def due(self) -> list[str]:
        """Subscriptions for which there is something to do now."""
        async with self._database.connection() as tx:
            return [row[0] for row in await tx.fetch(_DUE, self._clock())]

    async def serve(self, sid: str) -> None:
        """Do what there is to do for one subscription, until a try fails or others have waited. Never raises."""
        try:
            for _ in range(_IN_A_ROW):
                if not await self._step(sid):
                    break
        except HubError as error:
            # The database is away, or somebody else was faster: the next turn looks again.
            self._log.event("delivery-put-off", level="WARNING", code=error.code)
        except Exception as error:
            self._log.failure("delivery-failed", error)

    async def _step(self, sid: str) -> bool:
        """One notification; True if another one may follow at once."""
        async with self._database.connection() as tx:
            found = await kept.one(tx, sid)
        if found is None or found.status not in {kept.REQUESTED, kept.ACTIVE} or found.has_ended(self._clock()):
            return False
        try:
            wanted = read_wanted(found.resource, canonical_base=self._canonical_base, base_url=self._base_url)
            target = self._receivers.target(wanted.endpoint, found.organization)
            if not still_stands(unpack(found.actor), self._directory):
                raise HubError(Category.FORBIDDEN, "its owner is no member any more", code="owner-gone")
        except HubError as error:
            await self._stop(found, error.code)
            return False
        if found.status == kept.REQUESTED:
            return await self._handshake(found, wanted, target)
        return await self._events(found, wanted, target)

    async def _handshake(self, found: Kept, wanted: Wanted, target: Target) -> bool:
        """ "Any errors in the initial handshake SHALL result in the status being changed to error" (channels.html)."""
        try:
            await self._send(found, wanted, target, HANDSHAKE)
        except HubError as error:
            if not _is_lasting(error):
                raise
            await self._stop(found, error.code)
            return False
        async with self._database.transaction() as tx:
            return await kept.activate(tx, found.id, self._clock())

    async def _events(self, found: Kept, wanted: Wanted, target: Target) -> bool:
        async with self._database.connection() as tx:
            again = await queue.opened(tx, found.id, wanted.max_count)
        fresh = [] if again else await self._telling.choose(found, wanted.max_count)
        if not again and not fresh:
            return await self._heartbeat(found, wanted, target)
        told: list[Told] = []
        try:
            # Judged, recorded and numbered once the connection stands; where there is none, nothing has happened.
            async with line(target, resolver=self._resolver) as open_line:
                told += await (self._telling.again if again else self._telling.first)(found, again or fresh, _NOTIFY)
                if told:
                    await self._post(open_line, found, wanted, EVENTS, told)
        except HubError as error:
            return await self._failed(found, error, told)
        await self._arrived(found, told)
        return True

    async def _heartbeat(self, found: Kept, wanted: Wanted, target: Target) -> bool:
        now = self._clock()
        since = found.contact or now
        if wanted.heartbeat is None or since + timedelta(seconds=wanted.heartbeat) > now:
            return False
        try:
            await self._send(found, wanted, target, HEARTBEAT)
        except HubError as error:
            return await self._failed(found, error, ())
        await self._arrived(found, ())
        return False

    async def _send(self, found: Kept, wanted: Wanted, target: Target, kind: str) -> None:
        async with line(target, resolver=self._resolver) as open_line:
            await self._post(open_line, found, wanted, kind, ())

    async def _post(self, open_line: Line, found: Kept, wanted: Wanted, kind: str, told: Sequence[Told]) -> None:
        """Raises HubError UNAVAILABLE unless the receiver takes it (2xx); a redirection is a refusal."""
        standing = found.standing(counter=max(found.counter, told[-1].number if told else 0))
        body = notification(standing, kind, self._base_url, self._clock(), content=wanted.content, events=told)
        headers = [parts(text) for text in self._seal.open(found.id, found.headers)]
        status = await open_line.post(body, wanted.payload, headers, wanted.timeout)
        if not 200 <= status < 300:
            self._log.event("notification-refused", level="WARNING", status=status, attempt=found.tries + 1)
            raise HubError(Category.UNAVAILABLE, "was refused", where="receiver", code=f"receiver-{status}")

    async def _arrived(self, found: Kept, told: Sequence[Told]) -> None:
        async with self._database.transaction() as tx:
            await queue.settle(tx, found.id, [event.number for event in told], "done")
            await tx.execute(_ARRIVED, found.id, self._clock())

    async def _failed(self, found: Kept, error: HubError, told: Sequence[Told]) -> bool:
        """Wait before the next try, or lay aside what was tried for the last time. Always False."""
        if not _is_lasting(error):
            raise error
        if found.tries + 1 < self._tries:
            due = self._clock() + min(_LONGEST, timedelta(seconds=2.0 ** min(found.tries, 20)))
            async with self._database.connection() as tx:
                await tx.execute(_FAILED, found.id, found.version, due, error.code)
            return False
        async with self._database.transaction() as tx:
            await queue.settle(tx, found.id, [event.number for event in told], "dead")
            await kept.stop(tx, [found.id], kept.ERROR, error.code)
        self._log.event("subscription-error", level="ERROR", code=error.code, attempt=found.tries + 1)
        return False

    async def _stop(self, found: Kept, code: str) -> None:
        async with self._database.transaction() as tx:
            await kept.stop(tx, [found.id], kept.ERROR, code)
        self._log.event("subscription-error", level="ERROR", code=code, attempt=found.tries + 1)


def _is_lasting(error: HubError) -> bool:
    """Whether it is the receiver, or a defect: then a try has failed. The database's failures are nobody's tries."""
    return error.code.startswith("receiver-") or error.category is Category.FAULT
