"""`timestamptz` as the driver has it, but remembered by its bytes: a page of fifty resources has a hundred and fifty
instants, most of which come again, and making each anew took the driver a third of its time for the page.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from struct import Struct
from typing import Final

import asyncpg

_PACKED: Final = Struct(">q")
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
#: Microseconds since then of what stands for the infinities, as the driver has it, and what these are.
_INFINITE: Final = {252_455_615_999_999_999: 2**63 - 1, -63_082_281_600_000_000: -(2**63)}
#: What the infinities are read as: they have no zone.
_READ: Final = {
    2**63 - 1: datetime(9999, 12, 31, 23, 59, 59, 999999),  # noqa: DTZ001
    -(2**63): datetime(1, 1, 1),  # noqa: DTZ001
}
_WRITTEN: Final = {instant: _PACKED.pack(number) for number, instant in _READ.items()}

_REMEMBERED: Final = 16_384


async def remember_instants(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    """Let a connection read and write `timestamptz` by this module."""
    await connection.set_type_codec("timestamptz", schema="pg_catalog", encoder=_write, decoder=_read, format="binary")


def microseconds(moment: datetime) -> int:
    """What a timestamptz holds of an aware moment."""
    since = moment - _EPOCH
    found = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    return _INFINITE.get(found, found)


@lru_cache(maxsize=_REMEMBERED)
def _read(packed: bytes) -> datetime:
    (number,) = _PACKED.unpack(packed)
    return _READ.get(number) or _EPOCH + timedelta(microseconds=number)


def _write(instant: datetime) -> bytes:
    """Without a zone it is the time of this machine. Raises TypeError for another value."""
    if not isinstance(instant, datetime):
        raise TypeError("not an instant")
    return _WRITTEN.get(instant) or _PACKED.pack(microseconds(instant.astimezone(UTC)))
