"""Answers sent in one piece: head and body of a response leave in one write instead of two.

Each write to a socket wakes its reader up; for a small resource that costs more than all the hub does to answer it.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final, cast

from uvicorn.protocols.http.auto import AutoHTTPProtocol

#: Bytes that are gathered at most: beyond them the transport has to say whether its reader keeps up.
_MOST: Final = 64 * 1024


class WholeWrites:
    """A transport that gathers what is written in one turn of the event loop; all else is the transport's own."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport: Final = transport
        self._loop: Final = loop
        self._pieces: list[bytes] = []
        self._size = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send with whatever else is written in this turn."""
        self._pieces.append(data)
        self._size += len(data)
        if self._size > _MOST:
            self._flush()
        elif len(self._pieces) == 1:
            self._loop.call_soon(self._flush)

    def close(self) -> None:
        """Close once everything written has left."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        pieces, self._pieces, self._size = self._pieces, [], 0
        if pieces and not self._transport.is_closing():
            self._transport.writelines(pieces)


class WholeWritesProtocol(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
    """Uvicorn's HTTP protocol on such a transport."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(WholeWrites(cast("asyncio.Transport", transport), asyncio.get_running_loop()))
