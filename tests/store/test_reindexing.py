"""Search parameters of an installation's own, added and reindexed while others write (R4 searchparameter.html)."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from hub.db.database import Database
from hub.fhir.definitions import read_definition
from hub.kernel.clock import fixed_clock
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from hub.store import definitions
from hub.store.phrases import Phrases
from hub.store.query import parse_query
from hub.store.reindexing import Step, step
from hub.store.store import Store
from tests.store.support import EVERYTHING, NOW, observation, patient, run, save, stored, write

URL = "http://example.org/fhir/SearchParameter/"
NICKNAME: Json = {
    "resourceType": "SearchParameter",
    "url": URL + "nickname",
    "code": "nickname",
    "type": "string",
    "base": ["Patient"],
    "expression": "Patient.name.where(use='nickname').given",
}

#: One parameter of each type, a resource that has a value for it, and what finds that.
KINDS: list[tuple[str, str, str, dict[str, Any], str]] = [
    ("string", "Observation", "Observation.note.text", {"note": [{"text": "Nüchtern"}]}, "nuch"),
    ("date", "Observation", "Observation.issued", {"issued": "2026-05-19T08:00:00Z"}, "2026-05-19"),
    (
        "quantity",
        "Observation",
        "Observation.referenceRange.low",
        {"referenceRange": [{"low": {"value": Decimal("3.5"), "system": "urn:u", "code": "mmol"}}]},
        "3.5|urn:u|mmol",
    ),
    ("number", "Patient", "Patient.multipleBirth.as(integer)", {"multipleBirthInteger": 2}, "2"),
    (
        "token",
        "Observation",
        "Observation.interpretation",
        {"interpretation": [{"coding": [{"system": "urn:i", "code": "H"}], "text": "high"}]},
        "urn:i|H",
    ),
    (
        "reference",
        "Observation",
        "Observation.note.author.as(Reference)",
        {"note": [{"text": "x", "authorReference": {"reference": "Practitioner/p"}}]},
        "Practitioner/p",
    ),
    (
        "uri",
        "Observation",
        "Observation.implicitRules",
        {"implicitRules": "http://example.org/a/b"},
        "http://example.org/a/b",
    ),
]


async def define(database: Database, resource: Json, name: str = "one") -> None:
    async with database.transaction() as tx:
        await definitions.lock(tx)
        await definitions.put(tx, name, read_definition(resource))


async def retire(database: Database, name: str = "one") -> None:
    async with database.transaction() as tx:
        await definitions.lock(tx)
        await definitions.put(tx, name, ())


async def reindex(database: Database, rows: int = 2) -> None:
    while await one_step(database, rows) is not Step.IDLE:
        pass


async def one_step(database: Database, rows: int = 2) -> Step:
    async with database.transaction() as tx:
        return await step(tx, Phrases(), rows=rows)


async def found(database: Database, query: str, rtype: str = "Patient") -> list[str]:
    """Ids, asked by a process that knows nothing yet."""
    store = Store(fixed_clock(NOW))
    pairs = [(name, value) for name, _, value in (part.partition("=") for part in query.split("&"))]
    parsed = parse_query(rtype, pairs, custom=await store.registry.fresh(database))
    async with database.connection() as tx:
        page = await store.search(tx, parsed, EVERYTHING)
    return [match.id for match in page.matches]


def named(rid: str, nickname: str) -> Any:
    return patient(rid, name=[{"use": "nickname", "given": [nickname]}])


@pytest.mark.parametrize(("kind", "rtype", "expression", "elements", "value"), KINDS, ids=[one[0] for one in KINDS])
def test_what_stands_is_found_once_it_is_reindexed_as_is_what_is_written_later(
    database_url: str, kind: str, rtype: str, expression: str, elements: dict[str, Any], value: str
) -> None:
    def made(rid: str, **content: Any) -> Any:
        return patient(rid, **content) if rtype == "Patient" else write(observation(rid, "a", **content))

    async def work(database: Database, store: Store) -> tuple[list[str], list[str], list[str]]:
        await save(database, store, made("before", **elements), made("without"))
        own = {"code": "own", "type": kind, "base": [rtype], "expression": expression, "url": URL + "own"}
        await define(database, own)
        await reindex(database)
        await save(database, Store(fixed_clock(NOW)), made("after", **elements))
        return (
            sorted(await found(database, f"own={value}", rtype)),
            sorted(await found(database, "own:missing=true", rtype)),
            await found(database, "_sort=own&own:missing=false", rtype),
        )

    matches, missing, ordered = run(database_url, work)
    assert matches == ["after", "before"]
    assert missing == ["without"]
    assert sorted(ordered) == ["after", "before"]


def test_reindexing_leaves_the_same_index_as_writing(database_url: str) -> None:
    content = {
        "name": [{"use": "nickname", "given": ["Lan"]}],
        "maritalStatus": {"coding": [{"system": "urn:m", "code": "M"}], "text": "married"},
        "managingOrganization": {"reference": "Organization/o"},
    }
    marital = NICKNAME | {"code": "marital", "type": "token", "expression": "Patient.maritalStatus"}
    managing = NICKNAME | {"code": "managing", "type": "reference", "expression": "Patient.managingOrganization"}

    async def work(database: Database, store: Store) -> list[Any]:
        await save(database, store, patient("before", **content))
        for name, one in (("n", NICKNAME), ("m", marital), ("g", managing)):
            await define(database, one, name)
        await save(database, Store(fixed_clock(NOW)), patient("meanwhile", **content))
        await reindex(database)
        await save(database, Store(fixed_clock(NOW)), patient("after", **content))
        async with database.connection() as tx:
            return await tx.fetch(
                "SELECT array_length(tokens, 1), array_length(refs, 1), array(SELECT unnest(params) ORDER BY 1),"
                " (SELECT array_agg(p || t ORDER BY p, t) FROM unnest(sort_params, sort_texts) AS s (p, t)),"
                " (SELECT count(*) FROM string_value v WHERE (v.pkey, v.key) = (r.pkey, r.key)) FROM resource r"
            )

    before, meanwhile, after = run(database_url, work)
    assert before == meanwhile == after


def test_until_it_is_complete_a_search_is_refused_with_how_far_it_is(database_url: str) -> None:
    async def work(database: Database, store: Store) -> tuple[HubError, HubError, list[str]]:
        await save(database, store, *(named(f"p{number}", "Lan") for number in range(4)))
        await define(database, NICKNAME)
        with pytest.raises(HubError) as first:
            await found(database, "nickname=lan")
        assert [await one_step(database), await one_step(database)] == [Step.MOVED, Step.MOVED]
        with pytest.raises(HubError) as second:
            await found(database, "nickname=lan")
        await reindex(database)
        return first.value, second.value, await found(database, "nickname=lan")

    first, second, ids = run(database_url, work)
    assert (first.category, first.code, first.where) == (Category.UNSUPPORTED, "being-indexed", "nickname")
    assert "0 percent" in first.what
    assert "50 percent" in second.what
    assert len(ids) == 4


def test_a_writer_that_began_with_the_old_registry_and_asks_after_the_change_tries_again(database_url: str) -> None:
    async def work(database: Database, store: Store) -> tuple[str, list[str]]:
        await save(database, store, named("a", "Lan"))
        await define(database, NICKNAME)
        with pytest.raises(HubError) as refused:
            await save(database, store, named("b", "Lan"))
        await save(database, store, named("b", "Lan"))
        await reindex(database)
        return refused.value.code, sorted(await found(database, "nickname=lan"))

    assert run(database_url, work) == ("race", ["a", "b"])


def test_a_writer_that_was_at_work_before_the_change_is_waited_for(database_url: str) -> None:
    async def work(database: Database, store: Store) -> tuple[set[Step], list[str]]:
        async with database.transaction() as tx:
            await store.save(tx, [named("late", "Lan")])
            await define(database, NICKNAME)
            waiting = {await one_step(database) for _ in range(3)}
        await reindex(database)
        return waiting, await found(database, "nickname=lan")

    waiting, ids = run(database_url, work)
    assert waiting == {Step.MOVED, Step.WAITS}
    assert ids == ["late"]


def test_no_write_is_missed_however_writers_and_definition_fall_together(database_url: str) -> None:
    async def writer(database: Database, number: int, stop: asyncio.Event) -> list[str]:
        store, made = Store(fixed_clock(NOW)), list[str]()
        while not stop.is_set():
            rid = f"w{number}-{len(made)}"
            try:
                async with database.transaction() as tx:
                    await store.save(tx, [named(rid, "Lan")])
                    await asyncio.sleep(0.003 * number)
            except HubError as error:
                assert error.code == "race"
                continue
            made.append(rid)
        return made

    async def work(database: Database, store: Store) -> tuple[set[str], set[str]]:
        busy, stop = await Database.connect(database_url, size=8), asyncio.Event()
        writers = [asyncio.create_task(writer(busy, number, stop)) for number in range(4)]
        await asyncio.sleep(0.2)
        await define(database, NICKNAME)
        while not (await store.registry.fresh(database)).settled or not await _any(database):
            await one_step(database, 50)
            await asyncio.sleep(0)
        await asyncio.sleep(0.1)
        stop.set()
        made = {rid for ids in await asyncio.gather(*writers) for rid in ids}
        await busy.close()
        async with database.connection() as tx:
            query = parse_query("Patient", [("nickname", "lan")], custom=await Store().registry.fresh(database))
            page = await store.search(tx, query, EVERYTHING, count=10_000)
        return made, {match.id for match in page.matches}

    async def _any(database: Database) -> bool:
        async with database.connection() as tx:
            return bool(await tx.fetchval("SELECT bool_and(ready) FROM search_definition"))

    made, ids = run(database_url, work)
    assert made
    assert made == ids


def test_a_row_that_is_superseded_while_it_is_reindexed_leaves_nothing_behind(database_url: str) -> None:
    async def work(database: Database, store: Store) -> tuple[str, list[str]]:
        await save(database, store, named("a", "Lan"))
        before = await stored(database, store, "a")
        await define(database, NICKNAME)
        await one_step(database)
        fresh = Store(fixed_clock(NOW))
        change = write({"resourceType": "Patient", "id": "a"}, current=before, facts=before.facts)
        async with database.transaction() as tx:
            await step(tx, Phrases())
            superseding = asyncio.create_task(save(database, fresh, change))
            await _until_it_waits(database)
        with pytest.raises(HubError) as refused:
            await superseding
        await save(database, fresh, change)
        await reindex(database)
        return refused.value.code, await found(database, "nickname=lan")

    assert run(database_url, work) == ("race", [])


async def _until_it_waits(database: Database) -> None:
    waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    async with database.connection() as tx:
        for _ in range(500):
            if await tx.fetchval(waits):
                return
            await asyncio.sleep(0.01)
    pytest.fail("nobody waits")


def test_reindexing_goes_on_where_it_was_broken_off(database_url: str) -> None:
    async def work(database: Database, store: Store) -> tuple[int, list[str]]:
        await save(database, store, *(named(f"p{number}", "Lan") for number in range(5)))
        await define(database, NICKNAME)
        for _ in range(2):
            await one_step(database)
        with pytest.raises(ZeroDivisionError):
            async with database.transaction() as tx:
                await step(tx, Phrases(), rows=2)
                raise ZeroDivisionError
        async with database.connection() as tx:
            done = (await definitions.progress(tx))[0].done
        await reindex(database)
        return done, await found(database, "nickname=lan")

    done, ids = run(database_url, work)
    assert done == 2
    assert len(ids) == 5


def test_a_parameter_that_ended_is_unknown_again(database_url: str) -> None:
    async def work(database: Database, store: Store) -> str:
        await save(database, store, named("a", "Lan"))
        await define(database, NICKNAME)
        await reindex(database)
        await retire(database)
        with pytest.raises(HubError) as refused:
            await found(database, "nickname=lan")
        return refused.value.code

    assert run(database_url, work) == "unknown-parameter"


def test_another_definition_finds_nothing_of_the_one_before(database_url: str) -> None:
    async def work(database: Database, store: Store) -> tuple[list[str], list[str]]:
        names = [{"use": "nickname", "given": ["Lan"]}, {"use": "old", "given": ["Mei"]}]
        await save(database, store, patient("a", name=names))
        await define(database, NICKNAME)
        await reindex(database)
        await define(database, NICKNAME | {"expression": "Patient.name.where(use='old').given"})
        await reindex(database)
        return await found(database, "nickname=lan"), await found(database, "nickname=mei")

    assert run(database_url, work) == ([], ["a"])


def test_a_reference_of_ones_own_is_chained_reversed_and_included(database_url: str) -> None:
    own = NICKNAME | {
        "code": "author",
        "type": "reference",
        "base": ["Observation"],
        "target": ["Patient"],
        "expression": "Observation.note.author.as(Reference)",
    }

    async def work(database: Database, store: Store) -> tuple[list[str], list[str], list[str]]:
        note = [{"text": "x", "authorReference": {"reference": "Patient/b"}}]
        await save(database, store, patient("a"), named("b", "Lan"), write(observation("o", "a", note=note)))
        await define(database, own)
        await define(database, NICKNAME, "two")
        await reindex(database)
        chained = await found(database, "author.nickname=lan", "Observation")
        reversed_ = await found(database, "_has:Observation:author:status=final")
        async with database.connection() as tx:
            query = parse_query(
                "Observation",
                [("_include", "Observation:author")],
                custom=await Store().registry.fresh(database),
            )
            page = await store.search(tx, query, EVERYTHING)
        return chained, reversed_, [one.id for one in page.included]

    assert run(database_url, work) == (["o"], ["b"], ["b"])


def test_a_search_learns_of_a_change_within_a_second_and_asks_no_more_often(database_url: str) -> None:
    async def work(database: Database, _: Store) -> list[int]:
        moment = [0.0]
        store = Store(fixed_clock(NOW))
        store.registry._now = lambda: moment[0]  # type: ignore[misc]
        seen = [(await store.registry.fresh(database)).version]
        await define(database, NICKNAME)
        moment[0] = 0.9
        seen.append((await store.registry.fresh(database)).version)
        moment[0] = 1.0
        seen.append((await store.registry.fresh(database)).version)
        return seen

    assert run(database_url, work) == [0, 0, 1]
