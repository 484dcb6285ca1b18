"""What an owner may ask about its subscriptions: `$status`, `$events`, `$get-ws-binding-token` (backport 1.1.0)."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from hub.auth.actor import Actor
from hub.db.database import Database, Tx
from hub.events import kept, queue
from hub.events.kept import Kept
from hub.events.notification import QUERY_EVENT, QUERY_STATUS, notification, status
from hub.events.subscriptions import Subscriptions
from hub.events.telling import Telling
from hub.events.wanted import MOST_EVENTS, WEBSOCKET
from hub.gate.origin import UNKNOWN_ORIGIN, Origin
from hub.kernel.clock import Clock
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from hub.records.subscribing import Subscribing

#: How long a token binds.
LIFETIME: Final = timedelta(seconds=60)
_LAST: Final = 2**63 - 1

_KEEP: Final = "INSERT INTO subscription_ticket (digest, owner, subscriptions, expires) VALUES ($1, $2, $3, $4)"
#: Taken away by its first use, so of two who show it one is bound.
_TAKE: Final = "DELETE FROM subscription_ticket WHERE digest = $1 RETURNING owner, subscriptions, expires"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """What binds a WebSocket: the token, until when, to which subscriptions."""

    token: str
    expires: datetime
    subscriptions: tuple[str, ...]


class Operations:
    """Raises HubError NOT_FOUND for what is not the actor's own, FORBIDDEN (scope), INVALID, UNAVAILABLE."""

    def __init__(
        self,
        database: Database,
        subscriptions: Subscriptions,
        telling: Telling,
        subscribing: Subscribing,
        clock: Clock,
        *,
        base_url: str,
    ) -> None:
        self._database: Final = database
        self._subscriptions: Final = subscriptions
        self._telling: Final = telling
        self._subscribing: Final = subscribing
        self._clock: Final = clock
        self._base_url: Final = base_url

    async def statuses(self, actor: Actor, ids: Sequence[str], states: Sequence[str]) -> list[Json]:
        """The status of those asked for by id, else of all; of `states` only, where any are given."""
        found = await self._subscriptions.all_own(actor)
        return [
            self._status(one) for one in found if (not ids or one.id in ids) and (not states or one.status in states)
        ]

    async def status(self, actor: Actor, sid: str) -> Json:
        """The status of one."""
        return self._status(await self._subscriptions.own(actor, sid))

    async def events(
        self,
        actor: Actor,
        sid: str,
        *,
        since: int | None = None,
        until: int | None = None,
        content: str | None = None,
        origin: Origin = UNKNOWN_ORIGIN,
    ) -> bytes:
        """A Bundle of the events from one number to another, both included; at most 100, so ask on from the last.

        What waits is told, and gets its numbers, if the numbers asked for reach that far. `content` may say less than
        the subscription does, never more.
        """
        found = await self._subscriptions.own(actor, sid)
        wanted = self._subscriptions.wanted(found)
        first, last = max(since or 0, 0), _LAST if until is None else min(until, _LAST)
        asked = {"eventsSinceNumber": since, "eventsUntilNumber": until, "content": content}
        what = "$events&" + urlencode({name: value for name, value in asked.items() if value is not None})
        async with self._database.connection() as tx:
            known = await queue.numbered(tx, sid, first, last, MOST_EVENTS)
        told = await self._telling.again(found, known, what, origin=origin)
        left = min(MOST_EVENTS - len(known), last - found.counter)
        if left > 0 and found.status != kept.OFF:
            waiting = await self._telling.choose(found, left)
            told += await self._telling.first(found, waiting, what, origin=origin) if waiting else []
        told = [event for event in told if first <= event.number <= last]
        counter = max([found.counter, *(event.number for event in told)])
        return notification(
            found.standing(counter=counter),
            QUERY_EVENT,
            self._base_url,
            self._clock(),
            content=_less(wanted.content, content),
            events=told,
        )

    async def ticket(self, actor: Actor, ids: Sequence[str], *, origin: Origin = UNKNOWN_ORIGIN) -> Ticket:
        """A token for the websocket subscriptions asked for, else for all. It is kept as a digest, and binds once."""
        own = {one.id: one for one in await self._subscriptions.all_own(actor) if one.channel == WEBSOCKET}
        if not own or not set(ids) <= own.keys():
            raise HubError(Category.NOT_FOUND, "no such websocket subscription", where="Subscription")
        token, bound = secrets.token_urlsafe(32), tuple(sorted(set(ids) or own))
        owner = own[bound[0]].owner

        async def work(tx: Tx, now: datetime) -> Ticket:
            await tx.execute(_KEEP, _digest(token), owner, list(bound), now + LIFETIME)
            return Ticket(token=token, expires=now + LIFETIME, subscriptions=bound)

        return await self._subscribing.act(actor, origin, "operation", bound[0] if len(bound) == 1 else None, work)

    def _status(self, found: Kept) -> Json:
        return status(found.standing(), QUERY_STATUS, self._base_url)


async def redeem(tx: Tx, token: str, now: datetime) -> list[Kept]:
    """The subscriptions a token binds to, as they stand; none for one that is not valid (any more)."""
    row = await tx.fetchrow(_TAKE, _digest(token))
    if row is None or row["expires"] <= now:
        return []
    found = [await kept.one(tx, sid) for sid in row["subscriptions"]]
    return [one for one in found if one is not None and one.owner == row["owner"] and one.channel == WEBSOCKET]


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


_CONTENTS: Final = ("empty", "id-only", "full-resource")


def _less(subscribed: str, asked: str | None) -> str:
    if asked is None:
        return subscribed
    if asked not in _CONTENTS:
        todo = f"one of {', '.join(_CONTENTS)}"
        raise HubError(Category.INVALID, "is no content", where="content", todo=todo, code="search-value")
    return min(subscribed, asked, key=_CONTENTS.index)
