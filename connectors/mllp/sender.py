"""A sender: messages over one persistent connection, ACKs as they come. For outbound feeds, `yilian send` and tests."""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Self

from connectors.mllp.frame import Frame, Framer, framed
from connectors.mllp.mode import Mode, mode_of
from hub.kernel.errors import Category, HubError

_MOST_ACK: Final = 1024 * 1024
_CHUNK: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to message `index` (from 1): MSA-1, MSA-2, MSA-3 or ERR-8, and the whole ACK.

    `code` is "" for a message that asked for no answer. `seconds` from sending to answer.
    """

    index: int
    code: str
    control: str
    text: str
    ack: bytes
    seconds: float

    def line(self) -> str:
        """One line for a person: number, code, control id and text, parted by tabs."""
        return "\t".join([str(self.index), self.code or "-", self.control, self.text]).rstrip("\t")


class Sender:
    """One connection to an MLLP listener. Use as an asynchronous context manager.

    `window` messages may await their first answer at a time (1: send, wait, send). `seconds` is how long an answer or
    the connection is waited for.
    """

    def __init__(
        self, host: str, port: int, *, tls: ssl.SSLContext | None = None, window: int = 1, seconds: float = 30
    ) -> None:
        self._host = host
        self._port = port
        self._tls = tls
        self._window = window
        self._seconds = seconds
        self._framer = Framer(_MOST_ACK)
        self._acks: deque[Frame] = deque()
        self._waiting: deque[tuple[int, float, Mode]] = deque()
        #: Application acknowledgements (enhanced mode) that came so far, by the control id they are about.
        self.outcomes: dict[str, Answer] = {}

    async def __aenter__(self) -> Self:
        """Connect. Raises HubError UNAVAILABLE."""
        try:
            async with asyncio.timeout(self._seconds):
                self._reader, self._writer = await asyncio.open_connection(self._host, self._port, ssl=self._tls)
        except (OSError, TimeoutError) as error:
            raise self._away(f"cannot connect ({type(error).__name__})") from None
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except OSError:  # the listener was faster
            return

    async def send(self, messages: Iterable[bytes]) -> AsyncIterator[Answer]:
        """Send messages in order; give the first answer to each, in order.

        Raises HubError UNAVAILABLE if the listener hangs up or does not answer in time.
        """
        for index, message in enumerate(messages, 1):
            await self._write(index, message)
            while len(self._waiting) >= self._window:
                yield await self._answer()
        while self._waiting:
            yield await self._answer()

    async def outcome(self, control: str) -> Answer:
        """The application acknowledgement for a control id. Raises HubError UNAVAILABLE if it does not come in time."""
        while control not in self.outcomes:
            self._note(await self._ack())
        return self.outcomes.pop(control)

    async def _write(self, index: int, message: bytes) -> None:
        mode = mode_of(_header(message))
        try:
            self._writer.write(framed(message))
            async with asyncio.timeout(self._seconds):
                await self._writer.drain()
        except (OSError, TimeoutError) as error:
            raise self._away(f"does not read ({type(error).__name__})") from None
        self._waiting.append((index, asyncio.get_running_loop().time(), mode))

    async def _answer(self) -> Answer:
        index, begun, mode = self._waiting.popleft()
        if not (mode.wants_accept("A") or mode.wants_accept("E")):
            return Answer(index, "", "", "no answer was asked for", b"", 0.0)
        while True:
            answer = _read_ack(await self._ack())
            if mode.enhanced and answer.code.startswith("A"):  # the outcome of an earlier message
                self.outcomes[answer.control] = answer
            else:
                return replace(answer, index=index, seconds=asyncio.get_running_loop().time() - begun)

    def _note(self, ack: bytes) -> None:
        answer = _read_ack(ack)
        self.outcomes[answer.control] = answer

    async def _ack(self) -> bytes:
        while not self._acks:
            try:
                async with asyncio.timeout(self._seconds):
                    data = await self._reader.read(_CHUNK)
            except (OSError, TimeoutError) as error:
                raise self._away(f"does not answer ({type(error).__name__})") from None
            if not data:
                raise self._away("hung up")
            self._acks.extend(self._framer.feed(data))
        return self._acks.popleft().content

    def _away(self, what: str) -> HubError:
        return HubError(Category.UNAVAILABLE, what, where=f"{self._host}:{self._port}", todo="is the feed up?")


def _header(message: bytes) -> Mapping[str, str]:
    """MSH fields by name; Latin-1, since only ASCII ones are read."""
    line = message.lstrip(b"\r\n").split(b"\r", 1)[0].split(b"\n", 1)[0].decode("latin-1")
    fields = line[4:].split(line[3:4]) if line.startswith("MSH") and len(line) > 4 else []
    return {f"MSH-{n}": text for n, text in enumerate(fields, 2)}


def _read_ack(ack: bytes) -> Answer:
    text = ack.decode("utf-8", "replace")
    separator = text[3:4] or "|"
    segments = {line[:3]: line.split(separator) + [""] * 9 for line in text.split("\r") if line}
    msa = segments.get("MSA", [""] * 9)
    return Answer(0, msa[1], msa[2], msa[3] or segments.get("ERR", [""] * 9)[8], ack, 0.0)
