"""MLLP frames (HL7 v2 transport specification, MLLP release 2): <VT> message <FS> <CR>.

A framer takes bytes as they come and gives frames. It works on bytes: VT, FS and CR are never part of a character of
GB 18030 or UTF-8. Decisions where senders stray from the standard:

- An end block is FS followed by CR, LF or the VT of the next frame; any other FS or VT is content.
- VT followed by `MSH` within a frame begins the next one: the frame before it lacks its end block and is UNFINISHED.
- A frame over the limit is given once, cut, as TOO_LARGE, and skipped up to its end without being kept in memory.
- Bytes between frames are junk and skipped; line ends are not even counted.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final, NamedTuple

START: Final = b"\x0b"
END: Final = b"\x1c\r"

#: Bytes of an oversize frame that are given: enough to see who sent what.
CUT: Final = 64 * 1024
#: Bytes that must be looked at again with what follows them: `VT M S` or `FS`.
_TAIL: Final = 3

_BOUNDARY: Final = re.compile(rb"\x1c[\r\n\x0b]|\x0b(?=MSH)")


class Flaw(StrEnum):
    """What is wrong with a frame."""

    TOO_LARGE = "too-large"
    UNFINISHED = "unfinished"


class Frame(NamedTuple):
    """Content of one frame, without its block characters."""

    content: bytes
    flaw: Flaw | None = None


def framed(content: bytes) -> bytes:
    """Put a message into a frame."""
    return START + content + END


class Framer:
    """Finds frames in a stream. Its buffer never exceeds `max_bytes` plus one chunk; its time is linear."""

    def __init__(self, max_bytes: int) -> None:
        self._max = max_bytes
        self._buffer = bytearray()
        self._searched = 0
        self._skipping = False
        #: Whether a frame has begun and not ended.
        self.in_frame = False
        #: Frames that have begun so far.
        self.begun = 0
        #: Bytes of junk since the last frame.
        self.junk = 0

    @property
    def at_end_block(self) -> bool:
        """Whether all that is missing is the CR after FS."""
        return self.in_frame and self._buffer.endswith(b"\x1c")

    def feed(self, data: bytes) -> list[Frame]:
        """Take the next bytes; give the frames they complete."""
        self._buffer += data
        frames: list[Frame] = []
        at = 0
        while self.in_frame or (at := self._begin(at)) >= 0:
            end = _BOUNDARY.search(self._buffer, max(at, self._searched))
            if end is None:
                break
            if not self._skipping:
                frames.append(self._frame(at, end.start(), end[0][0] == START[0]))
            # the VT of a next frame stays to begin it; CR or LF after FS is part of this one
            at = end.end() if end[0][-1:] in b"\r\n" else end.end() - 1
            self.in_frame = self._skipping = False
            self._searched = 0
        self._keep(at, frames)
        return frames

    def finish(self) -> Frame | None:
        """Give up waiting: what there is of a frame, complete if only the CR after its FS is missing."""
        if not self.in_frame or self._skipping:
            return None
        complete = self.at_end_block
        content = bytes(self._buffer[:-1] if complete else self._buffer)
        self._buffer.clear()
        self.in_frame = False
        self._searched = 0
        return Frame(content, None if complete else Flaw.UNFINISHED)

    def _begin(self, at: int) -> int:
        """Position after the next VT, or -1 (then everything was junk)."""
        start = self._buffer.find(START, at)
        between = self._buffer[at : start if start >= 0 else None]
        self.junk += len(between.strip(b"\r\n"))
        if start < 0:
            self._buffer.clear()
            return -1
        self.in_frame = True
        self.begun += 1
        self.junk = 0
        return start + 1

    def _frame(self, begin: int, end: int, unfinished: bool) -> Frame:
        if end - begin > self._max:
            return Frame(bytes(self._buffer[begin : begin + CUT]), Flaw.TOO_LARGE)
        return Frame(bytes(self._buffer[begin:end]), Flaw.UNFINISHED if unfinished else None)

    def _keep(self, at: int, frames: list[Frame]) -> None:
        """Keep what belongs to the open frame, or only its tail if that is being skipped."""
        if not self.in_frame:
            return
        del self._buffer[:at]
        if not self._skipping and len(self._buffer) > self._max + len(END):
            frames.append(Frame(bytes(self._buffer[:CUT]), Flaw.TOO_LARGE))
            self._skipping = True
        if self._skipping:
            del self._buffer[:-_TAIL]
        self._searched = max(0, len(self._buffer) - _TAIL)
