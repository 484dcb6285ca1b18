"""What one peer may ask of a feed: sizes, times and numbers."""

from __future__ import annotations

from dataclasses import dataclass

from hub.kernel.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Sizes in bytes, times in seconds. The first five are settings of the same meaning (`mllp_max_bytes` ...).

    `frame_seconds` counts only time spent waiting for the peer. `window` messages (and twice `max_bytes` of content)
    of one connection may be on their way into the inbox; beyond that the hub stops reading. `junk_bytes` between
    frames end a connection; `end_block_seconds` is how long a CR after FS is waited for.
    """

    max_bytes: int = 16 * 1024 * 1024
    idle_seconds: float = 600
    frame_seconds: float = 30
    connections: int = 256
    accept_seconds: float = 10
    window: int = 64
    junk_bytes: int = 64 * 1024
    end_block_seconds: float = 1

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        """The limits in force."""
        return cls(
            max_bytes=settings.mllp_max_bytes,
            idle_seconds=settings.mllp_idle_seconds,
            frame_seconds=settings.mllp_frame_seconds,
            connections=settings.mllp_connections,
            accept_seconds=settings.accept_seconds,
        )
