"""Attacks on a feed over the wire: it refuses or survives each, and another feed answers meanwhile.

The numbers are those of the list of attacks the hub is assessed by: 48 to 52.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.mllp.frame import framed
from connectors.mllp.limits import Limits
from hub.kernel.consortium import Feed
from tests.connectors.harness import Peer, Running, adt, msa, running

FEED = Feed(name="f01-his", facility="F01", transport="mllp", senders=("HIS|F01",))
LIMITS = Limits(max_bytes=1 << 20, frame_seconds=0.5, idle_seconds=5, connections=64)


@asynccontextmanager
async def attacked() -> AsyncIterator[tuple[Running, Peer]]:
    """The feed under attack, and a peer of another feed of the same process that must be answered throughout."""
    other_feed = Feed(name="f03-lis", facility="F03", transport="mllp")
    async with running(FEED, limits=LIMITS) as feed, running(other_feed) as other, other.peer() as bystander:
        yield feed, bystander


async def answered_throughout(attack: Awaitable[None], bystander: Peer) -> None:
    """Run an attack; ask the other feed all the while, and expect each answer within two seconds."""
    running_attack = asyncio.ensure_future(attack)
    number = 0
    while not running_attack.done() or number < 3:
        number += 1
        await bystander.send(adt(f"B{number}"))
        assert msa(await bystander.ack(2)) == ("AA", f"B{number}")
        await asyncio.sleep(0.01)
    await running_attack


def test_48_a_host_outside_the_networks_of_the_feed_is_not_heard() -> None:
    async def talk() -> None:
        async with running(replace(FEED, peers=("192.0.2.0/24",))) as feed, feed.peer() as peer:
            with pytest.raises((EOFError, ConnectionError)):
                await peer.exchange(adt())
            assert feed.inbox.asked == []

    asyncio.run(talk())


def test_49_a_feed_does_not_take_messages_in_the_name_of_another_hospital() -> None:
    async def talk() -> None:
        async with attacked() as (feed, _), feed.peer() as peer:
            for sender in ("HIS|F02", "HIS|", "|F01", "HIS^x|F01^y&z", "his|f01"):
                code, _ = msa(await peer.exchange(adt(sender=sender)))
                assert code == ("AA" if sender.startswith("HIS^") else "AR")
            assert len(feed.inbox.asked) == 1
            assert feed.log.getvalue().count('"code": "sender"') == 4

    asyncio.run(talk())


async def _no_end_block(peer: Peer) -> None:
    await peer.write(b"\x0b" + adt("A1"))
    assert msa(await peer.ack()) == ("AE", "A1")


async def _two_messages_in_a_frame(peer: Peer) -> None:
    assert msa(await peer.exchange(adt("A1") + adt("A2"))) == ("AE", "A1")


async def _start_block_in_content(peer: Peer) -> None:
    assert msa(await peer.exchange(adt("A1") + b"NTE|1||a\x0bb\r")) == ("AA", "A1")


async def _large_message(peer: Peer) -> None:
    await peer.write(b"\x0b" + adt("A1"))
    for _ in range(512):  # 32 MiB against a limit of 1 MiB
        await peer.write(b"x" * 65536)
    await peer.write(b"\x1c\r")
    assert msa(await peer.ack()) == ("AE", "A1")


async def _byte_by_byte(peer: Peer) -> None:
    with contextlib.suppress(ConnectionError, EOFError):
        for byte in framed(adt("A1")):
            await peer.write(bytes([byte]))
            await asyncio.sleep(0.01)
        assert msa(await peer.ack()) == ("AE", "A1")


@pytest.mark.parametrize(
    "attack",
    [_no_end_block, _two_messages_in_a_frame, _start_block_in_content, _large_message, _byte_by_byte],
    ids=lambda attack: attack.__name__.strip("_"),
)
def test_50_strange_frames_are_refused_and_other_feeds_live(attack: Callable[[Peer], Awaitable[None]]) -> None:
    async def talk() -> None:
        async with attacked() as (feed, bystander), feed.peer() as peer:
            await answered_throughout(attack(peer), bystander)
            async with feed.peer() as honest:
                assert msa(await honest.exchange(adt("C1"))) == ("AA", "C1")

    asyncio.run(talk())


def test_50_idle_connections_keep_no_feed_from_answering() -> None:
    async def flood(feed: Running) -> None:
        writers = [(await asyncio.open_connection("127.0.0.1", feed.port))[1] for _ in range(400)]
        async with feed.peer() as honest:
            assert msa(await honest.exchange(adt("C1"))) == ("AA", "C1")
        for writer in writers:
            writer.close()

    async def talk() -> None:
        async with attacked() as (feed, bystander):
            await answered_throughout(flood(feed), bystander)

    asyncio.run(talk())


HOSTILE = {
    "segments": b"OBX|1|ST|A||x\r" * 60_000,
    "repetitions": b"ZZZ|" + b"~" * 900_000 + b"\r",
    "components": b"ZZZ|" + b"^" * 900_000 + b"\r",
    "identifiers": b"PID|1||" + b"1~" * 450_000 + b"\r",
    "escapes": b"ZZZ|" + b"\\X41" * 200_000 + b"\r",
    "headers": b"\rMSHx" * 150_000,
}


@pytest.mark.parametrize("shape", HOSTILE)
def test_51_hostile_content_is_answered_in_time(shape: str) -> None:
    async def attack(feed: Running) -> None:
        async with feed.peer() as peer:
            code, control = msa(await peer.exchange(adt("A1") + HOSTILE[shape]))
            assert (code, control) == ("AA", "A1")

    async def talk() -> None:
        async with attacked() as (feed, bystander):
            await answered_throughout(attack(feed), bystander)

    asyncio.run(talk())


@pytest.mark.parametrize(
    "header", [b"MSH|||||", b"MSH||||", b"MSHAAAAA|", b"MSH|AAAA|", b"MSH\r\r\r\r", b"MSH|\x1c\x0b"]
)
def test_51_delimiters_that_cannot_be_are_refused(header: bytes) -> None:
    async def talk() -> None:
        async with attacked() as (feed, _), feed.peer() as peer:
            code, _ = msa(await peer.exchange(header + adt()[8:]))
            assert code == "AE"

    asyncio.run(talk())


def test_52_an_acknowledgement_is_neither_stored_nor_answered() -> None:
    async def talk() -> None:
        async with attacked() as (feed, _), feed.peer() as peer:
            forged = adt().split(b"\r")[0].replace(b"ADT^A01^ADT_A01", b"ACK^A01^ACK") + b"\rMSA|AA|C1\r"
            await peer.send(forged, adt("C2"))
            assert msa(await peer.ack()) == ("AA", "C2")
            assert [r.raw for r in feed.inbox.asked] == [adt("C2")]

    asyncio.run(talk())


def test_52_a_control_id_used_again_for_other_content_is_the_same_identity() -> None:
    """So that the inbox can tell a conflict; other bytes under the same MSH-10 and MSH-7 are never a new message."""

    async def talk() -> None:
        async with attacked() as (feed, _), feed.peer() as peer:
            await peer.exchange(adt("C1"))
            await peer.exchange(adt("C1") + b"NTE|1||other\r")
            first, second = feed.inbox.received
            assert first.envelope.identity == second.envelope.identity
            assert first.raw != second.raw

    asyncio.run(talk())


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.sampled_from([b"\x0b", b"\x1c\r", b"\x1c", b"\r", b"MSH|^~\\&|", adt(), b"\xff", b"x"]), max_size=30)
)
def test_whatever_a_peer_sends_the_feed_lives_on(pieces: list[bytes]) -> None:
    async def talk() -> None:
        async with running(FEED, limits=replace(LIMITS, frame_seconds=0.05, end_block_seconds=0.05)) as feed:
            async with feed.peer() as peer:
                with contextlib.suppress(ConnectionError):
                    await peer.write(b"".join(pieces))
            async with feed.peer() as honest:
                assert msa(await honest.exchange(adt("C1"))) == ("AA", "C1")
            assert "connection-failed" not in feed.log.getvalue()

    asyncio.run(talk())
