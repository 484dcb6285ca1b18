"""A condition means the same in SQL as when it is read naively, and is never null."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.kernel.clock import fixed_clock
from hub.kernel.types import Json
from hub.store import conditions as c
from hub.store.condition_sql import Bound, bound, bound_by_labels, sql
from hub.store.emit import Emitter
from hub.store.store import Store
from hub.store.values import Facts
from tests.store import predicate_strategies, strategies
from tests.store.conftest import Bench
from tests.store.predicate_oracle import fits
from tests.store.support import NOW, observation, write

TICK = timedelta(microseconds=1)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    records=strategies.records,
    facts=st.lists(predicate_strategies.facts, min_size=9, max_size=9),
    conditions=st.lists(predicate_strategies.conditions, min_size=1, max_size=12),
)
def test_sql_says_of_every_row_what_a_naive_reading_says(
    bench: Bench, records: list[Json], facts: list[Facts], conditions: list[c.Condition]
) -> None:
    rows = list(zip(records, facts, strict=False))
    for condition, found in zip(conditions, bench.runner.run(_judged(bench, rows, conditions)), strict=True):
        assert found == {(r["resourceType"], r["id"]): fits(condition, r, f) for r, f in rows}, condition


async def _judged(
    bench: Bench, rows: list[tuple[Json, Facts]], conditions: list[c.Condition]
) -> list[dict[tuple[str, str], bool | None]]:
    """What SQL says of every row, for each condition; everything is rolled back."""
    tx, store = bench.connection, Store(fixed_clock(NOW))
    transaction = tx.transaction()
    await transaction.start()
    try:
        saved = await store.save(tx, [write(resource, facts=facts) for resource, facts in rows])
        return [await _of(tx, condition, [(one.type, one.id) for one in saved]) for condition in conditions]
    finally:
        await transaction.rollback()


async def _of(tx: Any, condition: c.Condition, names: list[tuple[str, str]]) -> dict[tuple[str, str], bool | None]:
    """What all forms of the text say."""
    forms = (bound, bound_by_labels, partial(bound_by_labels, inline=True))
    whole, by_labels, inlined = [await _said(tx, form(condition)) for form in forms]
    assert whole == by_labels == inlined, condition
    return {name: whole[name[1]] for name in names}


async def _said(tx: Any, asked: Bound) -> dict[str, bool | None]:
    emit = Emitter(asked.values)
    text = sql(emit, asked, "r")
    said = await tx.fetch(f"SELECT id, {text} FROM resource r", *(asked.values[at].value for at in emit.order))
    return {row[0]: row[1] for row in said}


MOMENTS = [NOW + number * TICK for number in range(4)]


@pytest.mark.parametrize("kind", [c.Within, c.Overlaps])
def test_both_ends_of_a_period_belong_to_it_to_the_microsecond(bench: Bench, kind: type[c.Within | c.Overlaps]) -> None:
    ends: list[datetime | None] = [None, *MOMENTS]
    spans = [(low, high) for low in ends for high in ends if low is None or high is None or low < high]
    rows = [
        (observation(f"o{number}", "a"), Facts(author_org="F01", clinical_start=low, clinical_end=high))
        for number, (low, high) in enumerate(spans)
    ]
    periods: list[c.Condition] = [kind(low, high) for low in ends for high in ends]
    for condition, found in zip(periods, bench.runner.run(_judged(bench, rows, periods)), strict=True):
        assert found == {("Observation", r["id"]): fits(condition, r, f) for r, f in rows}, condition


def test_conditions_of_one_shape_are_one_statement() -> None:
    one = bound(c.All((c.TypeIn(frozenset({"Patient"})), c.Not(c.Within(NOW, None)))))
    other = bound(c.All((c.TypeIn(frozenset({"Group", "List"})), c.Not(c.Within(NOW + TICK, None)))))
    assert one == other
    assert hash(one) == hash(other)
    assert one != bound(c.All((c.TypeIn(frozenset({"Patient"})), c.Not(c.Within(None, NOW)))))
