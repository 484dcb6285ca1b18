"""A receiver on loopback: a real socket that keeps what it is sent and answers as it is told to."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import h11

from hub.fhir.json import loads
from hub.kernel.consortium import Receiver as Allowed


@dataclass
class Post:
    """One request as it came."""

    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def bundle(self) -> Any:
        return loads(self.body)

    @property
    def status(self) -> dict[str, Any]:
        """The status' parameters that have a value, by name."""
        rows = self.bundle["entry"][0]["resource"]["parameter"]
        return {row["name"]: value for row in rows for name, value in row.items() if name.startswith("value")}

    @property
    def kind(self) -> str:
        return str(self.status["type"])

    @property
    def events(self) -> list[tuple[int, str | None]]:
        """(number, focus) of each event."""
        rows = self.bundle["entry"][0]["resource"]["parameter"]
        parts = [{part["name"]: part for part in row["part"]} for row in rows if row["name"] == "notification-event"]
        return [
            (int(one["event-number"]["valueString"]), one.get("focus", {}).get("valueReference", {}).get("reference"))
            for one in parts
        ]


@dataclass
class Receiver:
    """`answers` are raw answers in the order they are given, then `usual`; None says nothing and keeps the socket."""

    port: int = 0
    posts: list[Post] = field(default_factory=list)
    answers: list[bytes | None] = field(default_factory=list)
    usual: bytes = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"
    connections: int = 0
    pause: float = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/notify?x=1"

    def allowed(self, facility: str = "F05", **changes: Any) -> Allowed:
        """The entry of the consortium file that lets a facility send here."""
        usual: dict[str, Any] = {"host": "127.0.0.1", "networks": ("127.0.0.0/8",), "plaintext": True}
        return Allowed(facility=facility, port=self.port, **(usual | changes))

    def of(self, kind: str) -> list[Post]:
        """The notifications of one kind."""
        return [post for post in self.posts if post.kind == kind]

    @property
    def events(self) -> list[tuple[int, str | None]]:
        """All events in the order they came."""
        return [event for post in self.of("event-notification") for event in post.events]

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        connection = h11.Connection(h11.SERVER)
        request: h11.Request | None = None
        content = b""
        with suppress(OSError, asyncio.CancelledError):
            while True:
                event = connection.next_event()
                if event is h11.NEED_DATA:
                    connection.receive_data(await reader.read(65536))
                elif isinstance(event, h11.Request):
                    request = event
                elif isinstance(event, h11.Data):
                    content += bytes(event.data)
                else:
                    break
            if request is not None:
                headers = {name.decode(): value.decode() for name, value in request.headers}
                self.posts.append(Post(request.target.decode(), headers, content))
                await asyncio.sleep(self.pause)
                answer = self.answers.pop(0) if self.answers else self.usual
                if answer is None:
                    await asyncio.sleep(30)
                else:
                    writer.write(answer)
                    await writer.drain()
        writer.close()


@asynccontextmanager
async def receiving(context: ssl.SSLContext | None = None, *, pause: float = 0) -> AsyncIterator[Receiver]:
    """A receiver that listens while the block runs, and answers after `pause` seconds."""
    receiver = Receiver(pause=pause)
    server = await asyncio.start_server(receiver.take, "127.0.0.1", 0, ssl=context)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
