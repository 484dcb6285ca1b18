"""Reading a request body within limits: size on the wire, size unpacked, and how much one byte may unpack to."""

from __future__ import annotations

import zlib
from typing import Final

from starlette.requests import ClientDisconnect, Request

from hub.kernel.errors import Category, HubError

#: Unpacked bytes per packed byte. Pretty-printed FHIR packs about 20 times, a bomb about 1,000 times.
MAX_RATIO: Final = 100
#: Below this a body may unpack to anything: short repetitive texts pack very well.
RATIO_FREE: Final = 1024 * 1024
_STEP: Final = 256 * 1024


async def read_body(request: Request, limit: int) -> bytes:
    """The body, unpacked. Raises HubError TOO_LARGE over `limit` bytes, UNSUPPORTED (415) for an unknown encoding."""
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in {"identity", "gzip", ""}:
        raise HubError(
            Category.UNSUPPORTED,
            "unknown encoding of the body",
            where="Content-Encoding",
            todo="send gzip or none",
            code="media-type",
        )
    raw = await _collect(request, limit)
    return _unpack(raw, limit) if encoding == "gzip" else raw


async def _collect(request: Request, limit: int) -> bytes:
    stated = request.headers.get("content-length", "")
    if stated.isdecimal() and len(stated) < 20 and int(stated) > limit:
        raise _too_large(limit)
    chunks = []
    size = 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > limit:
                raise _too_large(limit)
            chunks.append(chunk)
    except ClientDisconnect:
        raise HubError(Category.UNREADABLE, "ends before it is complete", where="body", code="incomplete") from None
    return b"".join(chunks)


def _unpack(raw: bytes, limit: int) -> bytes:
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    allowed = min(limit, max(RATIO_FREE, MAX_RATIO * len(raw)))
    parts = []
    size = 0
    pending = raw
    try:
        while pending and not unpacker.eof:
            part = unpacker.decompress(pending, _STEP)
            pending = unpacker.unconsumed_tail
            size += len(part)
            if size > allowed:
                raise _too_large(allowed)
            parts.append(part)
    except zlib.error:
        raise _not_gzip() from None
    if not unpacker.eof or unpacker.unused_data:
        raise _not_gzip()
    return b"".join(parts)


def _not_gzip() -> HubError:
    return HubError(Category.UNREADABLE, "is not one complete gzip stream", where="body", code="gzip")


def _too_large(limit: int) -> HubError:
    return HubError(Category.TOO_LARGE, f"more than {limit} bytes", where="body", todo="send it in smaller parts")
