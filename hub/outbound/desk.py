"""What an integration engineer sees of outbound feeds: where they stand and what did not arrive. Never about whom.

Ids of resources are left out: they may tell of patients. A message is known by its number and its control id, under
which the receiver knows it too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from hub.db.database import Database
from hub.kernel.errors import Category, HubError
from hub.outbound import queue

_FEEDS: Final = """
SELECT f.name, f.error, f.tries, f.due, f.contact, c.waiting, c.done, c.dead
FROM outbound_feed f LEFT JOIN LATERAL (
    SELECT count(*) FILTER (WHERE state = 'waiting') AS waiting, count(*) FILTER (WHERE state = 'done') AS done,
        count(*) FILTER (WHERE state = 'dead') AS dead
    FROM outbound_message m WHERE m.feed = f.name) c ON true
WHERE $1::text[] IS NULL OR f.name = ANY($1) ORDER BY f.name
"""
_FIELDS: Final = "seq AS number, feed, kind, state, error, tries, due, control, happened, settled"
_MESSAGES: Final = f"""
SELECT {_FIELDS} FROM outbound_message
WHERE ($1::text IS NULL OR feed = $1) AND ($2::text IS NULL OR state = $2) AND ($3::bigint IS NULL OR seq < $3)
    AND ($5::text[] IS NULL OR feed = ANY($5)) ORDER BY seq DESC LIMIT $4
"""
_MESSAGE: Final = f"SELECT {_FIELDS} FROM outbound_message WHERE seq = $1"
_OF_OTHERS: Final = """
SELECT EXISTS (SELECT FROM outbound_message WHERE seq = ANY($1::bigint[]) AND NOT feed = ANY($2::text[]))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenFeed:
    """One feed: how its receiver fares, and how many messages wait, arrived and are dead letters.

    `tries` are those that failed in a row, `due` the next one, `contact` the last answer.
    """

    name: str
    error: str
    tries: int
    due: datetime | None
    contact: datetime | None
    waiting: int
    done: int
    dead: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenMessage:
    """One message: `state` waiting, done or dead, `error` the code of what went wrong last, `control` its MSH-10.

    `tries` is how often it was sent, the last time included, since it began to wait or was let wait again.
    """

    number: int
    feed: str
    kind: str
    state: str
    error: str
    tries: int
    due: datetime | None
    control: str
    happened: datetime
    settled: datetime | None


class OutboundDesk:
    """Looks and lets messages be sent again. Raises HubError NOT_FOUND, CONFLICT, UNAVAILABLE.

    `among` are the feeds the engineer may see, None for all; others are not there.
    """

    def __init__(self, database: Database) -> None:
        self._database: Final = database

    async def feeds(self, among: Sequence[str] | None = None) -> list[SeenFeed]:
        """All feeds that are or were configured, by name."""
        async with self._database.connection() as tx:
            return [SeenFeed(**dict(row)) for row in await tx.fetch(_FEEDS, among)]

    async def messages(
        self,
        *,
        feed: str | None = None,
        state: str | None = None,
        before: int | None = None,
        limit: int = 100,
        among: Sequence[str] | None = None,
    ) -> list[SeenMessage]:
        """Messages, newest first; of one feed or in one state only, with a number below `before`."""
        async with self._database.connection() as tx:
            return [SeenMessage(**dict(row)) for row in await tx.fetch(_MESSAGES, feed, state, before, limit, among)]

    async def message(self, number: int) -> SeenMessage:
        """One message."""
        async with self._database.connection() as tx:
            row = await tx.fetchrow(_MESSAGE, number)
        if row is None:
            raise HubError(Category.NOT_FOUND, "no such message", where="number")
        return SeenMessage(**dict(row))

    async def resend(self, numbers: Sequence[int], feed: str | None = None, among: Sequence[str] | None = None) -> int:
        """Let dead letters be sent again, by number or all of a feed, and try their receivers at once; how many.

        Raises HubError CONFLICT for a number that is no dead letter; then none is sent again.
        """
        async with self._database.transaction() as tx:
            if among is not None and await tx.fetchval(_OF_OTHERS, list(numbers), among):
                raise _not_dead()
            count = await queue.resend(tx, numbers, feed)
            if count < len(set(numbers)):
                raise _not_dead()
        return count


def _not_dead() -> HubError:
    return HubError(
        Category.CONFLICT,
        "one of these is no dead letter",
        where="number",
        todo="name those whose state is dead",
        code="not-dead",
    )
