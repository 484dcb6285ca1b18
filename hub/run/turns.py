"""Processes that share a listening socket take connections by turns.

Whoever is woken first would else take all that wait, and one process would answer every client while its sisters idle.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Final

#: Seconds a process waits after a connection, so that others can take the next.
PAUSE: Final = 0.001
#: Seconds it waits when it cannot take one: it has too many files open.
_EXHAUSTED: Final = 0.1


class Turns:
    """Hands each connection of a listening, non-blocking socket to `serve`. Belongs to the running event loop."""

    def __init__(self, listening: socket.socket, serve: Callable[[socket.socket], Awaitable[object]]) -> None:
        self._listening: Final = listening
        self._serve: Final = serve
        self._loop: Final = asyncio.get_running_loop()
        self._begun: Final[set[asyncio.Future[object]]] = set()
        self._pausing: asyncio.TimerHandle | None = None
        self._watch()

    def close(self) -> None:
        """Take no more. The socket stays open."""
        if self._pausing is None:
            self._loop.remove_reader(self._listening)
        else:
            self._pausing.cancel()

    def _watch(self) -> None:
        self._pausing = None
        self._loop.add_reader(self._listening, self._take)

    def _take(self) -> None:
        try:
            connection, _ = self._listening.accept()
        except (BlockingIOError, ConnectionError):
            return  # another process took it, or the client went away
        except OSError:
            self._pause(_EXHAUSTED)
            return
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        begun = asyncio.ensure_future(self._serve(connection))
        self._begun.add(begun)
        begun.add_done_callback(self._done)
        self._pause(PAUSE)

    def _pause(self, seconds: float) -> None:
        self._loop.remove_reader(self._listening)
        self._pausing = self._loop.call_later(seconds, self._watch)

    def _done(self, begun: asyncio.Future[object]) -> None:
        self._begun.discard(begun)
        if not begun.cancelled():
            begun.exception()  # a client that broke off during its TLS handshake is nobody's fault
