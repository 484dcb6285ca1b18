"""Turns: who waits, who is turned away, and who comes back."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

import pytest

from hub.auth.turnstile import Shared, Turnstile, network_of
from hub.db.buckets import Buckets
from hub.db.database import Database
from hub.kernel.errors import Category, TooSoonError
from tests.portal.house import Hands

HOME: Final = "10.1.2.3"


async def attempt(turnstile: Turnstile, address: str = HOME, *, right: bool = False) -> None:
    async with turnstile.turn(address) as turn:
        if right:
            turn.give_back()


async def turned_away(turnstile: Turnstile, address: str = HOME) -> TooSoonError:
    with pytest.raises(TooSoonError) as caught:
        await attempt(turnstile, address)
    assert caught.value.category is Category.THROTTLED
    return caught.value


def test_an_address_that_was_refused_too_often_waits_and_others_do_not() -> None:
    async def work() -> None:
        clock = Hands()
        turnstile = Turnstile(clock, refusals=3)
        for _ in range(3):
            await attempt(turnstile)
        error = await turned_away(turnstile)
        assert (error.code, error.seconds) == ("sign-in-refusals", 20)
        await attempt(turnstile, "10.1.2.4")
        clock.move(seconds=19)
        await turned_away(turnstile)
        clock.move(seconds=1)
        await attempt(turnstile)
        await turned_away(turnstile)
        clock.move(hours=1)
        for _ in range(3):
            await attempt(turnstile)
        await turned_away(turnstile)

    asyncio.run(work())


def test_who_gets_in_takes_nothing_from_those_who_share_the_address() -> None:
    async def work() -> None:
        turnstile = Turnstile(Hands(), refusals=2)
        for _ in range(20):
            await attempt(turnstile, right=True)
        await attempt(turnstile)
        await attempt(turnstile, right=True)
        await attempt(turnstile)
        await turned_away(turnstile)

    asyncio.run(work())


def test_a_full_queue_turns_away_and_one_address_does_not_fill_it() -> None:
    async def work() -> None:
        turnstile = Turnstile(Hands(), at_once=1, inside=3, of_one=2)
        go, running, most = asyncio.Event(), 0, 0

        async def held(address: str) -> None:
            nonlocal running, most
            async with turnstile.turn(address):
                running += 1
                most = max(most, running)
                await go.wait()
                running -= 1

        waiting = [asyncio.create_task(held(address)) for address in (HOME, HOME, "10.1.2.4")]
        await asyncio.sleep(0)
        assert (await turned_away(turnstile)).code == "sign-in-queue"
        assert (await turned_away(turnstile, "10.1.2.5")).code == "sign-in-queue"
        go.set()
        await asyncio.gather(*waiting)
        assert most == 1
        await attempt(turnstile, "10.1.2.5")

    asyncio.run(work())


def test_who_gives_up_waiting_leaves_the_queue() -> None:
    async def work() -> None:
        turnstile = Turnstile(Hands(), at_once=1, inside=2)
        async with turnstile.turn(HOME):
            waiting = asyncio.create_task(attempt(turnstile))
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
            second = asyncio.create_task(attempt(turnstile))
            await asyncio.sleep(0)
        await second

    asyncio.run(work())


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("10.1.2.3", "10.1.2.3"),
        ("::ffff:10.1.2.3", "10.1.2.3"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("", ""),
        ("testclient", "testclient"),
    ],
)
def test_what_one_line_is_given_counts_as_one(address: str, network: str) -> None:
    assert network_of(address) == network


async def kept(database: Database) -> int:
    async with database.connection() as tx:
        return int(await tx.fetchval("SELECT count(*) FROM pace"))


def test_several_processes_together_allow_hardly_more_than_one(database_url: str) -> None:
    """Each may learn of the others by one refusal of its own; the answer to the next says how long to wait."""

    async def work() -> None:
        database, clock = await Database.connect(database_url, size=1), Hands()
        processes = [Turnstile(clock, refusals=6, shared=Shared(Buckets(database, clock), "sign-in")) for _ in range(3)]
        tried = 0
        for number in range(40):
            with suppress(TooSoonError):
                await attempt(processes[number % 3])
                tried += 1
        assert 6 <= tried <= 6 + len(processes)
        for process in processes:
            await turned_away(process)
            await attempt(process, "10.1.2.4", right=True)
        clock.move(minutes=3)
        await attempt(processes[0])
        assert await kept(database) == 1
        # Who is not heard of for a day is forgotten; not by each refusal, since that reads all there is.
        clock.move(hours=25)
        await attempt(processes[0], "10.1.2.5")
        assert await kept(database) == 1
        async with database.connection() as tx:
            await tx.execute("UPDATE pace SET at = at - interval '2 days'")
        await attempt(processes[0], "10.1.2.6")
        assert await kept(database) == 2
        await database.close()

    asyncio.run(work())
