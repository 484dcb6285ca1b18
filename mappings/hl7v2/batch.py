"""Files of HL7 v2 to single messages: MLLP frames, batches (FHS, BHS, BTS, FTS), or messages one after another.

A message begins at a line that starts with `MSH` and a delimiter. What stands before the first one (batch headers, a
byte order mark, frame bytes) and the batch trailers belong to no message.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_START: Final = re.compile(rb"(?:\A|(?<=[\r\n\x0b\x1c])|(?<=\xef\xbb\xbf))MSH(?=[^\w\s])")
_TRAILER: Final = re.compile(rb"[\r\n](?:BTS|FTS|BHS|FHS)(?=[^\w\s]|[\r\n]|\Z)")
_FRAME_BYTES: Final = b"\x0b\x1c"
_WIDE_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")


def split_messages(raw: bytes) -> Iterator[bytes]:
    """The messages of a file in order, each as its own bytes without framing; line ends stay as they are.

    A file in which no message begins gives itself whole, so that whoever reads it can say what is wrong with it.
    """
    if raw[:2] in _WIDE_MARKS:  # UTF-16: re-encode, since the patterns are of single bytes
        raw = raw.decode("utf-16", "replace").encode()
    starts = [match.start() for match in _START.finditer(raw)]
    if not starts:
        if raw.strip():
            yield raw
        return
    for begin, end in zip(starts, [*starts[1:], len(raw)], strict=True):
        yield _without_trailers(raw[begin:end])


def _without_trailers(message: bytes) -> bytes:
    trailer = _TRAILER.search(message)
    if trailer is not None:
        message = message[: trailer.start() + 1]
    frame_end = message.find(b"\x1c")
    return (message if frame_end < 0 else message[:frame_end]).strip(_FRAME_BYTES)
