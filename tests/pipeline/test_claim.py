"""Which waiting messages a worker may take."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hub.pipeline.claim import Plan, Waiting

#: A queue in order: the lanes of each message, and whether we hold it.
QUEUES = st.lists(st.tuples(st.frozensets(st.integers(0, 5), max_size=3), st.booleans()), max_size=30)


def waiting(queue: list[tuple[frozenset[int], bool]], ours: bool) -> list[Waiting]:
    return [Waiting(number, lanes) for number, (lanes, held) in enumerate(queue) if held is ours]


def planned(queue: list[tuple[frozenset[int], bool]], limit: int) -> Plan:
    plan = Plan()
    plan.walk(waiting(queue, True), waiting(queue, False), limit)
    return plan


@given(QUEUES, st.integers(1, 10))
def test_nothing_is_taken_before_an_earlier_message_of_its_lane(
    queue: list[tuple[frozenset[int], bool]], limit: int
) -> None:
    taken = planned(queue, limit).taken
    for number in taken:
        for earlier in range(number):
            assert earlier in taken or queue[earlier][0].isdisjoint(queue[number][0])


@given(QUEUES, st.integers(1, 10))
def test_only_held_messages_are_taken_in_order_and_within_the_limit(
    queue: list[tuple[frozenset[int], bool]], limit: int
) -> None:
    taken = planned(queue, limit).taken
    assert taken == sorted(set(taken))
    assert len(taken) <= limit
    assert all(queue[number][1] for number in taken)


@given(QUEUES)
def test_a_held_message_waits_for_nobody_but_its_lanes(queue: list[tuple[frozenset[int], bool]]) -> None:
    taken = planned(queue, len(queue) + 1).taken
    busy: set[int] = set()
    for number, (lanes, held) in enumerate(queue):
        free = held and busy.isdisjoint(lanes)
        assert (number in taken) is free
        if not free:
            busy |= lanes


@given(QUEUES, st.integers(0, 30), st.integers(1, 10))
def test_walking_in_two_stretches_is_walking_at_once(
    queue: list[tuple[frozenset[int], bool]], cut: int, limit: int
) -> None:
    plan = Plan()
    for stretch in (range(cut), range(cut, len(queue))):
        held = [w for w in waiting(queue, True) if w.message in stretch]
        others = [w for w in waiting(queue, False) if w.message in stretch]
        plan.walk(held, others, limit)
    assert plan == planned(queue, limit)


def test_a_message_that_waits_makes_its_other_lanes_wait() -> None:
    # 0 is in another worker's hands; 1 shares a lane with it, and 2 one with 1.
    queue = [(frozenset({1}), False), (frozenset({1, 2}), True), (frozenset({2}), True), (frozenset({3}), True)]
    assert planned(queue, 9).taken == [3]
