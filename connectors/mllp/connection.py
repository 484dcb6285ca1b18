"""One MLLP connection: frames in, acknowledgements out, in order, with several messages under way at once.

One task reads: for every frame it starts the intake, in the order of arrival, and goes on reading until the window is
full. Another writes the answers in the same order as each becomes known. A third follows messages whose outcome the
sender wants to know (MSH-16).
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import sys
from collections.abc import Coroutine
from typing import Any, Final

from connectors.mllp.frame import Frame, Framer, framed
from connectors.mllp.intake import Intake, Reply
from connectors.mllp.limits import Limits
from connectors.mllp.outcomes import Outcomes
from connectors.mllp.peers import address_of, peer_of
from connectors.mllp.window import Window

_CHUNK: Final = 64 * 1024
#: Bytes a transport may keep of what was written without holding the writer back; as many as it goes on at.
_UNREAD: Final = 16 * 1024

#: What reading and writing raise when the peer is gone.
GONE: Final = (ConnectionError, ssl.SSLError, asyncio.IncompleteReadError)


class Connection:
    """Serves one peer until it goes, breaks a limit, or the feed drains."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        intake: Intake,
        limits: Limits,
        outcomes: Outcomes,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._intake = intake
        self._limits = limits
        self._outcomes = outcomes
        self._peer = peer_of(writer)
        self._quiet_since = asyncio.get_running_loop().time()
        #: IP address of the peer.
        self.address = address_of(writer)
        self._framer = Framer(limits.max_bytes)
        self._window = Window(limits.window, 2 * limits.max_bytes)
        self._answers: asyncio.Queue[asyncio.Task[Reply] | None] = asyncio.Queue()
        self._reading = asyncio.create_task(self._read())

    @property
    def quiet_since(self) -> float | None:
        """Loop time since when nothing has been under way; None while something is, or while it ends."""
        at_work = self._framer.in_frame or self._window.used or self._reading.cancelling() or self._reading.done()
        return None if at_work else self._quiet_since

    async def serve(self) -> None:
        """Read and answer until the end; all that was taken in is answered before the connection closes."""
        writing = asyncio.create_task(self._write())
        following = asyncio.create_task(self._outcomes.follow(self._send))
        writing.add_done_callback(lambda _: self.stop())
        try:
            await _quietly(self._reading)
            self._answers.put_nowait(None)
            await _quietly(writing)
            await self._finish_unanswered()
        finally:
            for task in (self._reading, writing, following):
                task.cancel()
            await asyncio.wait({self._reading, writing, following})
            await self._close()

    def stop(self) -> None:
        """Read no more; answer what was taken in, then close."""
        self._reading.cancel()

    async def _finish_unanswered(self) -> None:
        """Let messages of a peer that is gone get into the inbox: it will be told of a duplicate."""
        while not self._answers.empty():
            task = self._answers.get_nowait()
            if task is not None:
                await task

    async def _read(self) -> None:
        patience = self._limits.idle_seconds
        loop = asyncio.get_running_loop()
        while self._framer.junk <= self._limits.junk_bytes:
            before = (self._framer.begun, self._framer.in_frame)
            waited_from = loop.time()
            data = await self._next(patience)
            patience -= loop.time() - waited_from
            if not data:
                await self._give_up(ended=data is not None)
                return
            for frame in self._framer.feed(data):
                await self._take(frame)
            if (self._framer.begun, self._framer.in_frame) != before:
                patience = self._limits.frame_seconds if self._framer.in_frame else self._limits.idle_seconds

    async def _next(self, patience: float) -> bytes | None:
        """The next bytes, b"" at the end of the stream, None when patience is at an end."""
        if self._framer.at_end_block:
            patience = min(patience, self._limits.end_block_seconds)
        try:
            async with asyncio.timeout(max(patience, 0.001)):
                return await self._reader.read(_CHUNK)
        except TimeoutError:
            return None

    async def _give_up(self, *, ended: bool) -> None:
        """Out of patience within a frame: refuse what there is of it. A peer that hung up will send it again."""
        if ended and not self._framer.at_end_block:
            return
        frame = self._framer.finish()
        if frame is not None:
            await self._take(frame)

    async def _take(self, frame: Frame) -> None:
        await self._window.enter(len(frame.content))
        envelope = await self._intake.envelope(frame)
        self._answers.put_nowait(_begun(self._intake.receive(frame.content, envelope, self._peer)))

    async def _write(self) -> None:
        while (answer := await self._answers.get()) is not None:
            reply = await answer
            if reply.ack is not None:
                await self._send(reply.ack)
            self._window.leave()
            self._quiet_since = asyncio.get_running_loop().time()
            if reply.message is not None:
                await self._outcomes.add(reply.message, reply.envelope)

    async def _send(self, ack: bytes) -> None:
        self._writer.write(framed(ack))
        if self._writer.transport.get_write_buffer_size() < _UNREAD:
            await self._writer.drain()  # at once
            return
        async with asyncio.timeout(self._limits.idle_seconds):  # a peer that reads no answers is not waited for
            await self._writer.drain()

    async def _close(self) -> None:
        self._writer.close()
        with contextlib.suppress(*GONE, TimeoutError):
            async with asyncio.timeout(self._limits.end_block_seconds):
                await self._writer.wait_closed()


def _begun(work: Coroutine[Any, Any, Reply]) -> asyncio.Task[Reply]:
    """A task that has begun already where Python can (3.12): what came together is handed in together."""
    if sys.version_info >= (3, 12):
        return asyncio.Task(work, loop=asyncio.get_running_loop(), eager_start=True)
    return asyncio.create_task(work)


async def _quietly(task: asyncio.Task[None]) -> None:
    """Wait for a task that may have been cancelled or cut off by its peer; a defect still comes out."""
    await asyncio.wait({task})
    if not task.cancelled():
        error = task.exception()
        if error is not None and not isinstance(error, (*GONE, TimeoutError)):
            raise error
