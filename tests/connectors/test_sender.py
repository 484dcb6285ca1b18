"""The sender keeps one connection, pairs answers with messages, and says what went wrong."""

from __future__ import annotations

import asyncio

import pytest

from connectors.mllp.limits import Limits
from connectors.mllp.sender import Answer, Sender
from hub.kernel.errors import Category, HubError
from hub.kernel.types import State
from tests.connectors.harness import adt, running


async def sent(port: int, messages: list[bytes], **options: float) -> list[Answer]:
    async with Sender("127.0.0.1", port, window=int(options.get("window", 1)), seconds=2) as sender:
        return [answer async for answer in sender.send(messages)]


@pytest.mark.parametrize("window", [1, 7, 100])
def test_every_message_gets_its_answer_in_order(window: int) -> None:
    async def talk() -> None:
        async with running() as feed:
            found = await sent(feed.port, [adt(f"C{n}") for n in range(30)], window=window)
            assert [(a.index, a.code, a.control) for a in found] == [(n + 1, "AA", f"C{n}") for n in range(30)]

    asyncio.run(talk())


def test_a_line_says_what_became_of_a_message() -> None:
    async def talk() -> None:
        async with running() as feed:
            good, bad, worse = await sent(feed.port, [adt(), b"MSH|^~\\&|A|||||||1|P|2.4", b"junk"])
            assert good.line() == "1\tAA\tC1"
            assert bad.line() == "2\tAE\t1\tstates no message type"
            assert worse.line().startswith("3\tAE\t\tno MSH segment")

    asyncio.run(talk())


def test_outcomes_of_enhanced_mode_are_kept_apart_from_acceptance() -> None:
    async def talk() -> None:
        async with running() as feed:
            feed.waiter.states |= {1: State.DONE, 2: State.DEAD, 3: State.DONE}
            messages = [adt("C1", more="|||AL|AL"), adt("C2", more="|||AL|AL"), adt("C3", more="|||NE|NE")]
            async with Sender("127.0.0.1", feed.port, window=3, seconds=2) as sender:
                found = [a.code async for a in sender.send(messages)]
                assert found == ["CA", "CA", ""]
                assert [(await sender.outcome(control)).code for control in ("C2", "C1")] == ["AE", "AA"]

    asyncio.run(talk())


def test_a_listener_that_is_not_there_or_hangs_up_is_unavailable() -> None:
    async def talk() -> None:
        async with running(limits=Limits(connections=0)) as feed:
            with pytest.raises(HubError) as refusal:
                await sent(feed.port, [adt()])
            assert refusal.value.category is Category.UNAVAILABLE
        with pytest.raises(HubError) as refusal:
            await sent(feed.port, [adt()])
        assert "cannot connect" in refusal.value.what

    asyncio.run(talk())
