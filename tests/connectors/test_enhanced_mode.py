"""Enhanced mode: accepted at once, the outcome when it is known, and only what MSH-15 and MSH-16 ask for."""

from __future__ import annotations

import asyncio

import pytest

from hub.kernel.errors import Category, HubError
from hub.kernel.types import State
from tests.connectors.harness import MemoryInbox, Peer, adt, msa, running


async def answers(peer: Peer, seconds: float = 0.3) -> list[tuple[str, str]]:
    found = []
    try:
        while True:
            found.append(msa(await peer.ack(seconds)))
    except TimeoutError:
        return found


@pytest.mark.parametrize(
    ("modes", "state", "expected"),
    [
        ("AL|NE", State.DONE, ["CA"]),
        ("AL|AL", State.DONE, ["CA", "AA"]),
        ("AL|AL", State.WARNINGS, ["CA", "AA"]),
        ("AL|AL", State.DUPLICATE, ["CA", "AA"]),
        ("AL|AL", State.DEAD, ["CA", "AE"]),
        ("NE|AL", State.DONE, ["AA"]),
        ("NE|ER", State.DONE, []),
        ("ER|ER", State.DEAD, ["AE"]),
        ("SU|SU", State.DONE, ["CA", "AA"]),
        ("NE|NE", State.DONE, []),
    ],
)
def test_what_is_asked_for_is_answered(modes: str, state: State, expected: list[str]) -> None:
    async def talk() -> None:
        async with running() as feed, feed.peer() as peer:
            feed.waiter.states[1] = state
            await peer.send(adt("C1", more=f"|||{modes}"))
            assert await answers(peer) == [(code, "C1") for code in expected]
            assert len(feed.inbox.received) == 1

    asyncio.run(talk())


def test_refusals_are_told_in_the_codes_of_the_mode() -> None:
    async def talk() -> None:
        away = HubError(Category.UNAVAILABLE, "away")
        async with running(inbox=MemoryInbox(failure=away)) as feed, feed.peer() as peer:
            await peer.send(adt("C1", more="|||AL|AL"), adt("C2", more="|||NE|AL"), adt("C3", more="|||SU|NE"))
            assert await answers(peer) == [("CE", "C1")]

    asyncio.run(talk())


def test_outcomes_come_when_they_are_known_and_hold_nothing_up() -> None:
    async def talk() -> None:
        async with running() as feed, feed.peer() as peer:
            await peer.send(adt("C1", more="|||AL|AL"), adt("C2", more="|||AL|AL"))
            assert [msa(await peer.ack()), msa(await peer.ack())] == [("CA", "C1"), ("CA", "C2")]
            feed.waiter.states[2] = State.DONE
            assert msa(await peer.ack()) == ("AA", "C2")
            assert msa(await peer.exchange(adt("C3"))) == ("AA", "C3")
            feed.waiter.failure = HubError(Category.UNAVAILABLE, "away")
            feed.waiter.states[1] = State.DEAD
            assert msa(await peer.ack()) == ("AE", "C1")

    asyncio.run(talk())


def test_an_application_acknowledgement_asks_for_none_itself() -> None:
    async def talk() -> None:
        async with running() as feed, feed.peer() as peer:
            feed.waiter.states[1] = State.DONE
            ack = await peer.exchange(adt("C1", more="|||NE|AL"))
            assert ack.split(b"\r")[0].split(b"|")[14:16] == [b"NE", b"NE"]

    asyncio.run(talk())
