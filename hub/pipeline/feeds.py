"""The feeds as engineers watch them: their figures, and how each is. Nothing of a message is read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final

from asyncpg import Record

from hub.db.database import Database
from hub.fhir.temporal import CHINA
from hub.kernel.clock import Clock
from hub.kernel.consortium import Feed
from hub.kernel.types import Json, State
from hub.pipeline.arrivals import Arrivals, first_since
from hub.pipeline.engineer import Engineer
from hub.pipeline.health import Colour, Figures, Finding, judge, worst

#: Says what is wrong with profiles as they stand in the files now, by feed; nothing of those that are right.
ProfileProblems = Callable[[], Mapping[str, str]]

# The index by feed, state and number answers each part with one probe, but the dead and the queued, which are few.
_FIGURES: Final = """
SELECT f.feed, ends.first, ends.last, queued.waits, queued.oldest, dead.dead, dead.hour
FROM unnest($1::text[]) AS f (feed)
CROSS JOIN LATERAL (
    SELECT min(a.received_at) AS first, max(z.received_at) AS last FROM unnest($2::text[]) AS s (state)
    LEFT JOIN LATERAL (SELECT received_at FROM inbox WHERE feed = f.feed AND state = s.state ORDER BY id LIMIT 1) a
        ON true
    LEFT JOIN LATERAL (SELECT received_at FROM inbox WHERE feed = f.feed AND state = s.state ORDER BY id DESC LIMIT 1) z
        ON true
) AS ends
CROSS JOIN LATERAL (
    SELECT count(*) AS waits, min(received_at) AS oldest FROM inbox WHERE feed = f.feed AND state = 'queued'
) AS queued
CROSS JOIN LATERAL (
    SELECT count(*) AS dead, count(*) FILTER (WHERE id >= $3) AS hour FROM inbox WHERE feed = f.feed AND state = 'dead'
) AS dead
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedFeed:
    """A feed, its figures, and what is to be said of it, the worst first."""

    feed: Feed
    figures: Figures
    findings: list[Finding]

    @property
    def colour(self) -> Colour:
        return worst(self.findings)

    def as_json(self) -> Json:
        """For programs."""
        feed = self.feed
        what = {"feed": feed.name, "facility": feed.facility, "transport": feed.transport, "format": feed.format}
        return what | {"state": self.colour, "findings": list(map(asdict, self.findings)), **asdict(self.figures)}


class Feeds:
    """The incoming feeds of a consortium."""

    def __init__(self, database: Database, feeds: Mapping[str, Feed], problems: ProfileProblems, clock: Clock) -> None:
        self._database: Final = database
        self._feeds: Final = feeds
        self._problems: Final = problems
        self._clock: Final = clock
        self._arrivals: Final = Arrivals()
        self._turn: Final = asyncio.Lock()

    async def seen(self, engineer: Engineer) -> list[WatchedFeed]:
        """The feeds of his facilities in the order of the consortium file. Raises HubError UNAVAILABLE."""
        return [one for one in await self.all() if engineer.sees(one.feed.facility)]

    async def all(self) -> list[WatchedFeed]:
        """Every feed. Raises HubError UNAVAILABLE."""
        now = self._clock().astimezone(CHINA)
        hour = now - timedelta(hours=1)
        async with self._turn, self._database.connection() as connection:
            await self._arrivals.look(connection, now)
            rows = await connection.fetch(_FIGURES, list(self._feeds), list(State), await first_since(connection, hour))
        problems = await asyncio.to_thread(self._problems)
        found = {row["feed"]: row for row in rows}
        return [self._seen(feed, found[name], problems.get(name, ""), now, hour) for name, feed in self._feeds.items()]

    def _seen(self, feed: Feed, row: Record, problem: str, now: datetime, hour: datetime) -> WatchedFeed:
        figures = Figures(
            first=row["first"],
            last=row["last"],
            hour=self._arrivals.since(feed.name, hour),
            day=self._arrivals.since(feed.name, now - timedelta(days=1)),
            waits=row["waits"],
            oldest=row["oldest"],
            dead=row["dead"],
            dead_hour=row["hour"],
        )
        return WatchedFeed(feed=feed, figures=figures, findings=judge(figures, feed.expected, problem, now))
