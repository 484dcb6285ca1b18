"""Bytes from an archive to a client: as fast as the client reads, for as long as it listens and its token holds."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Final

from starlette.types import Message, Receive, Send

from hub.kernel.errors import Category, HubError

#: Bytes of one write: pieces of this size are sent as they come, and smaller ones gathered until they are.
_PIECE: Final = 64 * 1024
#: Seconds a client may take for one piece.
_PATIENCE: Final = 60


class Pump:
    """One answer. `sent` counts its bytes; `complete` is whether all of it has left."""

    def __init__(self, receive: Receive, send: Send, *, seconds: float) -> None:
        self._receive: Final = receive
        self._send: Final = send
        self._seconds: Final = seconds
        self.sent = 0
        self.complete = False

    async def carry(self, chunks: AsyncIterator[bytes], headers: Mapping[str, str]) -> None:
        """Send an answer (200) with these headers.

        A client that leaves, or is too slow, ends it; so does the end of `seconds`. An answer cut short has no end, so
        that the client knows.
        """
        raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
        await self._send({"type": "http.response.start", "status": 200, "headers": raw})
        work = asyncio.create_task(self._carried(chunks))
        leaving = asyncio.create_task(self._left())
        try:
            await asyncio.wait({work, leaving}, timeout=self._seconds, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                work.result()
        finally:
            for task in (work, leaving):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError, HubError, TimeoutError):
                    await task

    async def _carried(self, chunks: AsyncIterator[bytes]) -> None:
        pieces: list[bytes] = []
        size = 0
        async for chunk in chunks:
            pieces.append(chunk)
            size += len(chunk)
            if size >= _PIECE:
                await self._piece(b"".join(pieces))
                pieces, size = [], 0
        await self._piece(b"".join(pieces), more=False)
        self.complete = True

    async def _piece(self, body: bytes, *, more: bool = True) -> None:
        message: Message = {"type": "http.response.body", "body": body, "more_body": more}
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._send(message)
        except TimeoutError:
            what = "does not read its answer"
            raise HubError(Category.UNAVAILABLE, what, where="client", code="client-slow") from None
        self.sent += len(body)

    async def _left(self) -> None:
        """Returns when the client has gone."""
        while (await self._receive())["type"] != "http.disconnect":
            pass
