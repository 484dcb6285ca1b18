"""One HTTP/1.1 request to a receiver: connect to a judged address, POST once, read a status. Nothing is followed.

Opening and sending are apart because the gate is asked in between: what is sent was judged after the connection stood,
and where there is no connection nothing is judged, numbered or recorded. No client library does the first, nor lets
the address be judged that is connected to; the protocol itself is read by h11.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from functools import lru_cache
from typing import Final

import h11

from hub.events.receivers import Target
from hub.kernel.addresses import Resolve, permitted, resolve
from hub.kernel.errors import Category, HubError
from hub.kernel.trust import trusting

_AGENT: Final = "yilian-hub"
#: Seconds to resolve, connect and greet.
_CONNECT_SECONDS: Final = 10
#: Bytes of headers, and of a body, that are read of an answer.
_MOST_HEADERS: Final = 16 * 1024
_MOST_BODY: Final = 64 * 1024
_CHUNK: Final = 16 * 1024
_FAILURES: Final = (OSError, TimeoutError, h11.ProtocolError, asyncio.IncompleteReadError)


class Line:
    """An open connection, good for one request."""

    def __init__(self, target: Target, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._target: Final = target
        self._reader: Final = reader
        self._writer: Final = writer

    async def post(self, body: bytes, content_type: str, headers: Sequence[tuple[str, str]], seconds: float) -> int:
        """The status of the answer. Raises HubError UNAVAILABLE (code `receiver-...`) when none comes in time."""
        try:
            async with asyncio.timeout(seconds):
                return await self._post(body, content_type, headers)
        except _FAILURES as error:
            raise _unreachable(
                "receiver-timeout" if isinstance(error, TimeoutError) else "receiver-broke-off"
            ) from None

    async def _post(self, body: bytes, content_type: str, headers: Sequence[tuple[str, str]]) -> int:
        connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MOST_HEADERS)
        ours = [
            ("host", self._target.authority),
            ("user-agent", _AGENT),
            ("content-type", content_type),
            ("content-length", str(len(body))),
            ("connection", "close"),
        ]
        request = h11.Request(method="POST", target=self._target.path, headers=[*ours, *headers])
        self._writer.write(connection.send(request) or b"")
        self._writer.write(connection.send(h11.Data(data=body)) or b"")
        self._writer.write(connection.send(h11.EndOfMessage()) or b"")
        await self._writer.drain()
        return await self._status(connection)

    async def _status(self, connection: h11.Connection) -> int:
        """The status, and no more of the body than is courteous: a receiver that talks without end is left."""
        status, size = 0, 0
        while size <= _MOST_BODY:
            event = connection.next_event()
            if event is h11.NEED_DATA:
                connection.receive_data(await self._reader.read(_CHUNK))
            elif isinstance(event, h11.Response):
                status = event.status_code
            elif isinstance(event, h11.Data):
                size += len(event.data)
            elif isinstance(event, h11.EndOfMessage | h11.ConnectionClosed):
                break
        if not status:
            raise h11.RemoteProtocolError("closed without an answer")
        return status


@asynccontextmanager
async def line(target: Target, *, resolver: Resolve = resolve) -> AsyncIterator[Line]:
    """An open connection to a target. Raises HubError UNAVAILABLE with a code that says why there is none."""
    reader, writer = await _opened(target, resolver)
    try:
        yield Line(target, reader, writer)
    finally:
        writer.close()
        with suppress(OSError, TimeoutError, ssl.SSLError):
            async with asyncio.timeout(1):
                await writer.wait_closed()


async def _opened(target: Target, resolver: Resolve) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    try:
        async with asyncio.timeout(_CONNECT_SECONDS):
            addresses = permitted(await resolver(target.host, target.port), target.receiver.networks)
            if not addresses:
                raise _unreachable("receiver-address")
            return await _first(target, [str(address) for address in addresses])
    except ssl.SSLError:
        raise _unreachable("receiver-certificate") from None
    except (OSError, TimeoutError):
        raise _unreachable("receiver-away") from None


async def _first(target: Target, addresses: Sequence[str]) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """The first address that answers; the name is used for the certificate alone, never to resolve again."""
    context = _trust(target.receiver.authority) if target.secure else None
    name = target.host if target.secure else None
    for address in addresses[:-1]:
        with suppress(OSError):
            return await asyncio.open_connection(address, target.port, ssl=context, server_hostname=name)
    return await asyncio.open_connection(addresses[-1], target.port, ssl=context, server_hostname=name)


#: The contexts of authorities, each read once.
_trust: Final = lru_cache(maxsize=64)(trusting)


def _unreachable(code: str) -> HubError:
    return HubError(
        Category.UNAVAILABLE,
        "the receiver cannot be reached",
        where="Subscription.channel.endpoint",
        todo="see the code; it is tried again",
        code=code,
    )
