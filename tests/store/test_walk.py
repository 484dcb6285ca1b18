"""Walking through all rows of a type, for exports."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta
from typing import Any, Final, TypeVar

import pytest

from hub.db.database import Database, Tx
from hub.kernel.clock import fixed_clock
from hub.store import walk
from hub.store.query import parse_query
from hub.store.store import Store
from hub.store.values import Facts, Stored, Visible, Write
from hub.store.walk import Stretch
from tests.auth.consortium import NOW
from tests.store.glossary import Glossary

T = TypeVar("T")

ALL: Final = Visible(everything=True)


def observation(rid: str, patient: str = "a", **elements: Any) -> Write:
    resource = {"resourceType": "Observation", "id": rid, "subject": {"reference": f"Patient/{patient}"}, **elements}
    return Write(type="Observation", id=rid, resource=resource, patient=patient, facts=Facts(author_org="F01"))


def person(rid: str, **elements: Any) -> Write:
    resource = {"resourceType": "Patient", "id": rid, **elements}
    return Write(type="Patient", id=rid, resource=resource, patient=rid, facts=Facts(author_org="F01"))


def stored(url: str, writes: Iterable[Write], look: Callable[[Database, Store], Awaitable[T]]) -> T:
    """What `look` sees after the writes."""

    async def run() -> T:
        database, store = await Database.connect(url, size=2), Store(fixed_clock(NOW))
        try:
            async with database.transaction() as tx:
                await store.save(tx, list(writes))
            return await look(database, store)
        finally:
            await database.close()

    return asyncio.run(run())


async def taken(store: Store, tx: Tx, stretch: Stretch, visible: Visible = ALL) -> list[Stored]:
    return [row async for rows in store.walk(tx, stretch, visible) for row in rows]


def walked(url: str, writes: Iterable[Write], stretch: Stretch, visible: Visible = ALL) -> list[Stored]:
    async def look(database: Database, store: Store) -> list[Stored]:
        async with database.transaction() as tx:
            return await taken(store, tx, stretch, visible)

    return stored(url, writes, look)


def test_what_a_value_set_names_is_walked_and_matched(database_url: str) -> None:
    codes = {"o1": "a", "o2": "b"}
    writes = [observation(rid, code={"coding": [{"system": "urn:s", "code": code}]}) for rid, code in codes.items()]
    query = parse_query("Observation", [("code:in", "urn:set")])

    async def look(database: Database, _: Store) -> tuple[list[str], int]:
        store = Store(fixed_clock(NOW), terms=Glossary({"urn:set": [("urn:s", "b")]}))
        async with database.transaction() as tx:
            rows = await taken(store, tx, Stretch(type="Observation", queries=(query,)))
            await taken(store, tx, Stretch(type="Observation", members=(query,)))
            return [row.id for row in rows], sum([len(keys) async for keys in store.matching(tx, query)])

    assert stored(database_url, writes, look) == (["o2"], 1)


def test_every_row_comes_once_whatever_the_number(database_url: str) -> None:
    names = [f"o{number}" for number in range(2 * walk.ROWS + 1)]
    rows = walked(database_url, [observation(name) for name in names], Stretch(type="Observation"))
    assert sorted(row.id for row in rows) == sorted(names)


def test_a_large_body_comes_whole_and_in_a_slice_of_its_own_size(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walk, "LARGE", 200)
    noise = [f"{number * 7919 % 104729:x}" for number in range(2000)]
    writes = [observation("small"), observation("large", note=[{"text": " ".join(noise)}]), observation("last")]

    async def look(database: Database, store: Store) -> list[list[str]]:
        monkeypatch.setattr(walk, "SLICE", 5000)
        async with database.transaction() as tx:
            slices = [rows async for rows in store.walk(tx, Stretch(type="Observation"), ALL)]
        (large,) = [row for rows in slices for row in rows if row.id == "large"]
        assert " ".join(noise).encode() in large.body
        return [[row.id for row in rows] for rows in slices]

    slices = stored(database_url, writes, look)
    assert sorted(name for rows in slices for name in rows) == ["large", "last", "small"]
    assert any(rows[-1] == "large" for rows in slices), "a slice ends with the row that filled it"


def test_queries_are_alternatives_and_a_row_comes_once(database_url: str) -> None:
    writes = [observation("a", status="final"), observation("b", status="amended"), observation("c", status="final")]
    queries = [
        parse_query("Observation", pairs)
        for pairs in ([("status", "final")], [("_id", "c")], [("status", "final"), ("_id", "b")], [("status", "x")])
    ]
    rows = walked(database_url, writes, Stretch(type="Observation", queries=tuple(queries)))
    assert sorted(row.id for row in rows) == ["a", "c"]


def test_members_are_whoever_something_is_found_of(database_url: str) -> None:
    writes = [
        person("a", gender="female"), person("b", gender="male"), observation("x", "a", status="final"),
        observation("y", "b", status="final"), observation("z", "b", status="amended"),
    ]  # fmt: skip
    members = (parse_query("Patient", [("gender", "male")]), parse_query("Observation", [("status", "final")]))
    rows = walked(database_url, writes, Stretch(type="Observation", members=members))
    assert sorted(row.id for row in rows) == ["y", "z"]
    assert walked(database_url, [], Stretch(type="Observation", members=members, patients=("a",))) == []


def test_nothing_is_shown_that_may_not_be_seen(database_url: str) -> None:
    writes = [person("a"), observation("x", "a")]
    assert walked(database_url, writes, Stretch(type="Observation"), Visible()) == []
    members = (parse_query("Observation", [("_id", "x")]),)
    only_patients = Visible(organizations=("F01",), withheld=frozenset({"Observation"}))
    assert len(walked(database_url, [], Stretch(type="Patient"), only_patients)) == 1
    assert walked(database_url, [], Stretch(type="Patient", members=members), only_patients) == []


def test_deletions_are_walked_apart(database_url: str) -> None:
    writes = [observation("a"), observation("b")]

    async def look(database: Database, store: Store) -> list[list[str]]:
        async with database.transaction() as tx:
            current = (await store.load(tx, [("Observation", "a")]))["Observation", "a"]
            burial = Write(type="Observation", id="a", resource=None, patient="a", facts=current.facts, current=current)
            await store.save(tx, [burial])
            found = []
            for deleted in (False, True):
                rows = await taken(store, tx, Stretch(type="Observation", deleted=deleted, since=NOW - timedelta(1)))
                found.append([row.id for row in rows])
            return found

    assert stored(database_url, writes, look) == [["b"], ["a"]]


def test_a_snapshot_shows_rows_as_they_were_when_it_began(database_url: str) -> None:
    async def look(database: Database, store: Store) -> tuple[list[Any], list[Any], list[str]]:
        async with database.connection() as tx, tx.transaction(isolation="repeatable_read", readonly=True):
            horizon = await store.snapshot(tx)
            async with database.transaction() as other:
                current = (await store.load(other, [("Observation", "a")]))["Observation", "a"]
                changed = observation("a", status="amended")
                await store.save(
                    other,
                    [
                        Write(
                            type="Observation", id="a", resource=changed.resource, patient="a", facts=changed.facts,
                            current=current,
                        ),
                        observation("new"),
                    ],
                )  # fmt: skip
            before = [(row.id, row.version) for row in await taken(store, tx, Stretch(type="Observation"))]
        async with database.transaction() as tx:
            since = await taken(store, tx, Stretch(type="Observation", horizon=horizon))
            seen = await store.changed_since(tx, [("Observation", "a"), ("Observation", "b")], horizon)
            return before, sorted((row.id, row.version) for row in since), [rid for _, rid in seen]

    before, since, changed = stored(database_url, [observation("a"), observation("b")], look)
    assert sorted(before) == [("a", 1), ("b", 1)]
    assert since == [("a", 2), ("new", 1)]
    assert changed == ["a"]


def test_the_types_there_are_are_found(database_url: str) -> None:
    async def look(database: Database, store: Store) -> list[str]:
        async with database.transaction() as tx:
            return await store.types(tx)

    assert stored(database_url, [person("a"), observation("x")], look) == ["Observation", "Patient"]
    assert stored(database_url, [], look) == ["Observation", "Patient"]
