"""Asking the index among some sources only: the others neither are candidates nor leave a trace."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from datetime import UTC, datetime

from hub.db.database import Database
from hub.kernel.clock import fixed_clock
from hub.kernel.types import Json
from hub.mpi.index import PatientIndex
from hub.mpi.lookup import in_review
from hub.mpi.match import Candidate
from hub.mpi.record_of import record_of
from hub.mpi.registration import Source
from tests.mpi.people import citizen_id

NOW = datetime(2026, 5, 20, 1, 0, tzinfo=UTC)
CITIZEN = "urn:oid:2.16.156.10011.1.3"


def patient(rid: str, name: str = "沈桂兰", phone: str = "13800990001") -> Json:
    return {
        "resourceType": "Patient",
        "id": rid,
        "identifier": [{"system": CITIZEN, "value": citizen_id("1958-04-12", 96)}],
        "name": [{"text": name}],
        "gender": "female",
        "birthDate": "1958-04-12",
        "telecom": [{"system": "phone", "value": phone}],
    }


def asked(url: str, permitted: Collection[str] | None) -> list[Candidate]:
    """Candidates for the person of two sources, among those permitted."""

    async def among(ids: Collection[str]) -> Collection[str]:
        assert set(ids) == {"a", "b"}
        return set(ids).intersection(permitted or ())

    async def run() -> list[Candidate]:
        database = await Database.connect(url, size=1)
        index = PatientIndex(fixed_clock(NOW))
        try:
            async with database.transaction() as tx:
                sources = [Source(rid, facility, patient(rid)) for rid, facility in (("a", "F01"), ("b", "F05"))]
                await index.register(tx, sources)
                assert await in_review(tx, [source.pkey for source in sources]) == set()
                record = record_of(patient("probe"), "F02")
                return await index.match(tx, record, 5, among=None if permitted is None else among)
        finally:
            await database.close()

    return asyncio.run(run())


def test_without_a_limit_the_person_is_found_by_all_sources(database_url: str) -> None:
    (found,) = asked(database_url, None)
    assert found.patients == ("a", "b")


def test_a_person_is_made_of_the_permitted_sources_only(database_url: str) -> None:
    (found,) = asked(database_url, {"b"})
    assert found.patients == ("b",)


def test_a_person_of_whom_nothing_is_permitted_is_no_candidate(database_url: str) -> None:
    assert asked(database_url, set()) == []
