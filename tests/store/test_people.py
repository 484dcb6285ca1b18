"""The longitudinal view: all source patients of a person, as the statement's own snapshot knows them."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from hub.db.database import Database
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import reference_key
from hub.store.query import parse_query
from hub.store.resource_types import NUMBERS
from hub.store.store import Store
from hub.store.values import Found, Portion, Visible
from tests.store.predicate_oracle import World
from tests.store.support import ask, ids, observation, patient, run, save, settle, stored, write

ALL = frozenset(NUMBERS)
RECORD = Portion(patients=("a", "b"), types=ALL, leading=ALL, referred=ALL)
#: a and b are one person, c is somebody else, d is nobody's.
WORLD = World({"a": "golden", "b": "golden", "c": "other"})


INSIDE = {**observation("m", "b"), "status": "final"}


async def records(database: Database, store: Store, world: World = WORLD) -> None:
    by_p = {"performer": [{"reference": "Practitioner/p"}]}
    await save(
        database,
        store,
        *(patient(rid) for rid in "abcd"),
        write({"resourceType": "Practitioner", "id": "p"}),
        *(write(observation(f"o{rid}", rid, **by_p)) for rid in "abcd"),
        write({"resourceType": "Condition", "id": "cb", "subject": {"reference": "Patient/b"}}),
        write({"resourceType": "DiagnosticReport", "id": "rb", "result": [{"reference": "Observation/ob"}]}),
        write({"resourceType": "DiagnosticReport", "id": "ri", "result": [{"reference": "#m"}], "contained": [INSIDE]}),
    )
    async with database.transaction() as tx:
        await settle(tx, store, world)


async def found(database: Database, store: Store, rtype: str, *params: tuple[str, str]) -> list[str]:
    async with database.connection() as connection:
        return sorted(ids((await ask(connection, store, rtype, params)).matches))


SEARCHES: list[tuple[str, str, str, list[str]]] = [
    ("Observation", "patient", "a", ["Observation/oa"]),
    ("Observation", "patient", "golden", ["Observation/oa", "Observation/ob"]),
    ("Observation", "subject", "Patient/golden", ["Observation/oa", "Observation/ob"]),
    ("Observation", "subject", "golden", ["Observation/oa", "Observation/ob"]),
    ("Observation", "subject:Patient", "golden", ["Observation/oa", "Observation/ob"]),
    ("Observation", "patient:mdm", "b", ["Observation/oa", "Observation/ob"]),
    ("Observation", "subject:mdm", "Patient/golden", ["Observation/oa", "Observation/ob"]),
    ("Observation", "patient:mdm", "a,c", ["Observation/oa", "Observation/ob", "Observation/oc"]),
    ("Observation", "patient:mdm", "d", ["Observation/od"]),
    ("Observation", "patient:mdm", "nobody", []),
    ("Observation", "patient:mdm._id", "a", ["Observation/oa", "Observation/ob"]),
    ("DiagnosticReport", "result.patient:mdm", "a", ["DiagnosticReport/rb", "DiagnosticReport/ri"]),
    ("DiagnosticReport", "result.patient:mdm", "c", []),
    ("DiagnosticReport", "result.patient:mdm._id", "a", ["DiagnosticReport/rb", "DiagnosticReport/ri"]),
    ("DiagnosticReport", "result.patient", "golden", ["DiagnosticReport/rb", "DiagnosticReport/ri"]),
    ("DiagnosticReport", "result.patient", "a", []),
    ("Practitioner", "_has:Observation:performer:patient", "golden", ["Practitioner/p"]),
    ("Practitioner", "_has:Observation:performer:subject:mdm", "a", ["Practitioner/p"]),
    ("Practitioner", "_has:Observation:performer:patient", "nobody", []),
    ("Patient", "_id", "golden", []),
    ("Patient", "_id:mdm", "golden", ["Patient/a", "Patient/b"]),
    ("Patient", "_id:mdm", "b", ["Patient/a", "Patient/b"]),
    ("Patient", "_id:mdm", "d", ["Patient/d"]),
]


@pytest.mark.parametrize(("rtype", "name", "value", "expected"), SEARCHES)
def test_a_golden_id_or_mdm_means_all_sources_and_a_source_itself_alone(
    database_url: str, rtype: str, name: str, value: str, expected: list[str]
) -> None:
    async def work(database: Database, store: Store) -> None:
        await records(database, store)
        assert await found(database, store, rtype, (name, value)) == expected
        assert await found(database, store, rtype, (name, value), ("_id", "oa,ob,oc,od,rb,ri,p,a,b,c,d")) == expected

    run(database_url, work)


def test_link_and_unlink_show_at_once(database_url: str) -> None:
    async def work(database: Database, store: Store) -> None:
        await records(database, store, World())
        assert await found(database, store, "Observation", ("patient:mdm", "a")) == ["Observation/oa"]
        async with database.transaction() as tx:
            await settle(tx, store, WORLD)
        assert len(await found(database, store, "Observation", ("patient:mdm", "a"))) == 2
        async with database.transaction() as tx:
            await tx.execute("DELETE FROM member WHERE pkey = $1", reference_key("Patient", "b"))
        assert await found(database, store, "Observation", ("patient:mdm", "a")) == ["Observation/oa"]

    run(database_url, work)


@pytest.mark.parametrize(
    ("rtype", "name"),
    [
        ("Observation", "encounter:mdm"),
        ("Observation", "code:mdm"),
        ("Observation", "_id:mdm"),
        ("Patient", "general-practitioner:mdm"),
        ("Observation", "encounter:mdm.status"),
    ],
)
def test_mdm_is_refused_where_no_patient_can_be_meant(rtype: str, name: str) -> None:
    with pytest.raises(HubError) as caught:
        parse_query(rtype, [(name, "x")])
    assert caught.value.category is Category.UNSUPPORTED


@pytest.mark.parametrize("value", ["Group/g", "http://elsewhere.example/Patient/a", ""])
def test_mdm_takes_the_id_of_a_patient_only(value: str) -> None:
    with pytest.raises(HubError) as caught:
        parse_query("Observation", [("subject:mdm", value)])
    assert caught.value.category is Category.INVALID


async def page(database: Database, store: Store, portion: Portion = RECORD, **more: Any) -> Found:
    async with database.connection() as tx:
        return await store.everything(tx, portion, more.pop("visible", Visible(everything=True)), **more)


def test_the_record_of_a_person_has_the_patients_first_then_one_source_after_the_other(database_url: str) -> None:
    async def work(database: Database, store: Store) -> None:
        await records(database, store)
        whole = await page(database, store, count=50)
        assert ids(whole.matches) == ["Patient/a", "Patient/b", "Observation/oa", "Condition/cb", "Observation/ob"]
        assert ids(whole.included) == ["Practitioner/p"]
        turned = await page(database, store, replace(RECORD, patients=("b", "a")), count=50)
        assert ids(turned.matches) == ["Patient/b", "Patient/a", "Condition/cb", "Observation/ob", "Observation/oa"]

    run(database_url, work)


@pytest.mark.parametrize("count", range(1, 8))
def test_pages_of_any_size_make_up_the_same_record_of_a_person(database_url: str, count: int) -> None:
    async def work(database: Database, store: Store) -> None:
        await records(database, store)
        whole = await page(database, store, count=50)
        pages = [await page(database, store, count=count)]
        while pages[-1].next is not None:
            pages.append(await page(database, store, count=count, after=pages[-1].next))
        assert [row for each in pages for row in each.matches] == whole.matches
        assert [row for each in pages for row in each.included] == whole.included
        sizes = [len(each.matches) + len(each.included) for each in pages]
        assert sizes[:-1] == [count] * (len(pages) - 1)

    run(database_url, work)


def test_what_changes_between_two_pages_of_a_record_is_left_out(database_url: str) -> None:
    async def work(database: Database, store: Store) -> None:
        await records(database, store)
        first = await page(database, store, count=1)
        await save(database, store, write(observation("late", "b")), patient("e"))
        rest = await page(database, store, count=50, after=first.next)
        assert ids(rest.matches) == ["Patient/b", "Observation/oa", "Condition/cb", "Observation/ob"]

    run(database_url, work)


def test_a_patient_that_changes_before_its_page_is_left_out(database_url: str) -> None:
    async def work(database: Database, store: Store) -> None:
        await records(database, store)
        first = await page(database, store, count=1)
        current = await stored(database, store, "b")
        await save(database, store, replace(patient("b", gender="male"), current=current))
        rest = await page(database, store, count=50, after=first.next)
        assert ids(rest.matches) == ["Observation/oa", "Condition/cb", "Observation/ob"]

    run(database_url, work)


def test_a_source_that_may_not_be_seen_leaves_no_trace_in_the_record(database_url: str) -> None:
    async def work(database: Database, store: Store) -> None:
        await records(database, store)
        visible = Visible(organizations=("F01",), confined=(reference_key("Patient", "b"),))
        seen = await page(database, store, count=50, visible=visible)
        assert ids(seen.matches) == ["Patient/b", "Condition/cb", "Observation/ob"]
        async with database.connection() as tx:
            assert await store.holds(tx, ["a", "b"], ALL, visible)
            assert not await store.holds(tx, ["a", "c"], ALL, visible)

    run(database_url, work)
