"""F01's HIS as the receiver of what the hub sends: takes HL7 v2 over MLLP, answers AA, and keeps what it was told."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

from connectors.mllp.frame import Framer, framed
from hub.kernel.errors import Category, HubError

#: Bytes of a message at most: the receiver of a demo is sent what the demo holds.
_LARGEST: Final = 4 * 1024 * 1024
_CHUNK: Final = 64 * 1024
#: Seconds to wait for messages that should come.
_PATIENCE: Final = 60


class Receiver:
    """What came, by type and event (`REF^I12`)."""

    def __init__(self) -> None:
        self.told: Final[Counter[str]] = Counter()
        self._came: Final = asyncio.Condition()

    async def heard(self, wanted: Mapping[str, int]) -> bool:
        """Wait until so many of each kind came; False where they do not within a minute."""
        async with self._came:
            try:
                async with asyncio.timeout(_PATIENCE):
                    await self._came.wait_for(lambda: self.told >= Counter(wanted))
            except TimeoutError:
                return False
        return True

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection until its other side ends it."""
        framer = Framer(_LARGEST)
        while data := await reader.read(_CHUNK):
            for frame in framer.feed(data):
                writer.write(framed(self._answer(frame.content)))
            await writer.drain()
            async with self._came:
                self._came.notify_all()
        writer.close()

    def _answer(self, message: bytes) -> bytes:
        header = message.split(b"\r", 1)[0].split(b"|")
        kind, control, version = header[8], header[9], header[11]
        self.told["^".join(kind.decode("ascii").split("^")[:2])] += 1
        return b"MSH|^~\\&|HIS|F01|YILIAN|HUB|||ACK|" + control + b"|P|" + version + b"\rMSA|AA|" + control + b"\r"


@asynccontextmanager
async def receiving(port: int) -> AsyncIterator[Receiver]:
    """Listen on loopback while the block runs. Raises HubError CONFLICT for a port that is taken."""
    receiver = Receiver()
    try:
        server = await asyncio.start_server(receiver.serve, "127.0.0.1", port)
    except OSError as error:
        todo = "end what listens there, or play the demo in another folder"
        raise HubError(Category.CONFLICT, "the port of F01's HIS is taken", where=str(port), todo=todo) from error
    try:
        yield receiver
    finally:
        server.close()
        await server.wait_closed()
