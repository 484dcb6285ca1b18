"""The benchmarks of the gate run, and compare what they say they compare. What they find is not judged here."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bench import bulk, everything, gate
from bench.consented import PATIENTS, house
from bench.turns import by_turns, ratios
from hub.fhir.json import loads


def test_every_way_to_a_record_is_measured(database_url: str) -> None:
    found = asyncio.run(everything.measure(database_url, 22, 2))
    assert set(found) == {"store", "author", "own", *PATIENTS}
    assert all(value > 0 for one in found.values() for value in one.values())


def test_the_pages_that_are_compared_hold_the_same_record(database_url: str) -> None:
    async def sizes() -> dict[str, int]:
        async with house(database_url, 22) as made:
            ways = everything.ways(made, 22)
            return {name: len(loads(await way(0))["entry"]) for name, way in ways.items() if name != "store"}  # type: ignore[arg-type]

    found = asyncio.run(sizes())
    # Without a consent the restricted two are left out, and so is whom they alone name.
    assert found.pop("silent") < found["author"]
    assert set(found.values()) == {found["author"]}


def test_every_way_to_read_is_measured(database_url: str) -> None:
    found = asyncio.run(gate.measure(database_url, [2], 1, count=42))
    assert [set(one) for one in found.values()] == [{"store", "wait", "author", *PATIENTS, "refused", "absent"}]


def test_every_step_of_a_read_is_measured(tmp_path: Path) -> None:
    assert all(value >= 0 for value in gate.steps(tmp_path, repeats=1).values())


def test_ways_take_turns() -> None:
    called: list[str] = []

    async def way(name: str) -> None:
        called.append(name)

    found = asyncio.run(by_turns({name: lambda _, name=name: way(name) for name in ("base", "slow")}, 3, warm=1))  # type: ignore[misc]
    assert called == ["base", "slow", "slow", "base", "base", "slow", "slow", "base"]
    assert set(found) == {"base", "slow"}


def test_ways_are_told_as_multiples_of_the_base() -> None:
    found = {"base": {"p50 ms": 2.0, "cpu us": 40.0}, "slow": {"p50 ms": 5.0, "cpu us": 50.0}}
    assert ratios(found, "base") == {"base": {"p50 ms": 1, "cpu us": 1}, "slow": {"p50 ms": 2.5, "cpu us": 1.25}}


def test_every_step_of_an_export_is_measured(database_url: str, tmp_path: Path) -> None:
    found = asyncio.run(bulk.measure(database_url, tmp_path, 22, 2))
    assert set(found) == {"store", "own", "other", "fetch-own", "fetch-other"}
    assert all(value > 0 for one in found.values() for value in one.values())
