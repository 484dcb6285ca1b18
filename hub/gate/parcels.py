"""Permitted versions as they lie in a file until somebody fetches them: bytes that nobody but the gate reads.

They carry their release facts, so that they can be judged again when they leave. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from hub.store.values import Stored

_ENCODER: Final = msgspec.msgpack.Encoder(uuid_format="bytes")
_DECODER: Final = msgspec.msgpack.Decoder(list[Stored])


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """Some versions of one type: `count` of them, `size` bytes of JSON; `deleted` if they are deletions."""

    type: str
    count: int
    size: int
    deleted: bool
    content: bytes


def pack(rtype: str, rows: Sequence[Stored], *, deleted: bool) -> Parcel:
    """The parcel of some rows of one type."""
    size = sum(len(row.body) for row in rows)
    return Parcel(type=rtype, count=len(rows), size=size, deleted=deleted, content=_ENCODER.encode(rows))


def unpack(content: bytes) -> list[Stored]:
    """The rows of a parcel's content."""
    return _DECODER.decode(content)
