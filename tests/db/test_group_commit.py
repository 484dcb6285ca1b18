"""Group commit: nothing lost, order kept, one flush at a time, failures and cancellations stay where they belong."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.db.group_commit import GroupCommit
from hub.kernel.errors import Category, HubError

#: What a submitter does: turns of the loop before it submits, and turns until it is cancelled (None: never).
_Plan = list[tuple[int, int | None]]


class _Ledger:
    """A flush that keeps what it was given, fails on chosen calls, and notices a second one in flight."""

    def __init__(self, failing: set[int], turns: int) -> None:
        self.batches: list[list[int]] = []
        self.failed: set[int] = set()
        self._failing = failing
        self._turns = turns
        self._in_flight = 0

    async def flush(self, items: list[int]) -> list[int]:
        self._in_flight += 1
        assert self._in_flight == 1
        number = len(self.batches)
        self.batches.append(items)
        for _ in range(self._turns):
            await asyncio.sleep(0)
        self._in_flight -= 1
        if number in self._failing:
            self.failed.update(items)
            raise HubError(Category.UNAVAILABLE, f"flush {number} failed")
        return [-item for item in items]


async def _play(plan: _Plan, ledger: _Ledger, limit: int) -> tuple[list[int], list[int | BaseException]]:
    group: GroupCommit[int, int] = GroupCommit(ledger.flush, limit=limit)
    submitted: list[int] = []

    async def submitter(item: int, delay: int) -> int:
        for _ in range(delay):
            await asyncio.sleep(0)
        submitted.append(item)
        return await group.submit(item)

    async def canceller(task: asyncio.Task[int], delay: int) -> None:
        for _ in range(delay):
            await asyncio.sleep(0)
        task.cancel()

    tasks = [asyncio.create_task(submitter(i + 1, delay)) for i, (delay, _) in enumerate(plan)]
    cancels = [
        asyncio.create_task(canceller(tasks[i], after)) for i, (_, after) in enumerate(plan) if after is not None
    ]
    results = await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.gather(*cancels)
    await group.close()
    return submitted, results


@given(
    plan=st.lists(st.tuples(st.integers(0, 8), st.none() | st.integers(0, 12)), max_size=30),
    failing=st.sets(st.integers(0, 6)),
    turns=st.integers(0, 4),
    limit=st.integers(1, 8),
)
def test_whatever_happens_every_submitter_gets_the_answer_of_its_own_item(
    plan: _Plan, failing: set[int], turns: int, limit: int
) -> None:
    ledger = _Ledger(failing, turns)
    submitted, results = asyncio.run(_play(plan, ledger, limit))
    flushed = [item for batch in ledger.batches for item in batch]
    position = {item: n for n, item in enumerate(submitted)}

    assert all(0 < len(batch) <= limit for batch in ledger.batches)
    assert len(set(flushed)) == len(flushed)
    assert flushed == sorted(flushed, key=position.__getitem__)
    for item, result in enumerate(results, start=1):
        if isinstance(result, asyncio.CancelledError):
            assert plan[item - 1][1] is not None
        elif isinstance(result, HubError):
            assert item in ledger.failed
        else:
            assert result == -item
            assert item in flushed
            assert item not in ledger.failed


def test_what_arrives_during_a_flush_shares_the_next_one() -> None:
    ledger = _Ledger(set(), turns=3)
    asyncio.run(_play([(0, None), *[(7, None)] * 10], ledger, limit=100))
    assert [len(batch) for batch in ledger.batches] == [1, 10]


def test_whoever_is_ready_when_the_first_submits_shares_its_flush() -> None:
    ledger = _Ledger(set(), turns=3)
    asyncio.run(_play([(0, None), (1, None), (2, None), (3, None)], ledger, limit=100))
    assert [len(batch) for batch in ledger.batches] == [4]


def test_a_group_that_is_stopped_answers_those_who_waited_for_a_flush() -> None:
    async def scenario() -> list[int | BaseException]:
        group: GroupCommit[int, int] = GroupCommit(_Ledger(set(), turns=5).flush)
        tasks = [asyncio.create_task(group.submit(number)) for number in (1, 2)]
        await asyncio.sleep(0)  # they submit
        await asyncio.sleep(0)  # and the one that answers them has begun
        (runner,) = asyncio.all_tasks() - {asyncio.current_task(), *tasks}
        runner.cancel()
        return list(await asyncio.gather(*tasks, return_exceptions=True))

    results = asyncio.run(scenario())
    assert [isinstance(r, HubError) and r.category for r in results] == [Category.UNAVAILABLE] * 2


def test_submitters_of_one_failed_flush_raise_errors_of_their_own() -> None:
    _, results = asyncio.run(_play([(0, None)] * 3, _Ledger({0}, turns=1), limit=10))
    assert all(isinstance(result, HubError) for result in results)
    assert len({id(result) for result in results}) == 3


def test_closing_answers_what_was_submitted_and_refuses_more() -> None:
    async def scenario() -> int:
        group: GroupCommit[int, int] = GroupCommit(_Ledger(set(), turns=5).flush)
        task = asyncio.create_task(group.submit(7))
        await asyncio.sleep(0)
        await group.close()
        with pytest.raises(HubError):
            await group.submit(8)
        assert task.done()
        return await task

    assert asyncio.run(scenario()) == -7


def test_a_flush_that_answers_too_few_is_a_fault_for_all_its_submitters() -> None:
    async def short(items: list[int]) -> list[int]:
        return items[1:]

    async def scenario() -> list[int | BaseException]:
        group: GroupCommit[int, int] = GroupCommit(short)
        return list(await asyncio.gather(group.submit(1), group.submit(2), return_exceptions=True))

    results = asyncio.run(scenario())
    assert [isinstance(r, HubError) and r.category for r in results] == [Category.FAULT] * 2
