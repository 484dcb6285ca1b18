"""Whatever the records and whatever is asked, SQL finds what a naive reading of R4 finds."""

from __future__ import annotations

import functools
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.kernel.clock import fixed_clock
from hub.kernel.types import Json
from hub.store.store import Store
from hub.store.values import Visible
from tests.store import predicate_strategies, search_strategies, strategies
from tests.store.conftest import Bench
from tests.store.glossary import Glossary
from tests.store.oracle import GENDER_CODES, Entry, Oracle, Params, entry
from tests.store.predicate_oracle import World
from tests.store.support import NOW, ask, ids, settle, write

Asked = tuple[str, Params]
TERMS = Glossary({strategies.GENDERS: GENDER_CODES})


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    records=strategies.records,
    visible=predicate_strategies.visible,
    world=predicate_strategies.worlds,
    searches=st.lists(search_strategies.searches, min_size=1, max_size=4),
    data=st.data(),
)
def test_sql_finds_what_a_naive_reading_finds_in_the_order_asked_for(
    bench: Bench, records: list[Json], visible: Visible, world: World, searches: list[Asked], data: Any
) -> None:
    orders = [data.draw(st.sampled_from([None, *search_strategies.sorts[rtype]])) for rtype, _ in searches]
    entries = [entry(resource, data.draw(predicate_strategies.facts)) for resource in records]
    bench.runner.run(_compare(bench.connection, entries, visible, world, searches, orders))


@pytest.mark.parametrize("focus", list(search_strategies.FOCUS))
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(visible=predicate_strategies.visible, world=predicate_strategies.worlds, data=st.data())
def test_sql_finds_what_a_naive_reading_finds(
    bench: Bench, focus: str, visible: Visible, world: World, data: Any
) -> None:
    records, searches = search_strategies.FOCUS[focus]
    asked = data.draw(st.lists(searches, min_size=3, max_size=6))
    orders = [data.draw(st.sampled_from([None, *search_strategies.sorts[rtype]])) for rtype, _ in asked]
    entries = [entry(resource, data.draw(predicate_strategies.facts)) for resource in data.draw(records)]
    bench.runner.run(_compare(bench.connection, entries, visible, world, asked, orders))


async def _compare(
    connection: Any,
    entries: list[Entry],
    visible: Visible,
    world: World,
    searches: list[Asked],
    orders: list[str | None],
) -> None:
    store = Store(fixed_clock(NOW), terms=TERMS)
    by_name = {e.name: e for e in entries}
    transaction = connection.transaction()
    await transaction.start()
    try:
        await store.save(connection, [write(e.resource, facts=e.facts) for e in entries])
        await settle(connection, store, world)
        for (rtype, params), order in zip(searches, orders, strict=True):
            oracle = Oracle(entries, visible, world, NOW)
            asked = [*params, ("_sort", order)] if order else list(params)
            found = await ask(connection, store, rtype, asked, visible)
            expected = sorted(e.name for e in oracle.search(rtype, params))
            assert sorted(ids(found.matches)) == expected, asked
            assert found.total == len(expected)
            assert (await ask(connection, store, rtype, asked, visible, count=0)).total == len(expected)
            if params == searches[0][1]:
                over_all = await ask(connection, store, None, [("_type", rtype), *params], visible)
                assert (sorted(ids(over_all.matches)), over_all.total) == (expected, len(expected)), asked
            if order:
                _is_ordered(oracle, [by_name[name] for name in ids(found.matches)], order)
    finally:
        await transaction.rollback()


def _is_ordered(oracle: Oracle, found: list[Entry], order: str) -> None:
    def compare(one: Entry, other: Entry) -> int:
        pairs = zip(oracle.sort_values(one, order), oracle.sort_values(other, order), strict=True)
        for (left, down), (right, _) in pairs:
            if left != right:
                return (1 if left > right else -1) * (-1 if down else 1)
        return 0

    assert [e.name for e in sorted(found, key=functools.cmp_to_key(compare))] == [e.name for e in found], order
