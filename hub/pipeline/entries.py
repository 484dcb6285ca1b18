"""Received messages as the inbox keeps them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from hub.kernel.types import Received
from hub.pipeline.reason import storable


@dataclass(frozen=True, slots=True)
class Entry:
    """A message, the code of the facility whose feed it came by, and the SHA-256 of its bytes."""

    received: Received
    facility: str
    sha256: bytes

    @property
    def claim(self) -> bytes | None:
        """What it claims as its identity, as it is kept; None where a refused one keeps that free, or there is none.

        The sender of a refused message may mend and send it again.
        """
        envelope = self.received.envelope
        return digest(envelope.identity) if envelope.identity and envelope.problem is None else None

    @property
    def texts(self) -> tuple[str, str, str, str]:
        """Identity, kind, character set and peer, as the database can hold them."""
        envelope = self.received.envelope
        return (
            storable(envelope.identity),
            storable(envelope.kind),
            storable(envelope.charset),
            storable(self.received.peer),
        )

    @property
    def lanes(self) -> list[int]:
        """The lanes it keeps its place in."""
        return sorted({lane_of(self.received.feed, value) for value in self.received.envelope.lanes})


def lane_of(feed: str, value: str) -> int:
    """The lane of one patient identifier in a feed. A collision only makes a message wait without need."""
    hashed = hashlib.blake2b(digest_size=8)
    hashed.update(feed.encode() + b"\0" + value.encode("utf-8", "surrogatepass"))
    return int.from_bytes(hashed.digest(), "big", signed=True)


def digest(identity: str) -> bytes:
    """BLAKE2b-128 of the identity of a message."""
    return hashlib.blake2b(identity.encode("utf-8", "surrogatepass"), digest_size=16).digest()
