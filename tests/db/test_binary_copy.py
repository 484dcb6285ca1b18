"""Rows in the binary form of COPY come back from the database as they were given."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest

from hub.db import binary_copy as copy
from hub.db.database import Database

Encode = Callable[[Any], bytes]

_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def copied(url: str, kind: str, encode: Encode, values: list[Any]) -> list[Any]:
    """What a column of some type holds after values were copied into it."""

    async def work() -> list[Any]:
        database = await Database.connect(url)
        try:
            async with database.transaction() as tx:
                await tx.execute(f"CREATE TEMP TABLE held (at bigint, value {kind}) ON COMMIT DROP")
                rows = (b"\0\2" + copy.bigint(at) + encode(value) for at, value in enumerate(values))
                await copy.copy_rows(tx, "held", ("at", "value"), rows)
                return [row[0] for row in await tx.fetch("SELECT value FROM held ORDER BY at")]
        finally:
            await database.close()

    return asyncio.run(work())


@pytest.mark.parametrize(
    ("kind", "encode", "values"),
    [
        ("text", copy.text, ["", "高血压 𠮷", None]),
        ("bytea", copy.octets, [b"", b"\0\xff", None]),
        ("bigint", copy.bigint, [-(2**63), 0, 2**63 - 1, None]),
        ("integer[]", copy.integers, [[], [-(2**31), 0, 2**31 - 1]]),
        ("bigint[]", copy.bigints, [[], [-(2**63), 0, 2**63 - 1]]),
        ("text[]", copy.texts, [[], ["章=IX", "", 'a="{,}\\']]),
    ],
)
def test_what_is_copied_is_what_is_read(database_url: str, kind: str, encode: Encode, values: list[Any]) -> None:
    assert copied(database_url, kind, encode, values) == values


def test_hashes_are_copied_by_their_bytes(database_url: str) -> None:
    given = [[], [uuid4().bytes], [uuid4().bytes for _ in range(300)]]
    found = copied(database_url, "uuid[]", copy.uuids, given)
    assert found == [[UUID(bytes=one) for one in several] for several in given]


def test_moments_are_copied_to_the_microsecond_and_the_first_and_last_are_infinite(database_url: str) -> None:
    china = timezone(timedelta(hours=8))
    moments = [datetime(1999, 12, 31, 23, 59, 59, 999_999, UTC), datetime(2026, 11, 30, 8, 0, 0, 1, china), None]
    assert copied(database_url, "timestamptz", copy.instant, moments) == moments
    text = "timestamptz CHECK (value IN ('infinity', '-infinity'))"
    assert len(copied(database_url, text, copy.instant, [_FIRST, _LAST])) == 2


def _numbers() -> list[Decimal]:
    random = Random(7)
    sizes = [(random.randrange(-(10 ** random.randrange(40)), 10**20), random.randrange(-300, 300)) for _ in range(400)]
    plain = ["0", "-0", "0.00", "1.50", "100", "-12345.6789", "10000", "0.0001", "1E+4", "1E-4"]
    return [*map(Decimal, plain), *(Decimal(digits).scaleb(power) for digits, power in sizes)]


def test_numbers_are_copied_with_all_their_digits(database_url: str) -> None:
    numbers = _numbers()
    found = copied(database_url, "numeric", copy.numeric, numbers)
    assert found == numbers
    assert [max(-power(one), 0) for one in found] == [max(-power(one), 0) for one in numbers]


def power(number: Decimal) -> int:
    """Its power of ten."""
    return int(number.as_tuple().exponent)


def test_no_rows_are_no_round_trip() -> None:
    asyncio.run(copy.copy_rows(None, "held", (), ()))  # type: ignore[arg-type]
