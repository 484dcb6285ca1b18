"""What a server costs on this machine that does nothing but fetch and send: the limit a rate is held against.

uvicorn with asyncpg in as many processes as the hub's API, on one socket and one database: no token, gate, audit or
search. `python -m bench.bare SOCKET URL` is one of them, started by `serving`.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final
from uuid import UUID

import asyncpg
import uvicorn
import uvloop

from hub.store import codec

#: Connections to the database of one process, as many as one of the API's has.
_CONNECTIONS: Final = 8

_BODY: Final = "SELECT body FROM resource WHERE pkey = $1 AND key = $2"
_RECORD: Final = "SELECT body FROM resource WHERE pkey = $1 LIMIT 1000"
_SEPARATOR: Final = b',"search":{"mode":"match"}},{"resource":'


class Bare:
    """The application: `hello`, `body/PKEY/KEY` and `record/PKEY` below any path."""

    def __init__(self, connections: list[Any]) -> None:
        self._idle: Final = asyncio.Queue[Any]()
        for connection in connections:
            self._idle.put_nowait(connection)

    async def __call__(self, scope: Any, _receive: Any, send: Any) -> None:
        body = await self._body(scope["path"].split("/"))
        headers = [(b"content-type", b"application/fhir+json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _body(self, path: list[str]) -> bytes:
        if path[-1] == "hello":
            return b"{}"
        connection = await self._idle.get()
        try:
            if path[-2] == "record":
                rows = await connection.fetch(_RECORD, UUID(path[-1]))
                bodies = _SEPARATOR.join([codec.decode(row[0]) for row in rows])
                return b'{"entry":[{"resource":' + bodies + b',"search":{"mode":"match"}}]}'
            return codec.decode(await connection.fetchval(_BODY, UUID(path[-2]), UUID(path[-1])))
        finally:
            self._idle.put_nowait(connection)


@asynccontextmanager
async def serving(url: str, processes: int) -> AsyncIterator[tuple[str, list[int]]]:
    """The base of such a server over the database at `url`, and its processes."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        number = listening.fileno()
        arguments = [sys.executable, "-m", "bench.bare", str(number), url]
        started = [await asyncio.create_subprocess_exec(*arguments, pass_fds=[number]) for _ in range(processes)]
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}", [one.pid for one in started]
        finally:
            for one in started:
                one.terminate()
                await one.wait()


async def _serve(number: int, url: str) -> None:
    connections = [await asyncpg.connect(url) for _ in range(_CONNECTIONS)]
    config = uvicorn.Config(Bare(connections), lifespan="off", access_log=False, log_config=None, server_header=False)
    await uvicorn.Server(config).serve(sockets=[socket.socket(fileno=number)])


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(int(sys.argv[1]), sys.argv[2]))
