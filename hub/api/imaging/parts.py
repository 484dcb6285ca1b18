"""A multipart answer as it streams (RFC 2046 5.1): its parts as they are, their headers as the hub's.

Of the headers of a part three are kept: its media type, its length, and where it can be had again, at the hub. At most
one chunk and the headers of one part are held.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Generator, Iterator
from email.message import Message
from typing import Final

from hub.api.imaging.rewriting import NOWHERE, own_address
from hub.kernel.errors import Category, HubError

_BOUNDARY: Final = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")
_MOST_HEADERS: Final = 16 * 1024
_HEADER: Final = re.compile(rb"([A-Za-z-]{1,40}):[ \t]*([\x20-\x7e]{1,2000})")
_KEPT: Final = frozenset({b"content-type", b"content-length"})
_LOCATION: Final = b"content-location"


def boundary_of(media: str) -> bytes:
    """The boundary that a multipart media type names. Raises HubError UNAVAILABLE where it names none."""
    header = Message()
    header["content-type"] = media
    boundary = header.get_param("boundary")
    if not isinstance(boundary, str) or not _BOUNDARY.fullmatch(boundary):
        raise _broken()
    return boundary.encode()


async def own_parts(chunks: AsyncIterator[bytes], boundary: bytes, base: str) -> AsyncIterator[bytes]:
    """A multipart stream whose parts name addresses below `base`."""
    reader = _Reader(boundary, base)
    async for chunk in chunks:
        for piece in reader.feed(chunk):
            yield piece
    if not reader.complete:
        raise _broken()


class _Reader:
    """Where in a multipart body the stream stands: before or in a part, or in the headers of one."""

    def __init__(self, boundary: bytes, base: str) -> None:
        self._mark: Final = b"\r\n--" + boundary
        self._base: Final = base
        self._held = b"\r\n"  # as if a line had ended before the first boundary
        self._before = True
        self._in_headers = False
        self.complete = False

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        data, self._held = self._held + chunk if self._held else chunk, b""
        while data and not self.complete:
            if self._in_headers:
                data = yield from self._headers(data)
            else:
                data = yield from self._content(data)

    def _content(self, data: bytes) -> Generator[bytes, None, bytes]:
        """Pass on what stands before the next boundary; gives what follows it."""
        found = data.find(self._mark)
        if found < 0:
            keep = len(self._mark) - 1
            if not self._before:
                yield data[:-keep]
            self._held = data[-keep:]
            return b""
        if not self._before:
            yield data[:found]
        self._in_headers = True
        return data[found + len(self._mark) :]

    def _headers(self, data: bytes) -> Generator[bytes, None, bytes]:
        """Pass on a boundary with the headers behind it, or the end; gives what follows."""
        if data[:2] == b"--":
            self.complete = True
            yield self._line() + b"--\r\n"
            return b""
        end = data.find(b"\r\n\r\n")
        if end < 0:
            if len(data) > _MOST_HEADERS:
                raise _broken()
            self._held = data
            return b""
        yield self._line() + b"\r\n" + b"".join(self._kept(data[:end])) + b"\r\n"
        self._before = self._in_headers = False
        return data[end + 4 :]

    def _line(self) -> bytes:
        return self._mark[2:] if self._before else self._mark

    def _kept(self, headers: bytes) -> Iterator[bytes]:
        for line in headers.split(b"\r\n"):
            header = _HEADER.fullmatch(line)
            if header is None:
                continue
            name, value = header[1].lower(), header[2].strip()
            if name == _LOCATION:
                value = own_address(value.decode("ascii"), self._base).encode()
            if name in _KEPT or (name == _LOCATION and value != NOWHERE.encode()):
                yield header[1] + b": " + value + b"\r\n"


def _broken() -> HubError:
    what = "answered something that is no multipart message"
    return HubError(Category.UNAVAILABLE, what, where="imaging archive", code="archive-refused")
