"""Pages are full, the last has no next, and rows that do not change are neither missed nor repeated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from hub.db.database import Database, Tx
from hub.kernel.errors import Category, HubError
from hub.store.store import Store
from hub.store.values import Found
from tests.store.support import EVERYTHING, ask, ids, observation, run, save, stored, write

#: Orders with equal values in them, so that the key has to break ties; the fourth goes both up and down.
ORDERS = ["", "date", "-date", "value-quantity,-date", "-_lastUpdated", "-_id", "value-quantity"]


def observations(count: int) -> list[Any]:
    return [
        write(
            observation(
                f"b{n}", "p1", effectiveDateTime=f"2020-01-0{1 + n % 3}", valueQuantity={"value": n % 4, "unit": "mg"}
            )
        )
        for n in range(count)
    ]


async def pages(tx: Tx, store: Store, params: Sequence[tuple[str, str]], count: int) -> list[Found]:
    found = [await ask(tx, store, "Observation", params, count=count)]
    while found[-1].next is not None:
        found.append(await ask(tx, store, "Observation", params, count=count, after=found[-1].next))
    return found


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("criteria", [[], [("code", "x")], [("patient", "p1")], [("patient", "p1"), ("code", "x,y")]])
def test_pages_hold_every_match_once_and_all_but_the_last_are_full(
    database_url: str, order: str, criteria: list[tuple[str, str]]
) -> None:
    async def work(database: Database, store: Store) -> None:
        await save(database, store, *observations(17))
        params = [*criteria, *([("_sort", order)] if order else [])]
        async with database.connection() as connection:
            found = await pages(connection, store, params, 5)
            whole = await ask(connection, store, "Observation", params)
        assert [len(page.matches) for page in found] == [5, 5, 5, 2]
        assert [name for page in found for name in ids(page.matches)] == ids(whole.matches)
        assert {page.total for page in found} == {17}

    run(database_url, work)


def test_a_last_page_that_is_just_full_has_no_next(database_url: str) -> None:
    async def work(database: Database, store: Store) -> None:
        await save(database, store, *observations(10))
        async with database.connection() as connection:
            found = await pages(connection, store, [], 5)
        assert [len(page.matches) for page in found] == [5, 5]

    run(database_url, work)


@pytest.mark.parametrize("order", ["date", "-date", "-_lastUpdated", "-_id", "value-quantity,-date"])
def test_unchanged_rows_are_seen_once_while_others_are_written_and_deleted(database_url: str, order: str) -> None:
    async def work(database: Database, store: Store) -> None:
        await save(database, store, *observations(20))
        seen: list[str] = []
        after = None
        async with database.connection() as connection:
            for round_ in range(30):
                page = await ask(connection, store, "Observation", [("_sort", order)], count=3, after=after)
                seen += ids(page.matches)
                after = page.next
                if after is None:
                    break
                assert len(page.matches) == 3
                await disturb(database, store, round_)
        unchanged = {f"Observation/b{n}" for n in range(10)}
        assert [seen.count(name) for name in unchanged] == [1] * 10
        assert not any("new" in name for name in seen)

    async def disturb(database: Database, store: Store, round_: int) -> None:
        """Add one everywhere in the order, change one, delete one; b0 to b9 stay as they are."""
        when = f"2020-01-0{1 + round_ % 3}"
        fresh = write(observation(f"new{round_}", "p1", effectiveDateTime=when))
        name = f"b{10 + round_ % 5}"
        changed = write(
            observation(name, "p1", effectiveDateTime=when, valueString=str(round_)),
            current=await stored(database, store, name, "Observation"),
        )
        await save(database, store, fresh, changed)

    run(database_url, work)


def test_a_row_committed_late_by_an_earlier_transaction_does_not_hide_rows_of_the_first_page(database_url: str) -> None:
    """The horizon is the first page's snapshot, not the oldest running transaction."""

    async def work(database: Database, store: Store) -> None:
        async with database.transaction() as slow:
            await store.save(slow, [write(observation("slow", "p2"))])
            await save(database, store, *observations(6))
            async with database.connection() as connection:
                first = await ask(connection, store, "Observation", [], count=3)
                second = await ask(connection, store, "Observation", [], count=3, after=first.next)
        assert len({*ids(first.matches), *ids(second.matches)}) == 6
        assert second.next is None

    run(database_url, work)


def test_a_count_of_zero_gives_the_total_alone(database_url: str) -> None:
    async def work(database: Database, store: Store) -> None:
        await save(database, store, *observations(3))
        async with database.connection() as connection:
            found = await ask(connection, store, "Observation", [], count=0)
        assert (found.matches, found.total, found.next) == ([], 3, None)

    run(database_url, work)


def test_no_total_is_given_unless_asked_for(database_url: str) -> None:
    async def work(database: Database, store: Store) -> None:
        await save(database, store, *observations(3))
        async with database.connection() as connection:
            assert (await ask(connection, store, "Observation", [], EVERYTHING, total="none")).total is None

    run(database_url, work)


@pytest.mark.parametrize("token", [b"", b"x", b"\x93\x01\x02\x03"])
def test_bytes_that_are_no_page_are_refused(database_url: str, token: bytes) -> None:
    async def work(database: Database, store: Store) -> None:
        async with database.connection() as connection:
            with pytest.raises(HubError) as caught:
                await ask(connection, store, "Observation", [], after=token)
            assert caught.value.category is Category.INVALID

    run(database_url, work)
