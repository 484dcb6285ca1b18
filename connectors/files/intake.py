"""A file into the inbox, message by message: it is taken when all of them are durable.

A file that cannot be taken apart is one dead letter, kept whole. Taken twice, whether because a process was killed in
between or because somebody sent it again, its messages are duplicates: their identity is their own, not the file's.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final

from hub.kernel.clock import Clock
from hub.kernel.errors import HubError
from hub.kernel.ports import EnvelopeReader, Inbox
from hub.kernel.types import Accepted, Envelope, Received, Taken

#: Messages handed to the inbox at once: it stores as many in one transaction.
_AT_ONCE: Final = 256

#: The messages of a file that came at an instant, with their places. Raises HubError for what cannot be taken apart.
Split = Callable[[bytes, datetime], Iterator[tuple[str, bytes]]]


class FileIntake:
    """Takes the files of one feed; implements `hub.kernel.ports.FileTaker`."""

    def __init__(
        self,
        feed: str,
        *,
        inbox: Inbox,
        read_envelope: EnvelopeReader,
        split: Split,
        to_mend: Callable[[bytes, datetime], bytes],
        clock: Clock,
    ) -> None:
        self._feed: Final = feed
        self._inbox: Final = inbox
        self._read: Final = read_envelope
        self._split: Final = split
        self._to_mend: Final = to_mend
        self._clock: Final = clock

    async def __call__(self, raw: bytes, peer: str) -> Taken:
        """Take one file. Raises HubError UNAVAILABLE when not all of it could be stored: take it again."""
        digest, now = hashlib.sha256(raw).hexdigest(), self._clock()
        try:
            found = await asyncio.to_thread(self._apart, raw, now)
        except HubError as error:
            envelope = Envelope(identity=f"sha256:{digest}", problem=error)
            return Taken(messages=(await self._accept(raw, envelope, f"{peer} {digest[:12]}", now),), refusal=error)
        taken: list[Accepted] = []
        for begin in range(0, len(found), _AT_ONCE):
            some = found[begin : begin + _AT_ONCE]
            taken += await asyncio.gather(
                *(self._accept(each, envelope, f"{peer} {digest[:12]} {place}", now) for place, each, envelope in some)
            )
        return Taken(messages=tuple(taken), to_mend=await asyncio.to_thread(self._to_mend, raw, now))

    def _apart(self, raw: bytes, received: datetime) -> list[tuple[str, bytes, Envelope]]:
        return [(place, each, self._read(each)) for place, each in self._split(raw, received)]

    async def _accept(self, raw: bytes, envelope: Envelope, peer: str, at: datetime) -> Accepted:
        """`peer` tells which file, by its hash: the name of a file may be the name of a person."""
        received = Received(feed=self._feed, raw=raw, envelope=envelope, received_at=at, peer=peer)
        return await self._inbox.accept(received)
