"""HTTP/1.1 to one server (RFC 9112), for answers of hundreds of megabytes: GET alone, read as fast as it is taken.

The parser is that of the hub's own HTTP server (httptools); a general client costs three times the CPU per megabyte
(decision 0036). Connections are used again. Every wait ends, headers have a limit, and what is held of a body too.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from ssl import SSLContext
from typing import Final, cast

import httptools

#: Seconds for a connection, for each piece of an answer, and for a turn.
CONNECT_SECONDS: Final = 5
READ_SECONDS: Final = 60
TURN_SECONDS: Final = 20
_MOST_HEADERS: Final = 64 * 1024
#: Bytes of a body that wait for their reader: above the first no more is read, below the second it goes on.
_FULL: Final = 1024 * 1024
_LOW: Final = 256 * 1024
_INTERIM: Final = 200


class HttpError(Exception):
    """What came is no answer, or it stopped; the text is the hub's own."""


class BusyError(HttpError):
    """No connection came free in time."""


class Line(asyncio.Protocol):
    """One connection and the answer that is being read on it; `held` bytes of its body wait for the reader."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.fresh = True
        self.reusable = False
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._pieces: deque[bytes] = deque()
        self.held = self._head = 0
        self._asked = self._begun = self._ended = self._paused = False
        self._problem = ""
        self._change = asyncio.Event()

    @property
    def open(self) -> bool:
        """Whether another request can be sent."""
        return self._transport is not None and not self._transport.is_closing() and not self._problem

    @property
    def unread(self) -> bool:
        """Whether something of the answer was not taken, or not even sent yet."""
        return bool(self._pieces) or not self._ended

    @property
    def silent(self) -> bool:
        """Whether nothing of the answer has come."""
        return not self._head

    def ask(self, request: bytes) -> None:
        """Send a request. The answer before must have been read to its end."""
        self.status, self.headers, self.reusable = 0, {}, False
        self._parser = httptools.HttpResponseParser(self)
        self._head, self._begun, self._ended, self._asked = 0, False, False, True
        if self._transport is not None:
            self._transport.write(request)

    async def begun(self) -> None:
        """Wait for status and headers. Raises HttpError, TimeoutError."""
        while not self._begun:
            await self._changed()

    async def body(self) -> AsyncIterator[bytes]:
        """The body as it comes. Raises HttpError, TimeoutError."""
        while True:
            while self._pieces:
                piece = self._pieces.popleft()
                self.held -= len(piece)
                if self._paused and self.held < _LOW and self._transport is not None:
                    self._paused = False
                    self._transport.resume_reading()
                yield piece
            if self._ended:
                return
            await self._changed()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    async def _changed(self) -> None:
        if self._problem:
            raise HttpError(self._problem)
        self._change.clear()
        async with asyncio.timeout(READ_SECONDS):
            await self._change.wait()

    def _fail(self, problem: str) -> None:
        self._problem = self._problem or problem
        self._change.set()
        self.close()

    # What the transport calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if not self._asked or self._ended:
            self._fail("spoke without being asked")
            return
        self._head += 0 if self._begun else len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade, ValueError):
            self._fail("is no HTTP/1.1")
        if not self._begun and self._head > _MOST_HEADERS:
            self._fail("has endless headers")
        if self.held > _FULL and not self._paused and self._transport is not None and self.open:
            self._paused = True
            self._transport.pause_reading()
        self._change.set()

    def connection_lost(self, _error: Exception | None) -> None:
        # Without length and chunks a body ends with its connection (RFC 9112 6.3).
        whole = self._begun and not {"content-length", "transfer-encoding"} & self.headers.keys()
        self._ended = self._ended or whole
        if not self._ended:
            self._problem = self._problem or "hung up"
        self._transport = None
        self._change.set()

    # What the parser calls.

    def on_message_begin(self) -> None:
        if self._ended:
            raise ValueError("a second answer")

    def on_header(self, name: bytes, value: bytes) -> None:
        key = name.decode("latin-1").lower()
        if key in self.headers and key in ("content-length", "content-type", "content-encoding"):
            raise ValueError(key)
        self.headers[key] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self.status = self._parser.get_status_code()
        if self.status < _INTERIM:
            self.headers = {}
        else:
            self._begun = True

    def on_body(self, body: bytes) -> None:
        self._pieces.append(body)
        self.held += len(body)

    def on_message_complete(self) -> None:
        if self.status >= _INTERIM:
            self._ended, self.reusable = True, self._parser.should_keep_alive()


class HttpClient:
    """Connections to one server: `most` at once, more wait for their turn. Belongs to the event loop it is used in."""

    def __init__(self, host: str, port: int, tls: SSLContext | None, *, most: int) -> None:
        self._address: Final = (host, port)
        self._tls: Final = tls
        self._turns: Final = asyncio.Semaphore(most)
        self._idle: Final[list[Line]] = []

    @asynccontextmanager
    async def get(self, target: str, headers: Mapping[str, str]) -> AsyncIterator[Line]:
        """Ask for a target; leaving the context ends the transfer.

        Raises BusyError, HttpError, OSError or TimeoutError where no answer begins; the body raises as `Line.body`.
        """
        request = _request(target, headers)
        try:
            async with asyncio.timeout(TURN_SECONDS):
                await self._turns.acquire()
        except TimeoutError:
            raise BusyError("has as many requests as it may have at once") from None
        line: Line | None = None
        try:
            line = await self._answered(request)
            yield line
        finally:
            if line is not None:
                self._put_back(line)
            self._turns.release()

    async def close(self) -> None:
        """End every connection that nothing is read on."""
        while self._idle:
            self._idle.pop().close()

    async def _answered(self, request: bytes) -> Line:
        """A line whose answer has begun. One that was kept may be dead: then the next is tried, at last a new one."""
        while True:
            line = await self._line()
            line.ask(request)
            try:
                await line.begun()
            except BaseException as error:
                line.close()
                if isinstance(error, HttpError) and not line.fresh and line.silent:
                    continue
                raise
            return line

    async def _line(self) -> Line:
        while self._idle:
            line = self._idle.pop()
            if line.open:
                line.fresh = False
                return line
        async with asyncio.timeout(CONNECT_SECONDS):
            _, line = await asyncio.get_running_loop().create_connection(Line, *self._address, ssl=self._tls)
        return line

    def _put_back(self, line: Line) -> None:
        if line.reusable and line.open and not line.unread:
            self._idle.append(line)
        else:
            line.close()


def _request(target: str, headers: Mapping[str, str]) -> bytes:
    """The bytes of a GET. Raises HttpError for what cannot stand in a line of HTTP."""
    lines = [f"GET {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    if not all(line.isprintable() and line.isascii() for line in lines) or " " in target:
        raise HttpError("cannot be asked so")
    return "\r\n".join([*lines, "", ""]).encode("ascii")
