"""How much of one connection may be on its way into the inbox: the hub reads no further while it is full."""

from __future__ import annotations

import asyncio


class Window:
    """Room for `messages` messages of `size` bytes in all; one message always has room in an empty window.

    `enter` is for one task at a time (the one that reads).
    """

    def __init__(self, messages: int, size: int) -> None:
        self._messages = messages
        self._size = size
        self._inside: list[int] = []
        self._left = asyncio.Event()

    @property
    def used(self) -> bool:
        """Whether anything is inside."""
        return bool(self._inside)

    async def enter(self, size: int) -> None:
        """Wait until there is room, and take it."""
        while self._full(size):
            self._left.clear()
            await self._left.wait()
        self._inside.append(size)

    def leave(self) -> None:
        """The earliest message inside is done."""
        self._inside.pop(0)
        self._left.set()

    def _full(self, size: int) -> bool:
        return len(self._inside) >= self._messages or (bool(self._inside) and sum(self._inside) + size > self._size)
