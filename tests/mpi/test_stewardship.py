"""Stewards over a real database: what they decide, what is kept of it, and that it can be taken back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.db.database import Tx
from hub.kernel.errors import HubError
from hub.mpi.as_of import as_of
from hub.mpi.model import bundled_model
from hub.mpi.stewardship import Decided
from tests.mpi.people import citizen_id
from tests.mpi.registry import Registry, patient, with_registry
from tests.mpi.test_index import mingyuan

_ID = citizen_id("1962-06-08", 301)


async def doubtful(registry: Registry) -> int:
    """Two who may be one person; returns the number of the pair."""
    await registry.register(mingyuan("a", phone="13800990001"), facility="F01")
    await registry.register(
        patient("b", "DU MINGYUAN", born="1962-01-01", gender="male", phone="13800990009"), facility="F04"
    )
    (review,) = await registry.reviews()
    assert {review.first, review.second} == {"a", "b"}
    return review.number


def test_a_pair_in_doubt_waits_with_its_reason_and_evidence_and_no_value(database_url: str) -> None:
    async def story(registry: Registry) -> None:
        await doubtful(registry)
        (review,) = await registry.reviews()
        assert review.reason == "uncertain"
        assert "name SPELLED" in review.evidence
        assert "杜" not in review.evidence
        assert review.model == bundled_model().version

    with_registry(database_url, story)


@pytest.mark.parametrize("same", [True, False])
def test_a_decided_pair_waits_no_more_and_is_open_again_when_that_is_taken_back(database_url: str, same: bool) -> None:
    async def story(registry: Registry) -> None:
        number, before = await doubtful(registry), await registry.view()

        async def decide(tx: Tx) -> Decided:
            work = registry.steward.link if same else registry.steward.apart
            return await work(tx, *await registry.steward.pair(tx, number), who="shao", note="asked the ward")

        decided = await registry.decide(decide)
        assert await registry.persons() == ([["a", "b"]] if same else [["a"], ["b"]])
        assert await registry.reviews() == []
        (past,) = await registry.history("a")
        assert (past.actor, past.who, past.note) == ("steward", "shao", "asked the ward")
        await registry.decide(lambda tx: registry.steward.reverse(tx, decided.number, who="shao"))
        assert await registry.view() == before
        assert [review.number for review in await registry.reviews()] == [number]

    with_registry(database_url, story)


def test_whom_a_steward_took_out_the_matcher_leaves_out(database_url: str) -> None:
    async def story(registry: Registry) -> None:
        await registry.register(*(mingyuan(rid, citizen_id=_ID) for rid in "abc"))
        await registry.decide(lambda tx: registry.steward.unlink(tx, "b", who="shao"))
        await registry.register(mingyuan("b", citizen_id=_ID, phone="13800990001"))
        assert await registry.persons() == [["a", "c"], ["b"]]

    with_registry(database_url, story)


def test_history_tells_of_a_source_and_of_a_person_that_is_no_more(database_url: str) -> None:
    async def story(registry: Registry) -> None:
        await registry.register(mingyuan("a"), patient("b", "赵平", born="1950-02-11"))
        gone = await registry.person("b")
        await registry.state(5, "A40", "a", "b")
        stays = await registry.person("a")
        for asked in ("a", "b", gone, stays):
            (past,) = await registry.history(asked)
            assert (past.kind, past.actor, past.message, past.first, past.second) == ("merge", "message", 5, "a", "b")
            assert past.moves == (("b", gone, stays),)

    with_registry(database_url, story)


def test_what_cannot_be_decided_is_refused(database_url: str) -> None:
    async def story(registry: Registry) -> None:
        await registry.register(mingyuan("a", citizen_id=_ID), mingyuan("b", citizen_id=_ID))
        steward = registry.steward
        refusals: list[tuple[Callable[[Tx], Awaitable[object]], str]] = [
            (lambda tx: steward.unlink(tx, "nobody", who="s"), "not-found"),
            (lambda tx: steward.link(tx, "a", "b", who="s"), "one-person"),
            (lambda tx: steward.apart(tx, "a", "b", who="s"), "one-person"),
            (lambda tx: steward.pair(tx, 99), "not-found"),
            (lambda tx: steward.reverse(tx, 99, who="s"), "not-found"),
        ]
        for work, code in refusals:
            with pytest.raises(HubError) as refused:
                await registry.decide(work)
            assert code in {refused.value.code, refused.value.category.value}
        first = (await registry.history("a"))[0].number
        await registry.decide(lambda tx: steward.reverse(tx, first, who="s"))
        with pytest.raises(HubError, match="was reversed before"):
            await registry.decide(lambda tx: steward.reverse(tx, first, who="s"))

    with_registry(database_url, story)


_RIDS = "abcdef"
_steps = st.lists(
    st.tuples(
        st.sampled_from(["link", "unlink", "apart", "split", "move", "reverse", "A40", "A37", "change"]),
        st.sampled_from(_RIDS),
        st.sampled_from(_RIDS),
    ),
    max_size=8,
)


async def _step(registry: Registry, number: int, kind: str, one: str, other: str) -> None:
    steward = registry.steward
    if one == other:
        return
    try:
        match kind:
            case "link":
                await registry.decide(lambda tx: steward.link(tx, one, other, who="s"))
            case "unlink":
                await registry.decide(lambda tx: steward.unlink(tx, one, who="s"))
            case "apart":
                await registry.decide(lambda tx: steward.apart(tx, one, other, who="s"))
            case "split":
                await registry.decide(lambda tx: steward.split(tx, [one, other], who="s"))
            case "move":
                await registry.decide(lambda tx: steward.move(tx, one, other, who="s"))
            case "reverse":
                await _reverse_one(registry, ord(one) + ord(other))
            case "change":
                await registry.register(mingyuan(one, citizen_id=_ID, phone=f"1380099{number:04d}"))
            case _:
                await registry.state(number, kind, one, other)
    except HubError as error:
        assert error.code in {"one-person", "two-persons", "alone"}


async def _reverse_one(registry: Registry, choice: int) -> None:
    """Take back a decision that stands, be it a reversal."""
    async with registry.database.connection() as tx:
        rows = await tx.fetch("SELECT number FROM mpi_decision WHERE standing ORDER BY number")
    if rows:
        number = rows[choice % len(rows)][0]
        await registry.decide(lambda tx: registry.steward.reverse(tx, number, who="s"))


async def _as_told(registry: Registry, at: datetime) -> dict[str, str]:
    async with registry.database.connection() as tx:
        told = {rid: await as_of(tx, rid, at) for rid in _RIDS}
    for rid, answer in told.items():
        assert answer.patients == tuple(other for other in _RIDS if told[other].person == answer.person)
        assert rid in answer.patients
    return {rid: answer.person for rid, answer in told.items()}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_steps, st.randoms(use_true_random=False))
def test_membership_at_any_instant_follows_from_decisions_and_is_restored_by_taking_all_back(
    database_url: str, steps: list[tuple[str, str, str]], random: Random
) -> None:
    async def story(registry: Registry) -> None:
        async with registry.database.connection() as tx:
            await tx.execute("TRUNCATE mpi_source, mpi_key, mpi_count, mpi_decision, mpi_edge, mpi_closing, member")
            await tx.execute("TRUNCATE mpi_move, mpi_review")
        for n, rid in enumerate(_RIDS):
            await registry.register(patient(rid, f"赵{'平安福寿康宁'[n]}", born=f"19{n + 3}0-02-{n + 10}"))
        before = await registry.view()
        assert len(set(before.values())) == len(_RIDS)
        seen = {registry.now: before}
        for number, step in enumerate(steps, 1):
            registry.now += timedelta(seconds=1)
            await _step(registry, number, *step)
            seen[registry.now] = await registry.view()
        async with registry.database.connection() as tx:
            made = [row[0] for row in await tx.fetch("SELECT number FROM mpi_decision WHERE kind <> 'reversal'")]
        random.shuffle(made)
        registry.now += timedelta(seconds=1)
        for number in made:
            try:
                async with registry.database.transaction() as tx:
                    await registry.steward.reverse(tx, number, who="s")
            except HubError as error:
                assert error.code == "reversed"
        assert await registry.view() == before
        for at, view in seen.items():
            assert await _as_told(registry, at) == view
        async with registry.database.connection() as tx:
            assert await tx.fetchval("SELECT count(*) FROM mpi_edge WHERE closed <= 0") == 0

    with_registry(database_url, story)


def test_two_stewards_at_once_take_turns(database_url: str) -> None:
    async def story(registry: Registry) -> None:
        await registry.register(mingyuan("a", citizen_id=_ID), mingyuan("b", citizen_id=_ID))

        async def unlink() -> None:
            async with registry.database.transaction() as tx:
                await registry.steward.unlink(tx, "b", who="s")
                await asyncio.sleep(0.1)  # the other one has begun

        results = await asyncio.gather(unlink(), unlink(), return_exceptions=True)
        assert sorted(isinstance(one, HubError) for one in results) == [False, True]

    with_registry(database_url, story)
