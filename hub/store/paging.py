"""The keyset token: where a page ended, as opaque bytes. Whoever hands it out signs it (hub.gate)."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct

from hub.kernel.errors import Category, HubError
from hub.store.compiler import Cursor
from hub.store.criteria import Bind


class Position(Struct, frozen=True):
    """Sort values of the last match as text, its key in hexadecimal, the first page's snapshot, its total."""

    values: tuple[str, ...]
    key: str
    snapshot: str
    total: int | None


_decoder: Final = msgspec.msgpack.Decoder(Position)


def encode(position: Position) -> bytes:
    return msgspec.msgpack.encode(position)


def decode(token: bytes) -> Position:
    """Raises HubError INVALID for bytes that are no token."""
    try:
        return _decoder.decode(token)
    except msgspec.DecodeError:
        raise HubError(Category.INVALID, "is not a page of this search", todo="start from the first page") from None


def cursor(position: Position) -> Cursor:
    """The position as the compiler takes it."""
    values = tuple(Bind(value, "text") for value in position.values)
    return Cursor(values, Bind(position.key, "uuid"), Bind(position.snapshot, "text"))
