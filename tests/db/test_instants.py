"""Instants are read and written as the driver would."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import asyncpg
import pytest

from hub.db.database import Database

_CHINA = timezone(timedelta(hours=8))
INSTANTS = (
    datetime(2026, 11, 30, 21, 5, 7, 123456, tzinfo=UTC),
    datetime(2026, 11, 30, 21, 5, 7, 123456, tzinfo=_CHINA),
    datetime(1889, 4, 1, tzinfo=_CHINA),
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    datetime(2026, 11, 30, 21),  # noqa: DTZ001 (of this machine's zone)
    datetime.max,  # noqa: DTZ901 (as the driver reads the infinities)
    datetime.min,  # noqa: DTZ901
)
_ASKED = """
SELECT $1::timestamptz, $1::timestamptz::text, ARRAY[$1::timestamptz], ROW($1::timestamptz, 'x'), $2::timestamptz[]
"""


async def _answer(tx: Any, instant: datetime) -> tuple[Any, ...]:
    return tuple(await tx.fetchrow(_ASKED, instant, [instant, None]))


def test_instants_come_and_go_as_by_the_driver_alone(database_url: str) -> None:
    async def both() -> list[tuple[Any, Any]]:
        plain = await asyncpg.connect(database_url, server_settings={"TimeZone": "UTC"})
        database = await Database.connect(database_url, size=1)
        async with database.connection() as tx:
            found = [(await _answer(plain, instant), await _answer(tx, instant)) for instant in INSTANTS]
        await database.close()
        await plain.close()
        return found

    for by_driver, by_hub in asyncio.run(both()):
        assert by_hub == by_driver
        assert by_hub[0].tzinfo == by_driver[0].tzinfo


def test_what_is_no_instant_is_refused_before_it_is_sent(database_url: str) -> None:
    async def ask() -> None:
        database = await Database.connect(database_url, size=1)
        try:
            async with database.connection() as tx:
                await tx.fetchval("SELECT $1::timestamptz", "2026-11-30")
        finally:
            await database.close()

    with pytest.raises(asyncpg.DataError):
        asyncio.run(ask())
