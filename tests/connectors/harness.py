"""A feed on a real socket with an inbox in memory, and a plain socket to talk to it."""

from __future__ import annotations

import asyncio
import io
import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from connectors.mllp.frame import Framer, framed
from connectors.mllp.limits import Limits
from connectors.mllp.server import FeedServer
from hub.kernel.clock import fixed_clock
from hub.kernel.consortium import Feed
from hub.kernel.errors import HubError
from hub.kernel.log import Log
from hub.kernel.ports import QueryAnswerer
from hub.kernel.types import Accepted, Received, State
from mappings.hl7v2.envelope import envelope_reader
from mappings.hl7v2.profile import DEFAULT, Profile

NOW: Final = datetime(2026, 1, 5, 0, 30, tzinfo=UTC)


def adt(
    control: str = "C1", *, more: str = "", event: str = "A01", sender: str = "HIS|F01", version: str = "2.4"
) -> bytes:
    """An ADT message; `more` are MSH fields from 13 on."""
    msh = f"MSH|^~\\&|{sender}|HUB|YUNZE|20260105083000||ADT^{event}^ADT_A01|{control}|P|{version}{more}"
    return f"{msh}\rEVN|{event}|20260105083000\rPID|1||00012345^^^^BLH||沈^桂兰||19580412|2\rPV1|1|I\r".encode()


@dataclass
class MemoryInbox:
    """Keeps what it is given. `gate` holds acceptance back until it is set; `failure` is raised instead."""

    received: list[Received] = field(default_factory=list)
    asked: list[Received] = field(default_factory=list)
    failure: Exception | None = None
    gate: asyncio.Event | None = None
    state: State = State.QUEUED

    async def accept(self, received: Received) -> Accepted:
        self.asked.append(received)
        if self.gate is not None:
            await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        self.received.append(received)
        state = State.DEAD if received.envelope.problem else self.state
        return Accepted(message=len(self.received), state=state)


@dataclass
class MemoryWaiter:
    """Says that messages have settled in the states it is given, by number; asked for others it waits the time out."""

    states: dict[int, str] = field(default_factory=dict)
    failure: HubError | None = None

    async def settled(self, messages: Sequence[int], seconds: float) -> dict[int, str]:
        if self.failure is not None:
            failure, self.failure = self.failure, None
            raise failure
        found = {message: self.states[message] for message in messages if message in self.states}
        if not found:
            await asyncio.sleep(min(seconds, 0.02))
        return found


@dataclass
class Peer:
    """A plain socket that speaks MLLP."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    framer: Framer = field(default_factory=lambda: Framer(1 << 20))
    acks: list[bytes] = field(default_factory=list)

    async def write(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def send(self, *messages: bytes) -> None:
        await self.write(b"".join(map(framed, messages)))

    async def ack(self, seconds: float = 5) -> bytes:
        """The next acknowledgement. Raises EOFError when the feed hangs up, TimeoutError when nothing comes."""
        while not self.acks:
            async with asyncio.timeout(seconds):
                data = await self.reader.read(65536)
            if not data:
                raise EOFError
            self.acks += [frame.content for frame in self.framer.feed(data)]
        return self.acks.pop(0)

    async def exchange(self, message: bytes) -> bytes:
        await self.send(message)
        return await self.ack()

    async def hung_up(self, seconds: float = 5) -> bool:
        """Whether the feed closes the connection without another word."""
        try:
            async with asyncio.timeout(seconds):
                return await self.reader.read(1) == b""
        except ConnectionError:
            return True


@dataclass
class Running:
    """A feed that listens."""

    server: FeedServer
    port: int
    inbox: MemoryInbox
    waiter: MemoryWaiter
    log: io.StringIO

    @asynccontextmanager
    async def peer(self, **options: Any) -> AsyncIterator[Peer]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, **options)
        try:
            yield Peer(reader, writer)
        finally:
            writer.close()


@asynccontextmanager
async def running(
    feed: Feed | None = None,
    *,
    limits: Limits | None = None,
    profile: Profile = DEFAULT,
    inbox: MemoryInbox | None = None,
    answerer: QueryAnswerer | None = None,
) -> AsyncIterator[Running]:
    """Run a feed for the length of a block; the clock stands at `NOW`, control ids are ACK1, ACK2, ..."""
    inbox, waiter, log = inbox or MemoryInbox(), MemoryWaiter(), io.StringIO()
    numbers = itertools.count(1)
    server = FeedServer(
        feed or Feed(name="f01-his", facility="F01", transport="mllp"),
        inbox=inbox,
        read_envelope=envelope_reader(profile),
        waiter=waiter,
        log=Log("mllp", level="DEBUG", stream=log, clock=fixed_clock(NOW)),
        clock=fixed_clock(NOW),
        limits=limits,
        control=lambda: f"ACK{next(numbers)}",
        answerer=answerer,
    )
    port = await server.start()
    try:
        yield Running(server, port, inbox, waiter, log)
    finally:
        if inbox.gate is not None:
            inbox.gate.set()
        await server.drain(2)


def msa(ack: bytes) -> tuple[str, str]:
    """MSA-1 and MSA-2."""
    line = next(line for line in ack.decode("gb18030").split("\r") if line.startswith("MSA"))
    _, code, control, *_ = [*line.split("|"), ""]
    return code, control
