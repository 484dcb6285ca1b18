"""Telling other processes that there is something to look for, beside the notifications of PostgreSQL.

A bell carries nothing but the name of a channel, and may be silent at any time: who waits looks by itself after a
second. So nothing is lost with it, and nothing has to wait for it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol


class Bell(Protocol):
    """Rings in every process that listens. Never raises, never waits."""

    def ring(self, channel: str) -> None:
        """Ring once what is to be found has been committed; returns at once."""
        ...

    def hear(self, channel: str, heard: Callable[[], None]) -> None:
        """Call `heard` for every ring from here on, and whenever rings may have been missed; returns at once."""
        ...

    async def close(self) -> None:
        """Let the last rings out, for a moment at most, and stop listening."""
        ...


class Silent:
    """No bell: PostgreSQL's notifications are enough."""

    def ring(self, channel: str) -> None:
        """Do nothing."""

    def hear(self, channel: str, heard: Callable[[], None]) -> None:
        """Do nothing."""

    async def close(self) -> None:
        """Do nothing."""


SILENT: Final[Bell] = Silent()
