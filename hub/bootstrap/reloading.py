"""Profiles that change while the hub runs: looked at now and then, taken when they are right, told when they are not.

A file that is being written is not taken: it must look the same at two looks. One that is wrong changes nothing; the
conversions stay those of the last that was right.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Generic, TypeVar

from hub.bootstrap.feeds import edition_of
from hub.bootstrap.reading import Reading
from hub.kernel.consortium import Consortium, Feed
from hub.kernel.errors import HubError
from hub.kernel.log import Log
from hub.kernel.ports import Translator
from hub.kernel.types import Edition
from hub.pipeline.conversions import Conversions

T = TypeVar("T")

#: Seconds between two looks at the files.
_SECONDS: Final = 2.0

#: What a set of files looks like: path, time of change, size of each; -1 for one that is not there.
Looks = tuple[tuple[str, int, int], ...]


@dataclass(slots=True)
class _Watched:
    """A feed whose profile is a file: its files, and how they looked when last taken and when last seen."""

    feed: Feed
    path: Path
    files: tuple[Path, ...]
    taken: Looks
    seen: Looks


class ProfileFiles(Generic[T]):
    """What one process makes of the profiles of all feeds, by feed, in `made`.

    `read` reads the profile of a feed as it stands now, `make` makes something of it; both raise HubError INVALID for
    one that is wrong.
    """

    def __init__(
        self,
        consortium: Consortium,
        read: Callable[[Feed], Reading],
        make: Callable[[Feed, Reading], T],
        log: Log,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Read all profiles. Raises HubError INVALID for one that is wrong: a hub does not start with it."""
        self._read: Final = read
        self._make: Final = make
        self._log: Final = log
        self._clock: Final = clock
        self._next = clock() + _SECONDS
        self._watched: Final[list[_Watched]] = []
        self.made: Final[dict[str, T]] = {}
        for feed in consortium.feeds.values():
            reading = read(feed)
            self.made[feed.name] = make(feed, reading)
            if feed.profile is not None:
                files = tuple(reading.files(feed.profile))
                looks = looks_of(files)
                self._watched.append(_Watched(feed, feed.profile, files, looks, looks))

    def changed(self) -> list[str]:
        """The feeds something else was made for since the last call, at most every two seconds."""
        now = self._clock()
        if now < self._next:
            return []
        self._next = now + _SECONDS
        found = []
        for one in self._watched:
            looks = looks_of(one.files)
            if looks not in (one.seen, one.taken):
                one.seen = looks
            elif looks != one.taken:
                one.taken = looks
                found += [one.feed.name] if self._take(one) else []
        return found

    def _take(self, one: _Watched) -> bool:
        try:
            reading = self._read(one.feed)
            made = self._make(one.feed, reading)
        except HubError as error:
            name, category, code = one.feed.name, error.category, error.code
            self._log.event("profile_refused", level="ERROR", feed=name, category=category, code=code)
            return False
        one.files = tuple(reading.files(one.path))
        one.taken = one.seen = looks_of(one.files)
        self.made[one.feed.name] = made
        self._log.event("profile_taken", feed=one.feed.name)
        return True


class ProfileWatch:
    """The conversions of one process; called before each batch.

    `read` reads the profile of a feed as it stands now, `make` gives the feed's translator.
    """

    def __init__(
        self,
        consortium: Consortium,
        read: Callable[[Feed], Reading],
        make: Callable[[Feed, Reading], Translator],
        log: Log,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """As `ProfileFiles`."""

        def converted(feed: Feed, reading: Reading) -> tuple[Translator, Edition]:
            return make(feed, reading), edition_of(feed, reading)

        self._files: Final = ProfileFiles(consortium, read, converted, log, clock)
        made = self._files.made
        self.conversions = Conversions(
            {name: translator for name, (translator, _) in made.items()},
            {name: edition for name, (_, edition) in made.items()},
        )

    def __call__(self) -> Conversions | None:
        """The conversions, if a profile changed since the last call; None else."""
        before = self.conversions
        for name in self._files.changed():
            translator, edition = self._files.made[name]
            if edition != self.conversions.editions[name]:
                self.conversions = _with(self.conversions, name, translator, edition)
        return None if self.conversions is before else self.conversions


def _with(known: Conversions, feed: str, translator: Translator, edition: Edition) -> Conversions:
    translators: Mapping[str, Translator] = {**known.translators, feed: translator}
    return Conversions(translators, {**known.editions, feed: edition})


def looks_of(files: tuple[Path, ...]) -> Looks:
    """How files look now: what changes is another."""
    return tuple(_look(path) for path in files)


def _look(path: Path) -> tuple[str, int, int]:
    try:
        found = path.stat()
    except OSError:
        return str(path), -1, -1
    return str(path), found.st_mtime_ns, found.st_size
