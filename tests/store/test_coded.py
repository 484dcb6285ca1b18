"""The digest of what consents may name in a body."""

from __future__ import annotations

from typing import Any

import pytest

from hub.db.database import Database
from hub.kernel.types import Json
from hub.store.coded import coded
from hub.store.store import Store
from tests.store.support import observation, run, save, stored, write


def resource(*codes: str, profiles: tuple[str, ...] = ()) -> Json:
    made = observation("o", "a", code={"coding": [{"system": "http://loinc.org", "code": code} for code in codes]})
    return {**made, **({"meta": {"profile": list(profiles)}} if profiles else {})}


def test_it_tells_codes_and_profiles_apart_and_nothing_else() -> None:
    same = resource("1-1", "2-2"), resource("2-2", "1-1"), {**resource("1-1", "2-2"), "status": "amended"}
    assert len({coded(one) for one in same}) == 1
    others = resource(), resource("1-1"), resource("3-3"), resource("1-1", "2-2", profiles=("urn:p",))
    assert len({coded(one) for one in (same[0], *others)}) == 5
    assert coded(resource(profiles=("urn:p", "urn:q"))) == coded(resource(profiles=("urn:q", "urn:p")))


@pytest.mark.parametrize("tables", ["resource", "history"])
def test_each_version_keeps_that_of_its_own_body(database_url: str, tables: str) -> None:
    async def work(database: Database, store: Store) -> list[Any]:
        await save(database, store, write(resource("1-1")))
        for code in ("2-2", "3-3"):
            await save(
                database, store, write(resource(code), current=await stored(database, store, "o", "Observation"))
            )
        async with database.connection() as tx:
            return [row[0] for row in await tx.fetch(f"SELECT coded FROM {tables} ORDER BY version")]

    expected = ["3-3"] if tables == "resource" else ["1-1", "2-2"]
    assert run(database_url, work) == [coded(resource(code)) for code in expected]
