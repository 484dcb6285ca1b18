"""Rows that an earlier release of the hub indexed are indexed anew, while others read and write."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import pytest
from msgspec import structs

from hub.db.database import Database
from hub.fhir import emit_text
from hub.fhir.custom import NONE
from hub.fhir.json import dumps
from hub.fhir.search_parameters import RESOURCE_TYPES, answered
from hub.kernel.clock import fixed_clock
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import reference_key
from hub.kernel.types import Json
from hub.store import arrears, index_rows
from hub.store.index_versions import VERSION, gained
from hub.store.phrases import Phrases
from hub.store.query import parse_query
from hub.store.reindexing import Step, step
from hub.store.store import Store
from hub.store.whole_index import INDEX_COLUMNS, ToIndex, whole_index, whole_indexes
from hub.store.write import INDEX_TABLES
from tests.store.support import NOW, observation, patient, run, save, stored, write
from tests.store.test_reindexing import NICKNAME, define, found, named, one_step, reindex

UCUM: Final = "http://unitsofmeasure.org"
SHEN: Final = [{"text": "沈桂兰", "family": "沈", "given": ["桂兰"]}]

#: What the index of `sample` is in this release. If a test says it changed: add a gain to index_versions.py, so that
#: what stands is indexed anew after the upgrade, and only then write down the new one.
#: The version of a release that spoke no names.
UNSPOKEN: Final = 3
#: That of one that kept no digests of codes.
DIGESTLESS: Final = 4
SAMPLED: Final = (9, "0007d7087d700aaa")


@contextmanager
def earlier_release() -> Iterator[None]:
    """The index as it was before names were spoken and quantities converted."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(emit_text, "typed", lambda _: ())
        patch.setattr(index_rows, "canonical", lambda *_: ())
        yield


async def keep(database: Database, indexed: int | None = 1) -> None:
    """As `yilian up` does on a database whose index was kept in a version."""
    async with database.transaction() as tx:
        await tx.execute("UPDATE search_registry SET indexed = $1", indexed)
        await arrears.raise_version(tx)


async def partial(database: Database, query: str, rtype: str = "Patient") -> tuple[tuple[str, int], ...]:
    name, _, value = query.partition("=")
    custom = await Store(fixed_clock(NOW)).registry.fresh(database)
    return custom.finds_too_little(parse_query(rtype, [(name, value)], custom=custom).asked)


def weighed(rid: str) -> Any:
    return write(observation(rid, "a", valueQuantity={"value": Decimal("5.4"), "system": UCUM, "code": "mg"}))


def test_what_an_earlier_release_stored_is_found_by_pinyin_and_in_other_units_afterwards(database_url: str) -> None:
    async def work(database: Database, store: Store) -> list[list[str]]:
        with earlier_release():
            await save(database, store, patient("a", name=SHEN), weighed("o"))
        before = [await found(database, "name=shenguilan"), await _grams(database)]
        await keep(database)
        await reindex(database)
        return [*before, await found(database, "name=shenguilan"), await _grams(database)]

    assert run(database_url, work) == [[], [], ["a"], ["o"]]


async def _grams(database: Database) -> list[str]:
    return await found(database, f"value-quantity=0.0054|{UCUM}|g", "Observation")


def test_searches_say_what_they_may_miss_and_how_far_it_is(database_url: str) -> None:
    async def work(database: Database, store: Store) -> list[tuple[tuple[str, int], ...]]:
        await save(database, store, *(patient(f"p{number}", name=SHEN) for number in range(4)), weighed("o"))
        await keep(database, UNSPOKEN)
        told = [await partial(database, "name=shen"), await partial(database, "birthdate=1958-04-12")]
        told += [await partial(database, "subject:Patient.name=shen", "Observation")]
        await _until(database, "Patient", 2)
        told += [await partial(database, "name=shen"), await partial(database, "value-quantity=5", "Observation")]
        await reindex(database)
        return [*told, await partial(database, "name=shen")]

    name = ("Patient.name", 0)
    assert run(database_url, work) == [(name,), (), (name,), (("Patient.name", 50),), (), ()]


def test_what_no_search_asks_for_is_made_anew_and_no_search_warns_of_it(database_url: str) -> None:
    async def work(database: Database, store: Store) -> tuple[tuple[tuple[str, int], ...], list[bool]]:
        await save(database, store, weighed("o"))
        async with database.transaction() as tx:
            await tx.execute("UPDATE resource SET coded = NULL")
        await keep(database, DIGESTLESS)
        told = await partial(database, "value-quantity=5", "Observation")
        await reindex(database)
        async with database.connection() as tx:
            return told, [row[0] for row in await tx.fetch("SELECT coded IS NOT NULL FROM resource")]

    assert run(database_url, work) == ((), [True])


async def _until(database: Database, rtype: str, done: int) -> None:
    """Until that many rows of a type were looked at."""
    while True:
        await one_step(database)
        async with database.connection() as tx:
            if await tx.fetchval("SELECT done FROM search_arrears WHERE type = $1", rtype) == done:
                return


def test_indexing_anew_leaves_the_same_index_as_writing(database_url: str) -> None:
    """Of every row and table; with a parameter of the installation's own that was defined before."""
    rows = f"SELECT key, version, {', '.join(INDEX_COLUMNS)} FROM resource ORDER BY key"

    async def index(database: Database) -> list[Any]:
        async with database.connection() as tx:
            sides = [await tx.fetch(f"SELECT * FROM {t.name} s ORDER BY s::text") for t in INDEX_TABLES]
            return [_unordered(await tx.fetch(rows)), *map(_unordered, sides)]

    async def work(database: Database, _: Store) -> tuple[list[Any], list[Any]]:
        await define(database, NICKNAME)
        await reindex(database)
        for one in SAMPLES:
            await save(database, Store(fixed_clock(NOW)), write(one))
        written = await index(database)
        async with database.transaction() as tx:
            await tx.execute(
                "UPDATE resource SET tokens = '{}', params = '{}', refs = '{}', date_high = NULL, coded = NULL"
            )
            await tx.execute("DELETE FROM string_value")
        await keep(database)
        await reindex(database)
        return written, await index(database)

    written, renewed = run(database_url, work)
    assert written == renewed


def _unordered(rows: list[Any]) -> list[Any]:
    """Rows with arrays as sets: their order says nothing, but of the two that stand side by side."""
    return [[sorted(map(str, value)) if isinstance(value, list) else value for value in row.values()] for row in rows]


def test_it_goes_on_where_it_was_killed_and_a_killed_step_leaves_nothing(database_url: str) -> None:
    async def work(database: Database, store: Store) -> tuple[int, int, list[str]]:
        with earlier_release():
            await save(database, store, *(patient(f"p{number}", name=SHEN) for number in range(5)))
        await keep(database, UNSPOKEN)
        await _until(database, "Patient", 2)
        with pytest.raises(HubError) as killed:
            async with database.transaction() as tx:
                await step(tx, Phrases(), rows=2)
                await _kill(database, tx.get_server_pid())
                await tx.fetchval("SELECT 1")
        assert killed.value.category is Category.UNAVAILABLE
        done = await _count(database, "SELECT done FROM search_arrears WHERE type = 'Patient'")
        doubled = "SELECT count(*) FROM (SELECT 1 FROM string_value GROUP BY pkey, param, folded HAVING count(*) > 1) d"
        await reindex(database)
        return done, await _count(database, doubled), await found(database, "name=sgl")

    done, doubled, ids = run(database_url, work)
    assert (done, doubled, len(ids)) == (2, 0, 5)


async def _kill(database: Database, pid: int) -> None:
    async with database.connection() as other:
        await other.execute("SELECT pg_terminate_backend($1, 5000)", pid)


async def _count(database: Database, statement: str) -> int:
    async with database.connection() as tx:
        return int(await tx.fetchval(statement))


def test_a_row_that_is_written_meanwhile_keeps_what_its_writer_said(database_url: str) -> None:
    async def work(database: Database, store: Store) -> tuple[list[str], list[str]]:
        with earlier_release():
            await save(database, store, patient("a", name=SHEN))
        before = await stored(database, store, "a")
        await keep(database, UNSPOKEN)
        change = write(named("a", "Lan").resource or {}, current=before, facts=before.facts)
        await save(database, Store(fixed_clock(NOW)), change)
        await reindex(database)
        return await found(database, "name=shenguilan"), await found(database, "name=lan")

    assert run(database_url, work) == ([], ["a"])


def test_a_writer_of_another_release_is_refused(database_url: str) -> None:
    async def work(database: Database, store: Store) -> tuple[str, str]:
        await save(database, store, named("a", "Lan"))
        async with database.transaction() as tx:
            await tx.execute("UPDATE search_registry SET indexed = $1, version = version + 1", VERSION + 1)
        codes = []
        for rid in ("b", "c"):
            with pytest.raises(HubError) as refused:
                await save(database, store, named(rid, "Lan"))
            codes.append(refused.value.code)
        return codes[0], codes[1]

    assert run(database_url, work) == ("race", "index-version")


@pytest.mark.parametrize(
    ("stands", "indexed", "behind"), [(False, None, False), (True, None, True), (True, VERSION, False)]
)
def test_only_what_stands_from_another_version_is_behind(
    database_url: str, stands: bool, indexed: int | None, behind: bool
) -> None:
    async def work(database: Database, store: Store) -> bool:
        if stands:
            await save(database, store, named("a", "Lan"))
        await keep(database, indexed)
        return await one_step(database) is not Step.IDLE

    assert run(database_url, work) is behind


def test_every_gain_names_parameters_that_are_answered() -> None:
    assert gained(VERSION) == {}
    for since in range(1, VERSION):
        assert gained(since)
        for rtype, codes in gained(since).items():
            assert codes <= answered(rtype).keys()
    assert gained(1).keys() == RESOURCE_TYPES - {"DomainResource", "Resource"}
    assert gained(VERSION + 1) == gained(1)


SAMPLES: Final[list[Json]] = [
    {
        "resourceType": "Patient",
        "id": "a",
        "identifier": [{"system": "urn:n", "value": "1", "type": {"coding": [{"system": "urn:t", "code": "MR"}]}}],
        "name": [*SHEN, {"use": "nickname", "given": ["Lan"]}],
        "birthDate": "1958-04-12",
        "address": [{"city": "Líjiāng", "line": ["1"]}],
        "generalPractitioner": [{"reference": "Practitioner/p", "display": "Dr P"}],
    },
    {
        **observation("o", "a", effectiveDateTime="2026-05-19", issued="2026-05-19T08:00:00Z"),
        "code": {"coding": [{"system": "http://loinc.org", "code": "2345-7", "display": "Glucose"}], "text": "血糖"},
        "valueQuantity": {"value": Decimal("126"), "system": UCUM, "code": "mg/dL"},
        "text": {"status": "generated", "div": "<div>血糖 126</div>"},
        "performer": [{"reference": "#me"}],
        "contained": [{"resourceType": "Organization", "id": "me", "name": "North", "active": True}],
    },
    {
        "resourceType": "List",
        "id": "l",
        "status": "current",
        "mode": "working",
        "entry": [{"item": {"reference": "Patient/a"}}],
    },
    {
        "resourceType": "Location",
        "id": "w",
        "name": "West",
        "position": {"latitude": Decimal("26.8"), "longitude": Decimal("100")},
    },
    {
        "resourceType": "QuestionnaireResponse",
        "id": "r",
        "status": "completed",
        "questionnaire": "http://example.org/q",
    },
    {"resourceType": "ValueSet", "id": "v", "url": "http://example.org/v/a", "version": "1.2", "status": "active"},
]


def test_whoever_changes_what_is_indexed_says_that_the_index_gained() -> None:
    indexed = [
        whole_index(_key(one), one, "a", dumps(one), custom=NONE, full_text=True, trimmed=False) for one in SAMPLES
    ]
    told = [_sorted(structs.asdict(one)) for one in indexed]
    assert (VERSION, hashlib.sha256(repr(told).encode()).hexdigest()[:16]) == SAMPLED


def test_resources_indexed_together_have_the_index_each_has_alone() -> None:
    """More than go through a step at once, of all types by turns."""
    listing = {"resourceType": "List", "id": "l", "entry": [{"item": {"reference": "Observation/o"}}]}
    several = [*SAMPLES, listing] * 40
    many = [ToIndex(_key(one), one, "a", dumps(one), trimmed=at % 2 == 0) for at, one in enumerate(several)]
    assert len(many) > 256
    alone = [
        whole_index(one.key, one.resource, one.patient, one.body, custom=NONE, full_text=True, trimmed=one.trimmed)
        for one in many
    ]
    assert whole_indexes(many, custom=NONE, full_text=True) == alone
    assert [rows.texts for rows in whole_indexes(many, custom=NONE, full_text=False)] == [[]] * len(many)


def _key(resource: Json) -> UUID:
    return reference_key(resource["resourceType"], resource["id"])


def _sorted(rows: dict[str, Any]) -> list[Any]:
    """The order of what the index holds says nothing; hashes as the database shows them."""
    return [sorted(map(_shown, value)) if isinstance(value, (list, dict)) else str(value) for value in rows.values()]


def _shown(value: Any) -> str:
    return str(UUID(bytes=value) if isinstance(value, bytes) else value)
