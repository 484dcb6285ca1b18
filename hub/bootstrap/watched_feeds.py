"""The feeds as engineers watch them, and what is wrong with their profiles."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from hub.bootstrap.formats import reading_of
from hub.bootstrap.foundation import Foundation
from hub.bootstrap.reloading import Looks, looks_of
from hub.db.database import Database
from hub.kernel.clock import system_clock
from hub.kernel.consortium import Consortium, Feed
from hub.kernel.errors import HubError
from hub.pipeline.feeds import Feeds


def watched_feeds(foundation: Foundation, database: Database) -> Feeds:
    """Every incoming feed of the consortium."""
    consortium = foundation.consortium
    return Feeds(database, consortium.feeds, ProfileProblems(consortium), system_clock)


@asynccontextmanager
async def opened_feeds(foundation: Foundation) -> AsyncIterator[Feeds]:
    """The same with a database of its own, for the command line."""
    async with foundation.database("feeds", size=1) as database:
        yield watched_feeds(foundation, database)


class ProfileProblems:
    """What is wrong with the profiles of a consortium as their files stand, by feed; read again when they change."""

    def __init__(self, consortium: Consortium) -> None:
        self._feeds: Final = {name: feed for name, feed in consortium.feeds.items() if feed.profile is not None}
        self._right: Final[dict[str, Looks]] = {}
        self._files: Final[dict[str, tuple[Path, ...]]] = {}

    def __call__(self) -> Mapping[str, str]:
        problems = {name: self._problem(name, feed) for name, feed in self._feeds.items()}
        return {name: problem for name, problem in problems.items() if problem}

    def _problem(self, name: str, feed: Feed) -> str:
        if name in self._right and looks_of(self._files[name]) == self._right[name]:
            return ""
        try:
            reading = reading_of(feed, feed.profile)
        except HubError as error:
            self._right.pop(name, None)
            return str(error)
        if feed.profile is not None:
            self._files[name] = tuple(reading.files(feed.profile))
            self._right[name] = looks_of(self._files[name])
        return ""
