"""Who a registration may be, asked without being registered."""

from __future__ import annotations

from typing import Any

import pytest

from hub.mpi.decide import Band
from hub.mpi.match import Candidate, Grade
from hub.mpi.record import Record
from tests.mpi.people import citizen_id
from tests.mpi.registry import Registry, patient, with_registry
from tests.mpi.test_index import mingyuan

_ID = citizen_id("1962-06-08", 301)
_OTHER_ID = citizen_id("1962-06-08", 303)


def asked(**told: str) -> Record:
    return Record(
        **{"record_id": "", "facility": "F05", "name": "杜明远", "sex": "M", "birth_date": "1962-06-08"} | told
    )


async def _match(registry: Registry, record: Record, limit: int = 10) -> list[Candidate]:
    async with registry.database.connection() as tx:
        return await registry.index.match(tx, record, limit)


def test_the_one_whom_a_registration_fits_is_certain_with_all_sources(database_url: str) -> None:
    async def story(registry: Registry) -> None:
        await registry.register(mingyuan("a", citizen_id=_ID), mingyuan("b", citizen_id=_ID), patient("c", "赵平"))
        (found,) = await _match(registry, asked(id_no=_ID))
        assert (found.patients, found.band, found.grade) == (("a", "b"), Band.LINK, Grade.CERTAIN)
        assert found.person == await registry.person("a")
        assert found.probability > 0.99
        assert "id EXACT" in found.evidence
        assert _ID not in found.evidence

    with_registry(database_url, story)


def test_two_who_fit_equally_are_probable_and_a_source_that_contradicts_makes_possible(database_url: str) -> None:
    async def story(registry: Registry) -> None:
        await registry.register(mingyuan("a", citizen_id=_ID, phone="13800990001"))
        await registry.register(mingyuan("b", citizen_id=_OTHER_ID, phone="13800990001"))
        assert [one.grade for one in await _match(registry, asked(phone="13800990001"))] == [Grade.PROBABLE] * 2
        assert len(await _match(registry, asked(phone="13800990001"), limit=1)) == 1
        await registry.register(mingyuan("a2", phone="13800990009"))
        await registry.decide(lambda tx: registry.steward.link(tx, "a", "a2", who="s"))
        third = citizen_id("1962-06-08", 305)
        grades = {one.patients: one.grade for one in await _match(registry, asked(id_no=third, phone="13800990009"))}
        assert grades == {("a", "a2"): Grade.POSSIBLE}

    with_registry(database_url, story)


@pytest.mark.parametrize(
    ("told", "grades"),
    [
        ({"name": "杜建国"}, [Grade.POSSIBLE]),
        ({"birth_date": "1962-01-01"}, [Grade.PROBABLE]),
        ({"name": "赵平"}, []),
    ],
)
def test_a_doubtful_pair_is_possible_and_a_stranger_is_not_told(
    database_url: str, told: dict[str, str], grades: list[Any]
) -> None:
    async def story(registry: Registry) -> None:
        await registry.register(mingyuan("a"))
        assert [one.grade for one in await _match(registry, asked(**told))] == grades

    with_registry(database_url, story)


def test_asking_registers_nothing(database_url: str) -> None:
    async def story(registry: Registry) -> None:
        await registry.register(mingyuan("a"))
        async with registry.database.transaction() as tx:
            await registry.index.match(tx, asked(), 10)
            assert await tx.fetchval("SELECT pg_current_xact_id_if_assigned()") is None
        assert list(await registry.view()) == ["a"]

    with_registry(database_url, story)
