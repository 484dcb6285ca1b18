"""Includes by references that name a version (R4 search.html#versions)."""

from __future__ import annotations

from typing import Any

from hub.gate.released import ReleasedPage
from tests.gate.house import CLINICIAN, House, observation, with_house, write
from tests.gate.test_histories import HIV, labelled

INCLUDE = [("_include", "Observation:has-member")]


def naming(rid: str, *targets: str) -> Any:
    return observation(rid, hasMember=[{"reference": target} for target in targets])


async def included(house: House, rid: str) -> list[tuple[str, int]]:
    page: ReleasedPage = await house.gate.search(CLINICIAN, "Observation", [("_id", rid), *INCLUDE])
    return [(one.id, one.version) for one in page.included]


async def amended(house: House, *, first: Any = None) -> None:
    """Observation m in three versions."""
    await house.save(write("Patient", "p1", author="F01"))
    await house.save(first or observation("m"))
    await house.save(observation("m", status="amended"))
    await house.save(observation("m", status="corrected"))


def test_the_version_a_reference_names_is_included(database_url: str) -> None:
    """ "If a resource has a reference that is versioned and _include is performed, the specified version SHOULD be
    provided": R4 search.html 3.1.1.4.13."""

    async def work(house: House) -> None:
        await amended(house)
        await house.save(
            naming("first", "Observation/m/_history/1"),
            naming("both", "Observation/m/_history/1", "Observation/m"),
            naming("last", "Observation/m/_history/3"),
            naming("two", "Observation/m/_history/2", "Observation/m/_history/1"),
        )
        assert await included(house, "first") == [("m", 1)]
        assert sorted(await included(house, "both")) == [("m", 1), ("m", 3)]
        assert await included(house, "last") == [("m", 3)]
        assert await included(house, "two") == [("m", 1), ("m", 2)]

    with_house(database_url, work)


def test_a_version_that_is_not_there_is_told_by_the_one_that_stands(database_url: str) -> None:
    async def work(house: House) -> None:
        await amended(house)
        await house.save(naming("wrong", "Observation/m/_history/9"))
        assert await included(house, "wrong") == [("m", 3)]

    with_house(database_url, work)


def test_a_version_that_may_not_be_seen_is_told_as_one_that_is_not_there(database_url: str) -> None:
    async def work(house: House) -> None:
        await house.save(write("Patient", "a", author="F03"))
        await house.relate("a", "F01")
        await house.save(labelled(observation("m", author="F03", patient="a"), HIV))
        await house.save(observation("m", author="F03", patient="a", status="amended"))
        member = [{"reference": "Observation/m/_history/1"}]
        await house.save(observation("o", author="F03", patient="a", hasMember=member))
        assert await included(house, "o") == [("m", 2)]

    with_house(database_url, work)


def test_a_version_that_is_included_is_recorded_as_what_it_is_about(database_url: str) -> None:
    async def work(house: House) -> None:
        await amended(house)
        await house.save(naming("first", "Observation/m/_history/1"))
        await included(house, "first")
        assert (await house.entries())[-1].types == {"Observation": 2}

    with_house(database_url, work)
