"""What becomes of one object that is sent (C-STORE): its header in the inbox, then the status.

| what comes | kept | status |
|---|---|---|
| an object whose header can be read | inbox (also a duplicate, also a conflict) | 0x0000 |
| an object that cannot be read | inbox, as a dead letter | 0xC000 |
| a header beyond the limit | no; a warning is logged | 0xA700 |
| anything while the inbox is away, or takes too long | unknown; sent again it is a duplicate at worst | 0xA700 |
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

from connectors.pacs.trim import before_pixels, part_10
from hub.kernel.clock import Clock
from hub.kernel.errors import DIMSE, Category, HubError
from hub.kernel.log import Log
from hub.kernel.ports import EnvelopeReader, Inbox
from hub.kernel.types import Received

SUCCESS: Final = 0x0000
#: Bytes of a header; one that is larger is refused.
MOST_BYTES: Final = 16 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One object as it came: its encoded data set, its transfer syntax, what it says it is, and who sent it."""

    encoded: memoryview
    syntax: str
    sop_class: str
    sop_instance: str
    peer: str


class Intake:
    """Decides about the objects of one feed; called from the threads of the associations."""

    def __init__(
        self,
        feed: str,
        *,
        inbox: Inbox,
        read_envelope: EnvelopeReader,
        clock: Clock,
        log: Log,
        loop: asyncio.AbstractEventLoop,
        seconds: float = 10,
        max_bytes: int = MOST_BYTES,
    ) -> None:
        self._feed: Final = feed
        self._inbox: Final = inbox
        self._read: Final = read_envelope
        self._clock: Final = clock
        self._log: Final = log
        self._loop: Final = loop
        self._seconds: Final = seconds
        self._max_bytes: Final = max_bytes

    def receive(self, sent: Sent) -> int:
        """Store the header of an object; the DIMSE status. Never raises."""
        try:
            return self._received(sent)
        except HubError as error:
            self._log.event("pacs.refused", level="WARNING", feed=self._feed, code=error.code)
            return DIMSE[error.category]
        except Exception as error:
            self._log.failure("pacs.not-stored", error, feed=self._feed)
            return DIMSE[Category.FAULT]

    def _received(self, sent: Sent) -> int:
        raw = self._header(sent)
        if len(raw) > self._max_bytes:
            raise HubError(Category.TOO_LARGE, "the header is too large", code="too-large")
        envelope = self._read(raw)
        received = Received(feed=self._feed, raw=raw, envelope=envelope, received_at=self._clock(), peer=sent.peer)
        self._stored(received)
        return SUCCESS if envelope.problem is None else DIMSE[envelope.problem.category]

    def _header(self, sent: Sent) -> bytes:
        """The file of the header; of a data set that cannot be walked, what fits of it, so that it can be looked at."""
        try:
            end = before_pixels(sent.encoded, sent.syntax)
        except HubError:
            if len(sent.encoded) > self._max_bytes:  # no more was read of it (connectors.pacs.stores)
                raise HubError(Category.TOO_LARGE, "the header is too large", code="too-large") from None
            end = min(len(sent.encoded), self._max_bytes // 16)
        return part_10(bytes(sent.encoded[:end]), sent.syntax, sent.sop_class, sent.sop_instance)

    def _stored(self, received: Received) -> None:
        future = asyncio.run_coroutine_threadsafe(self._inbox.accept(received), self._loop)
        try:
            accepted = future.result(self._seconds)
        except TimeoutError:
            future.cancel()
            raise HubError(Category.UNAVAILABLE, "could not be stored in time", code="inbox-late") from None
        self._log.event("pacs.accepted", level="DEBUG", feed=self._feed, message=accepted.message, state=accepted.state)
