"""A hub whose master key is in shares: it serves nothing until keepers have given enough of them.

Meanwhile its HTTP port says that it is sealed, whatever is asked (`/health/ready`: 503). The shares come over a socket
in the key folder, line by line as JSON; words are in no argument, no log and no answer.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final

from hub.bootstrap.sealed_master import SealedMaster, sealed_file, socket_of
from hub.kernel.errors import Category, HubError
from hub.kernel.log import Log
from hub.kernel.settings import Settings
from hub.sealing.ceremony import Ceremony, attempt

_LONGEST: Final = 4096
_SECONDS: Final = 10
_BODY: Final = {b"/health/live": (b"200 OK", b'{"status":"live"}')}
_SEALED: Final = (b"503 Service Unavailable", b'{"status":"not ready","reason":"sealed"}')


@asynccontextmanager
async def unsealed(settings: Settings, api: socket.socket, stop: asyncio.Event, log: Log) -> AsyncIterator[bytes]:
    """The master key, once keepers gave it; the socket goes on lending it while the block runs.

    Raises HubError UNAVAILABLE (`sealed`) if `stop` is set before.
    """
    sealed = SealedMaster.read(sealed_file(settings))
    ceremony, given = Ceremony(sealed.check, sealed.needed), asyncio.Event()
    async with _listening(socket_of(settings), ceremony, given, log):
        async with _saying_sealed(settings, api):
            log.event("sealed", level="WARNING", count=sealed.needed)
            await _either(given, stop)
        if ceremony.master is None:
            raise HubError(Category.UNAVAILABLE, "was stopped while it was sealed", where="keys", code="sealed")
        log.event("unsealed")
        yield ceremony.master


@asynccontextmanager
async def _listening(path: Path, ceremony: Ceremony, given: asyncio.Event, log: Log) -> AsyncIterator[None]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            question = json.loads(await asyncio.wait_for(reader.readline(), _SECONDS))
            writer.write(json.dumps(_answer(question, ceremony, log)).encode() + b"\n")
            await writer.drain()
        except (OSError, ValueError, TimeoutError):
            pass  # whoever it was did not ask
        finally:
            writer.close()
        if ceremony.master is not None:
            given.set()

    with _private(path) as line:
        server = await asyncio.start_unix_server(serve, sock=line, limit=_LONGEST)
        try:
            yield
        finally:
            server.close()


@contextmanager
def _private(path: Path) -> Iterator[socket.socket]:
    """A listening socket of our account alone, gone when the block ends."""
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        before = os.umask(0o177)
        try:
            line.bind(str(path))
        finally:
            os.umask(before)
        line.setblocking(False)
        line.listen()
        try:
            yield line
        finally:
            path.unlink(missing_ok=True)


def _answer(question: Any, ceremony: Ceremony, log: Log) -> dict[str, Any]:
    if not isinstance(question, dict):
        return {}
    if question.get("lend"):
        return {"master": "" if ceremony.master is None else ceremony.master.hex()}
    wrong = ""
    if isinstance(question.get("share"), str):
        wrong = attempt(ceremony, question["share"])
        log.event("share-refused" if wrong else "share-given", level="WARNING", count=ceremony.have)
    return {"sealed": ceremony.master is None, "have": ceremony.have, "needed": ceremony.needed, "wrong": wrong}


@asynccontextmanager
async def _saying_sealed(settings: Settings, api: socket.socket) -> AsyncIterator[None]:
    context = None
    if settings.tls_certificate:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(settings.tls_certificate, settings.tls_key or None)
    server = await asyncio.start_server(_say, sock=api.dup(), limit=_LONGEST, ssl=context)
    try:
        yield
    finally:
        server.close()


async def _say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), _SECONDS)
        path = head.split(b" ", 2)[1] if head.count(b" ") > 1 else b""
        status, body = _BODY.get(path, _SEALED)
        writer.write(
            b"HTTP/1.1 %b\r\ncontent-type: application/json\r\ncache-control: no-store\r\nretry-after: 10\r\n"
            b"content-length: %d\r\nconnection: close\r\n\r\n%b" % (status, len(body), body)
        )
        await writer.drain()
    except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        pass  # whoever it was did not ask
    finally:
        writer.close()


async def _either(one: asyncio.Event, other: asyncio.Event) -> None:
    tasks = [asyncio.create_task(event.wait()) for event in (one, other)]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
