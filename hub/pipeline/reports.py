"""The conversion report over time: what became of each source position of a feed, and what an edition changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal

from asyncpg import Record

from hub.db.database import Database, Tx
from hub.kernel.errors import Category, HubError
from hub.pipeline.counters import gather
from hub.pipeline.engineer import Engineer

Outcome = Literal["mapped", "carried", "refused"]

#: Holds for the counters of one `Window`, whose arguments are $1 to $3.
_WINDOW: Final = "feed = $1 AND ($2::date IS NULL OR day >= $2) AND ($3::date IS NULL OR day <= $3)"

_LINES: Final = """
SELECT {day} position, outcome, targets, reason,
  sum(messages)::bigint AS messages, sum(leaves)::bigint AS leaves, min(day) AS first, max(day) AS last
FROM conversion_count
WHERE {window} AND position <> '' AND ($4::text IS NULL OR outcome = $4) AND ($5::text IS NULL OR position ^@ $5)
GROUP BY {day} position, outcome, targets, reason
HAVING sum(messages) > 0
ORDER BY {day} sum(messages) DESC, position, outcome, targets, reason
"""

_TOTAL: Final = f"SELECT coalesce(sum(messages), 0)::bigint FROM conversion_count WHERE {_WINDOW} AND position = ''"

_EDITIONS: Final = """
SELECT e.id, e.profile, e.digest, e.since, coalesce(sum(c.messages), 0)::bigint AS messages
FROM conversion_edition AS e
LEFT JOIN conversion_count AS c ON c.feed = e.feed AND c.edition = e.id AND c.position = ''
WHERE e.feed = $1 GROUP BY e.id ORDER BY e.id DESC
"""

_CHANGES: Final = """
SELECT position, outcome, targets, reason,
  coalesce(sum(messages) FILTER (WHERE edition = $2), 0)::bigint AS before,
  coalesce(sum(messages) FILTER (WHERE edition = $3), 0)::bigint AS after
FROM conversion_count WHERE feed = $1 AND edition IN ($2, $3) AND position <> ''
GROUP BY position, outcome, targets, reason
HAVING (coalesce(sum(messages) FILTER (WHERE edition = $2), 0) > 0)
    <> (coalesce(sum(messages) FILTER (WHERE edition = $3), 0) > 0)
ORDER BY position, sum(messages) DESC, outcome, targets, reason
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Which part of the report: a feed, days of receipt in +08:00 (both included), an outcome, the start of a position.

    `daily`: one line for each day.
    """

    feed: str
    since: date | None = None
    until: date | None = None
    outcome: Outcome | None = None
    position: str | None = None
    daily: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What became of one position, in how many messages and leaves, from which day to which."""

    position: str
    outcome: str
    targets: tuple[str, ...]
    reason: str
    messages: int
    leaves: int
    first: date
    last: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """`messages`: how many with a report there were in all."""

    feed: str
    messages: int
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedEdition:
    """A profile in force for a feed since an instant, and how many messages stand as it converted them."""

    number: int
    profile: str
    digest: str
    since: datetime
    messages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """Something that became of a position under one of two editions and not under the other, by messages."""

    position: str
    outcome: str
    targets: tuple[str, ...]
    reason: str
    before: int
    after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What an edition changed against the last before it of which messages stand; `before` None where there is none."""

    feed: str
    before: FeedEdition | None
    after: FeedEdition | None
    lines: tuple[Changed, ...] = ()


class Reports:
    """The reports of the feeds in `facilities` (feed name -> facility code)."""

    def __init__(self, database: Database, facilities: Mapping[str, str]) -> None:
        self._database: Final = database
        self._facilities: Final = facilities

    async def report(self, window: Window, engineer: Engineer) -> Report:
        """What the reports kept with the messages say, added up. Raises HubError NOT_FOUND for an unknown feed."""
        self._admit(window.feed, engineer)
        arguments = window.feed, window.since, window.until
        sql = _LINES.format(window=_WINDOW, day="day," if window.daily else "")
        async with self._database.transaction() as tx:
            await gather(tx)
            rows = await tx.fetch(sql, *arguments, window.outcome, window.position)
            total = int(await tx.fetchval(_TOTAL, *arguments))
        return Report(feed=window.feed, messages=total, lines=tuple(Line(**_words(row)) for row in rows))

    async def changes(self, feed: str, engineer: Engineer, *, edition: int | None = None) -> Changes:
        """What an edition (none: the latest) changed. Raises HubError NOT_FOUND for an unknown feed or edition."""
        self._admit(feed, engineer)
        async with self._database.transaction() as tx:
            await gather(tx)
            editions = [_edition(row) for row in await tx.fetch(_EDITIONS, feed)]
            places = [n for n, each in enumerate(editions) if edition in {None, each.number}]
            if edition is not None and not places:
                raise HubError(Category.NOT_FOUND, "the feed has no such edition", where="edition", code="no-edition")
            newest = editions[places[0] :] if places else []
            after = newest[0] if newest else None
            # One whose messages were all replayed since has nothing left to compare with.
            before = next((each for each in newest[1:] if each.messages), None)
            return Changes(feed=feed, before=before, after=after, lines=await _changed(tx, feed, before, after))

    def _admit(self, feed: str, engineer: Engineer) -> None:
        if feed not in self._facilities or not engineer.sees(self._facilities[feed]):
            raise HubError(Category.NOT_FOUND, "no feed has this name", where="feed", todo="see consortium.yaml")


async def _changed(tx: Tx, feed: str, before: FeedEdition | None, after: FeedEdition | None) -> tuple[Changed, ...]:
    if before is None or after is None or not after.messages:
        return ()
    rows = await tx.fetch(_CHANGES, feed, before.number, after.number)
    return tuple(Changed(**_words(row)) for row in rows)


def _words(row: Record) -> dict[str, Any]:
    words = {key: value for key, value in row.items() if key != "day"}
    return words | {"targets": tuple(filter(None, row["targets"].split(", ")))}


def _edition(row: Record) -> FeedEdition:
    return FeedEdition(number=row["id"], **{key: value for key, value in row.items() if key != "id"})
