"""Envelope readers that follow the profiles of their feeds while a process listens.

A message is read by the profile as it stands, and keeps its place behind those that were read by an earlier one and may
still wait: for an hour its lanes are those of both.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from hub.bootstrap.formats import reading_of
from hub.bootstrap.reading import Reading
from hub.bootstrap.reloading import ProfileFiles
from hub.kernel.consortium import Consortium, Feed
from hub.kernel.ids import PUBLIC_KEY, keyed_ids
from hub.kernel.log import Log
from hub.kernel.ports import EnvelopeReader
from hub.kernel.types import Envelope

#: Seconds a message may have waited that was read by an earlier profile. What waits longer is kept in order by the door
#: of the records: an older message never undoes what a newer one said.
_WAITING: Final = 3600.0


@dataclass(slots=True)
class _Follower:
    """The reader of one feed, and those before it with the time until which their lanes count."""

    read: EnvelopeReader
    earlier: list[tuple[float, EnvelopeReader]] = field(default_factory=list)


class ListeningProfiles:
    """The readers of every feed of one process, by feed. Raises HubError INVALID for a profile that is wrong."""

    def __init__(self, consortium: Consortium, log: Log, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock: Final = clock
        self._listening = False
        self._files: Final = ProfileFiles(
            consortium, lambda feed: reading_of(feed, feed.profile), self._reader, log, clock
        )
        self._listening = True
        self._followers: Final = {name: _Follower(read) for name, read in self._files.made.items()}

    def readers(self) -> Mapping[str, EnvelopeReader]:
        """A reader for every feed, by feed, to be kept for as long as the process listens."""
        return {name: self._following(follower) for name, follower in self._followers.items()}

    def _following(self, follower: _Follower) -> EnvelopeReader:
        def read(raw: bytes) -> Envelope:
            self._renew()
            envelope = follower.read(raw)
            if not follower.earlier:
                return envelope
            now = self._clock()
            follower.earlier = [(until, earlier) for until, earlier in follower.earlier if until > now]
            before = (lane for _, earlier in follower.earlier for lane in earlier(raw).lanes)
            return replace(envelope, lanes=tuple(dict.fromkeys((*envelope.lanes, *before))))

        return read

    def _renew(self) -> None:
        for name in self._files.changed():
            follower = self._followers[name]
            follower.earlier.append((self._clock() + _WAITING, follower.read))
            follower.read = self._files.made[name]

    def _reader(self, feed: Feed, reading: Reading) -> EnvelopeReader:
        """A changed profile that workers would refuse is not taken here either; the first they judge themselves."""
        if self._listening:
            reading.translator(feed.facility, keyed_ids(PUBLIC_KEY), "")
        return reading.envelope_reader()
