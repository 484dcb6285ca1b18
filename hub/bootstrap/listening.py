"""Envelope readers that follow the profiles of their feeds while a process listens.

A message is read by the profile as it stands, and keeps its place behind those that were read by an earlier one and may
still wait: for an hour its lanes are those of both. Messages may be read in several threads: one of them looks at the
files and lets what it made stand in one step, the others read on by what stands.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Final

from msgspec.structs import replace

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


@dataclass(frozen=True, slots=True)
class _Standing:
    """The reader of one feed, and those before it with the time until which their lanes count."""

    read: EnvelopeReader
    earlier: tuple[tuple[float, EnvelopeReader], ...] = ()


class ListeningProfiles:
    """The readers of every feed of one process, by feed. Raises HubError INVALID for a profile that is wrong."""

    def __init__(self, consortium: Consortium, log: Log, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock: Final = clock
        self._listening = False
        self._files: Final = ProfileFiles(
            consortium, lambda feed: reading_of(feed, feed.profile), self._reader, log, clock
        )
        self._listening = True
        self._standing: Final = {name: _Standing(read) for name, read in self._files.made.items()}
        self._looking: Final = Lock()

    def readers(self) -> Mapping[str, EnvelopeReader]:
        """A reader for every feed, by feed, to be kept for as long as the process listens."""
        return {name: self._following(name) for name in self._standing}

    def _following(self, name: str) -> EnvelopeReader:
        def read(raw: bytes) -> Envelope:
            self._renew()
            standing, now = self._standing[name], self._clock()
            envelope = standing.read(raw)
            before = [lane for until, earlier in standing.earlier if until > now for lane in earlier(raw).lanes]
            return replace(envelope, lanes=tuple(dict.fromkeys((*envelope.lanes, *before)))) if before else envelope

        return read

    def _renew(self) -> None:
        """Look at the files, unless another thread does."""
        if not self._looking.acquire(blocking=False):
            return
        try:
            for name in self._files.changed():
                now, standing = self._clock(), self._standing[name]
                waiting = (one for one in standing.earlier if one[0] > now)
                earlier = (*waiting, (now + _WAITING, standing.read))
                self._standing[name] = _Standing(self._files.made[name], earlier)
        finally:
            self._looking.release()

    def _reader(self, feed: Feed, reading: Reading) -> EnvelopeReader:
        """A changed profile that workers would refuse is not taken here either; the first they judge themselves."""
        if self._listening:
            reading.translator(feed.facility, keyed_ids(PUBLIC_KEY), "")
        return reading.envelope_reader()
