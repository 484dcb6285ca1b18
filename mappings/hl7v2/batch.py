"""Files of HL7 v2 to single messages: MLLP frames, batches (FHS, BHS, BTS, FTS), or messages one after another.

A message begins at a line that starts with `MSH` and a delimiter. What stands before the first one (batch headers, a
byte order mark, frame bytes) and the batch trailers belong to no message.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_START: Final = re.compile(rb"(?:\A|(?<=[\r\n\x0b\x1c])|(?<=\xef\xbb\xbf))[ \t]*(?:MSH(?=[^\w\s])|(?i:MSH)(?=\|))")
_TRAILER: Final = re.compile(rb"[\r\n](?:BTS|FTS|BHS|FHS)(?=[^\w\s]|[\r\n]|\Z)")
_FRAME_BYTES: Final = b"\x0b\x1c"
_WIDE_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
#: How a header looks in UTF-16 without such a mark.
_WIDE_HEADERS: Final = (("utf-16-le", b"M\0S\0H\0"), ("utf-16-be", b"\0M\0S\0H"))
#: Bytes in which it is looked for.
_HEAD: Final = 4096


def split_messages(raw: bytes) -> Iterator[bytes]:
    """The messages of a file in order, each as its own bytes without framing; line ends stay as they are.

    A file in which no message begins gives itself whole, so that whoever reads it can say what is wrong with it.
    """
    wide = _wide(raw)
    if wide is not None:  # the patterns are of single bytes
        raw = raw.decode(wide, "replace").encode()
    starts = [match.start() for match in _START.finditer(raw)]
    if not starts:
        if raw.strip():
            yield raw
        return
    for begin, end in zip(starts, [*starts[1:], len(raw)], strict=True):
        yield _without_trailers(raw[begin:end])


def _wide(raw: bytes) -> str | None:
    if raw[:2] in _WIDE_MARKS:
        return "utf-16"
    found = ((codec, raw.find(header, 0, _HEAD)) for codec, header in _WIDE_HEADERS)
    return next((codec for codec, at in found if at >= 0 and at % 2 == 0), None)


def _without_trailers(message: bytes) -> bytes:
    trailer = _TRAILER.search(message)
    if trailer is not None:
        message = message[: trailer.start() + 1]
    frame_end = message.find(b"\x1c")
    return (message if frame_end < 0 else message[:frame_end]).strip(_FRAME_BYTES)
