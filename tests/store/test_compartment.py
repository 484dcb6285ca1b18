"""One patient's record, page by page."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from hub.db.database import Database
from hub.kernel.errors import Category, HubError
from hub.store.resource_types import NUMBERS
from hub.store.store import Store
from hub.store.values import Found, Portion, Visible
from tests.store.support import EVERYTHING, ids, observation, patient, run, save, write

ALL = frozenset(NUMBERS)
RECORD = Portion(patients=("a",), types=ALL, leading=ALL, referred=ALL)


async def two_records(database: Database, store: Store) -> None:
    """The records of a and b; o2 of a refers to b, to nobody's data, and to what is not there."""
    performers = [{"reference": name} for name in ("Practitioner/p", "Patient/b", "Practitioner/absent", "Group/g")]
    await save(
        database,
        store,
        patient("a"),
        patient("b"),
        write({"resourceType": "Practitioner", "id": "p"}),
        write({"resourceType": "Practitioner", "id": "q"}),
        write({"resourceType": "Group", "id": "g", "type": "person", "actual": True}),
        write(observation("o1", "a", effectiveDateTime="2026-02-01", performer=[{"reference": "Practitioner/p"}])),
        write(observation("o2", "a", effectiveDateTime="2026-01-01", performer=performers)),
        write(observation("o3", "a")),
        write(observation("o4", "b", performer=[{"reference": "Practitioner/q"}])),
        write({"resourceType": "Condition", "id": "c1", "subject": {"reference": "Patient/a"}}, org="F02"),
    )


async def page(
    database: Database, store: Store, portion: Portion = RECORD, visible: Visible = EVERYTHING, count: int = 50,
    after: bytes | None = None,
) -> Found:  # fmt: skip
    async with database.connection() as tx:
        return await store.everything(tx, portion, visible, count=count, after=after)


def test_the_patient_leads_then_types_by_date_then_what_they_refer_to_that_is_about_nobody(database_url: str) -> None:
    async def work(database: Database, store: Store) -> None:
        await two_records(database, store)
        found = await page(database, store)
        assert ids(found.matches) == ["Patient/a", "Condition/c1", "Observation/o3", "Observation/o2", "Observation/o1"]
        assert sorted(ids(found.included)) == ["Group/g", "Practitioner/p"]
        assert found.next is None

    run(database_url, work)


@pytest.mark.parametrize("count", range(1, 8))
def test_pages_of_any_size_make_up_the_same_record(database_url: str, count: int) -> None:
    async def work(database: Database, store: Store) -> None:
        await two_records(database, store)
        whole = await page(database, store)
        pages = [await page(database, store, count=count)]
        while pages[-1].next is not None:
            pages.append(await page(database, store, count=count, after=pages[-1].next))
        assert [row for each in pages for row in each.matches] == whole.matches
        assert [row for each in pages for row in each.included] == whole.included
        sizes = [len(each.matches) + len(each.included) for each in pages]
        assert sizes[:-1] == [count] * (len(pages) - 1)
        assert sum(sizes) == 7

    run(database_url, work)


def test_the_patients_and_the_rows_of_all_sources_lead_alike_on_one_page_and_on_several(database_url: str) -> None:
    async def work(database: Database, store: Store) -> None:
        await two_records(database, store)
        carers = [{"reference": name} for name in ("Practitioner/carer", "Practitioner/absent", "Observation/o4")]
        carer = {"resourceType": "Practitioner", "id": "carer"}
        await save(database, store, write(carer), patient("c", generalPractitioner=carers))
        both = replace(RECORD, patients=("b", "c"))
        whole = await page(database, store, both)
        assert ids(whole.matches) == ["Patient/b", "Patient/c", "Observation/o4"]
        assert sorted(ids(whole.included)) == ["Practitioner/carer", "Practitioner/q"]
        by_two = await page(database, store, both, count=2)
        assert (await page(database, store, both, after=by_two.next)).included == whole.included
        hidden = Visible(organizations=("F01",), types=frozenset({"Practitioner"}), withheld=frozenset({"Patient"}))
        seen = await page(database, store, both, hidden)
        assert (ids(seen.matches), ids(seen.included)) == (["Observation/o4"], ["Practitioner/q"])

    run(database_url, work)


def test_the_predicate_holds_for_rows_and_for_what_they_refer_to(database_url: str) -> None:
    async def work(database: Database, store: Store) -> None:
        await two_records(database, store)
        hidden = await page(database, store, visible=Visible())
        assert (hidden.matches, hidden.included) == ([], [])
        other = await page(database, store, visible=Visible(organizations=("F02",), types=frozenset({"Practitioner"})))
        assert (ids(other.matches), other.included) == (["Condition/c1"], [])

    run(database_url, work)


def test_types_that_do_not_lead_bring_nothing_along(database_url: str) -> None:
    async def work(database: Database, store: Store) -> None:
        await two_records(database, store)
        found = await page(database, store, replace(RECORD, leading=frozenset({"Condition"})))
        assert (len(found.matches), found.included) == (5, [])
        found = await page(database, store, replace(RECORD, types=frozenset({"Condition", "Observation"})))
        assert ids(found.matches) == ["Condition/c1", "Observation/o3", "Observation/o2", "Observation/o1"]

    run(database_url, work)


def test_whether_a_record_holds_anything_is_judged_by_type_and_predicate(database_url: str) -> None:
    async def work(database: Database, store: Store) -> None:
        await two_records(database, store)
        by_f02 = Visible(organizations=("F02",))
        async with database.connection() as tx:
            assert await store.holds(tx, ["a"], ALL, by_f02)
            assert not await store.holds(tx, ["a"], ALL - {"Condition"}, by_f02)
            assert not await store.holds(tx, ["b"], ALL, by_f02)
            assert not await store.holds(tx, ["nobody"], ALL, EVERYTHING)

    run(database_url, work)


@pytest.mark.parametrize("token", [b"", b"x", b"\x93\xa11\xc0\xc0"])
def test_bytes_that_are_no_page_are_refused(database_url: str, token: bytes) -> None:
    async def work(database: Database, store: Store) -> None:
        with pytest.raises(HubError) as caught:
            await page(database, store, after=token)
        assert caught.value.category is Category.INVALID

    run(database_url, work)
