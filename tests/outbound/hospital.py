"""A hospital system on loopback: a real MLLP listener that keeps what it is sent and answers as it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from connectors.mllp.frame import Framer, framed
from hub.kernel.outbound_feed import OutboundFeed, Retry


@dataclass
class Hospital:
    """`answers` are codes given in their order, then AA: None says nothing and hangs up, "" says nothing at all.

    `knows` answers by the message instead, where it says something.
    """

    port: int = 0
    messages: list[bytes] = field(default_factory=list)
    answers: list[str | None] = field(default_factory=list)
    knows: Callable[[list[str]], str | None] = lambda _: None
    connections: int = 0
    pause: float = 0
    enhanced: bool = False

    def feed(self, name: str = "clinic-his", **changes: Any) -> OutboundFeed:
        """The entry of the consortium file that leads here."""
        usual: dict[str, Any] = {
            "facility": "F05",
            "transport": "mllp",
            "host": "127.0.0.1",
            "port": self.port,
            "events": ("ORU^R01", "MDM^T02", "MDM^T11", "REF^I12", "ADT^A31", "ADT^A40"),
            "timeout": 5,
            "retry": Retry(tries=3, first_seconds=10, longest_seconds=60),
        }
        return OutboundFeed(name=name, **(usual | changes))

    @property
    def received(self) -> list[dict[str, list[str]]]:
        """Each message: the first segment of each name, in fields."""
        return [_fields(raw) for raw in self.messages]

    @property
    def controls(self) -> list[str]:
        """MSH-10 of all messages, in the order they came."""
        return [one["MSH"][9] for one in self.received]

    def of(self, kind: str) -> list[dict[str, list[str]]]:
        """The messages of one kind."""
        return [one for one in self.received if one["MSH"][8].startswith(kind)]

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        framer = Framer(1 << 20)
        with suppress(OSError, asyncio.CancelledError):
            while data := await reader.read(65536):
                for frame in framer.feed(data):
                    self.messages.append(frame.content)
                    if not await self._answer(_fields(frame.content), writer):
                        writer.close()
                        return
        writer.close()

    async def _answer(self, message: dict[str, list[str]], writer: asyncio.StreamWriter) -> bool:
        await asyncio.sleep(self.pause)
        code = self.knows(message["MSH"]) or (self.answers.pop(0) if self.answers else "AA")
        if code is None:
            return False
        for each in code.split():
            control = message["MSH"][9]
            writer.write(framed(f"MSH|^~\\&|HIS|F05|||2026||ACK|1|P|2.4\rMSA|{each}|{control}|王五 said no\r".encode()))
        await writer.drain()
        return True


def _fields(raw: bytes) -> dict[str, list[str]]:
    rows = [line.split("|") for line in raw.decode("utf-8", "replace").split("\r") if line]
    return {row[0]: row for row in reversed(rows)}


@asynccontextmanager
async def hospital(**changes: Any) -> AsyncIterator[Hospital]:
    """A hospital system that listens while the block runs."""
    found = Hospital(**changes)
    server = await asyncio.start_server(found.take, "127.0.0.1", 0)
    found.port = int(server.sockets[0].getsockname()[1])
    try:
        yield found
    finally:
        server.close()
