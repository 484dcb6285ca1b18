"""The API process: uvicorn on the socket the supervisor bound."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Final

import uvicorn

from hub.bootstrap.application import application
from hub.bootstrap.foundation import Foundation
from hub.run.child import Child
from hub.run.turns import Turns
from hub.run.whole_writes import WholeWritesProtocol

#: Bytes of one WebSocket message: clients send tokens only.
_LONGEST_MESSAGE: Final = 4096


class _Server(uvicorn.Server):
    """Uvicorn without signal handlers of its own: the child decides when to stop. It takes connections by turns."""

    _turns: Turns

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        listening = (sockets or [])[0]
        listening.setblocking(False)
        await super().startup(sockets=[])
        self._turns = Turns(listening, self._serve_one)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._turns.close()
        await super().shutdown(sockets)

    async def _serve_one(self, connection: socket.socket) -> None:
        def protocol() -> asyncio.Protocol:
            return WholeWritesProtocol(
                config=self.config, server_state=self.server_state, app_state=self.lifespan.state
            )

        loop = asyncio.get_running_loop()
        await loop.connect_accepted_socket(protocol, connection, ssl=self.config.ssl)


async def run_api(foundation: Foundation, child: Child, fd: int) -> None:
    """Answer HTTP until the child is told to stop; requests in hand are finished."""
    settings = foundation.settings
    async with foundation.database("api", size=8) as database, application(foundation, database) as app:
        server = _Server(
            uvicorn.Config(
                app,
                http=WholeWritesProtocol,
                log_config=None,
                access_log=False,
                server_header=False,
                lifespan="off",
                ws="websockets-sansio",
                ws_max_size=_LONGEST_MESSAGE,
                ssl_certfile=settings.tls_certificate or None,
                ssl_keyfile=settings.tls_key or None,
                timeout_graceful_shutdown=15,
            )
        )
        serving = asyncio.create_task(server.serve(sockets=[socket.socket(fileno=fd)]))
        child.ready()
        stopped = asyncio.create_task(child.stop.wait())
        await asyncio.wait({serving, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        server.should_exit = True
        await serving
