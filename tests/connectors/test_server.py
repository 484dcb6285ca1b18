"""A feed answers only for what is stored, in order, and no peer can harm another."""

from __future__ import annotations

import asyncio
import itertools
import json
import tracemalloc
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.mllp.frame import CUT, framed
from connectors.mllp.limits import Limits
from hub.kernel.consortium import Feed
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Accepted, Received, State
from mappings.hl7v2.profile import Profile
from tests.connectors.harness import MemoryInbox, adt, msa, running

FEED = Feed(name="f01-his", facility="F01", transport="mllp")
QUICK = Limits(idle_seconds=0.4, frame_seconds=0.3, accept_seconds=0.2, end_block_seconds=0.1, max_bytes=200_000)


def events(log: str) -> list[str]:
    return [json.loads(line)["event"] for line in log.splitlines()]


def test_an_answer_comes_only_after_accept_has_returned() -> None:
    async def talk() -> None:
        inbox = MemoryInbox(gate=asyncio.Event())
        async with running(inbox=inbox) as feed, feed.peer() as peer:
            await peer.send(adt())
            with pytest.raises(TimeoutError):
                await peer.ack(0.15)
            assert inbox.asked
            assert inbox.gate is not None
            inbox.gate.set()
            assert msa(await peer.ack()) == ("AA", "C1")
            assert [r.raw for r in inbox.received] == [adt()]

    asyncio.run(talk())


@pytest.mark.parametrize(
    "failure", [HubError(Category.UNAVAILABLE, "database away"), HubError(Category.FAULT, "x"), RuntimeError("defect")]
)
def test_a_message_that_could_not_be_stored_is_never_answered_aa(failure: Exception) -> None:
    async def talk() -> None:
        async with running(inbox=MemoryInbox(failure=failure)) as feed, feed.peer() as peer:
            assert msa(await peer.exchange(adt())) == ("AE", "C1")
            feed.inbox.failure = None
            assert msa(await peer.exchange(adt())) == ("AA", "C1")

    asyncio.run(talk())


def test_an_inbox_that_does_not_answer_in_time_is_told_as_ae() -> None:
    async def talk() -> None:
        async with running(inbox=MemoryInbox(gate=asyncio.Event()), limits=QUICK) as feed, feed.peer() as peer:
            assert msa(await peer.exchange(adt())) == ("AE", "C1")

    asyncio.run(talk())


@pytest.mark.parametrize("state", [State.QUEUED, State.DUPLICATE, State.CONFLICT])
def test_duplicates_and_conflicts_are_stored_and_so_accepted(state: State) -> None:
    async def talk() -> None:
        async with running(inbox=MemoryInbox(state=state)) as feed, feed.peer() as peer:
            assert msa(await peer.exchange(adt())) == ("AA", "C1")

    asyncio.run(talk())


def test_one_connection_carries_many_messages() -> None:
    async def talk() -> None:
        async with running() as feed, feed.peer() as peer:
            for n in range(50):
                assert msa(await peer.exchange(adt(f"C{n}"))) == ("AA", f"C{n}")

    asyncio.run(talk())


def test_pipelined_messages_are_accepted_together_and_answered_in_order() -> None:
    async def talk() -> None:
        inbox = MemoryInbox(gate=asyncio.Event())
        async with running(inbox=inbox) as feed, feed.peer() as peer:
            await peer.send(*(adt(f"C{n}") for n in range(40)))
            while len(inbox.asked) < 40:
                await asyncio.sleep(0.01)
            assert inbox.gate is not None
            inbox.gate.set()
            assert [msa(await peer.ack()) for _ in range(40)] == [("AA", f"C{n}") for n in range(40)]
            assert [r.envelope.header["MSH-10"] for r in inbox.received] == [f"C{n}" for n in range(40)]

    asyncio.run(talk())


def test_the_hub_stops_reading_while_its_window_is_full() -> None:
    async def talk() -> None:
        inbox = MemoryInbox(gate=asyncio.Event())
        async with running(inbox=inbox, limits=replace(QUICK, window=5, accept_seconds=5)) as feed, feed.peer() as peer:
            await peer.send(*(adt(f"C{n}") for n in range(20)))
            await asyncio.sleep(0.6)  # longer than the limits on the peer's own silence
            assert len(inbox.asked) == 5
            assert inbox.gate is not None
            inbox.gate.set()
            assert [msa(await peer.ack())[1] for _ in range(20)] == [f"C{n}" for n in range(20)]

    asyncio.run(talk())


def test_a_peer_that_reads_no_answers_is_not_waited_for() -> None:
    async def talk() -> None:
        async with running(limits=QUICK) as feed, feed.peer() as peer:
            # Each answer repeats the control id: these fill what the sockets of both sides hold.
            flood = asyncio.create_task(peer.send(*(adt(f"{n:0>100000}") for n in range(150))))
            async with asyncio.timeout(10):
                while len(feed.inbox.received) < 10 or feed.server._connections:
                    await asyncio.sleep(0.01)
            assert len(feed.inbox.received) < 150
            flood.cancel()
            peer.writer.transport.abort()
            await asyncio.wait([flood])

    asyncio.run(talk())


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 700), max_size=12), st.booleans())
def test_messages_cut_anywhere_arrive_whole(cuts: list[int], junk: bool) -> None:
    stream = (b"\r\njunk" if junk else b"").join(framed(adt(f"C{n}")) for n in range(3))

    async def talk() -> None:
        async with running() as feed, feed.peer() as peer:
            edges = [0, *sorted(cut for cut in cuts if cut < len(stream)), len(stream)]
            for a, b in itertools.pairwise(edges):
                await peer.write(stream[a:b])
                await asyncio.sleep(0)
            assert [msa(await peer.ack()) for _ in range(3)] == [("AA", f"C{n}") for n in range(3)]
            assert [r.raw for r in feed.inbox.received] == [adt(f"C{n}") for n in range(3)]

    asyncio.run(talk())


@pytest.mark.parametrize("raw", [b"hello", b"", b"MSH|0000|x", adt() + adt()])
def test_what_cannot_be_read_is_refused_and_kept(raw: bytes) -> None:
    async def talk() -> None:
        async with running() as feed, feed.peer() as peer:
            assert msa(await peer.exchange(raw))[0] == "AE"
            (kept,) = feed.inbox.received
            assert kept.raw == raw
            assert kept.envelope.problem is not None
            assert kept.envelope.identity.startswith("sha256:")
            assert msa(await peer.exchange(adt("C2"))) == ("AA", "C2")

    asyncio.run(talk())


def test_a_message_that_is_too_large_is_refused_kept_in_part_and_the_next_is_served() -> None:
    async def talk() -> None:
        async with running(limits=QUICK) as feed, feed.peer() as peer:
            large = adt("BIG") + b"x" * 300_000
            await peer.send(large, adt("C2"))
            assert [msa(await peer.ack()), msa(await peer.ack())] == [("AE", "BIG"), ("AA", "C2")]
            kept, _ = feed.inbox.received
            assert kept.raw == large[:CUT]
            assert kept.envelope.problem is not None
            assert kept.envelope.problem.category is Category.TOO_LARGE
            assert "BIG" not in kept.envelope.identity

    asyncio.run(talk())


def test_an_endless_message_is_refused_at_once_takes_no_memory_and_is_cut_off() -> None:
    async def talk() -> None:
        limits = replace(QUICK, idle_seconds=20, frame_seconds=1.5)
        async with running(limits=limits) as feed, feed.peer() as peer, feed.peer() as other:
            await peer.write(b"\x0b" + adt("BIG"))
            tracemalloc.start()
            for n in range(128):  # 8 MB through a limit of 0.2 MB
                await peer.write(b"x" * 65536)
                if n % 32 == 0:
                    assert msa(await other.exchange(adt(f"C{n}"))) == ("AA", f"C{n}")
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            assert peak < 4_000_000
            assert msa(await peer.ack()) == ("AE", "BIG")
            assert await peer.hung_up()

    asyncio.run(talk())


def test_a_peer_that_sends_a_byte_at_a_time_is_refused_when_its_time_is_up() -> None:
    async def talk() -> None:
        async with running(limits=QUICK) as feed, feed.peer() as peer, feed.peer() as other:
            loop = asyncio.get_running_loop()
            begun = loop.time()
            await peer.write(b"\x0b")
            with pytest.raises((ConnectionError, EOFError)):
                for n in range(300):
                    await peer.write(adt()[n : n + 1])
                    await asyncio.sleep(0.02)
                    if peer.reader.at_eof():
                        raise EOFError
            assert loop.time() - begun < 3
            assert msa(await other.exchange(adt("C2"))) == ("AA", "C2")

    asyncio.run(talk())


def test_a_message_without_end_block_is_refused_in_time_and_may_come_again_whole() -> None:
    async def talk() -> None:
        async with running(limits=QUICK) as feed:
            async with feed.peer() as peer:
                await peer.write(b"\x0b" + adt())
                assert msa(await peer.ack()) == ("AE", "C1")
                assert await peer.hung_up()
            async with feed.peer() as peer:
                assert msa(await peer.exchange(adt())) == ("AA", "C1")
            cut, whole = feed.inbox.received
            assert cut.envelope.identity != whole.envelope.identity

    asyncio.run(talk())


def test_an_end_block_without_cr_is_answered_soon() -> None:
    async def talk() -> None:
        async with running(limits=replace(QUICK, frame_seconds=20)) as feed, feed.peer() as peer:
            await peer.write(b"\x0b" + adt() + b"\x1c")
            assert msa(await peer.ack(2)) == ("AA", "C1")

    asyncio.run(talk())


def test_a_peer_that_hangs_up_within_a_message_leaves_nothing() -> None:
    async def talk() -> None:
        async with running() as feed:
            async with feed.peer() as peer:
                await peer.write(b"\x0b" + adt()[:40])
            await asyncio.sleep(0.1)
            assert feed.inbox.asked == []

    asyncio.run(talk())


def test_a_peer_that_closes_its_side_still_gets_its_answers() -> None:
    async def talk() -> None:
        async with running() as feed, feed.peer() as peer:
            await peer.send(adt("C1"), adt("C2"))
            peer.writer.write_eof()
            assert [msa(await peer.ack()), msa(await peer.ack())] == [("AA", "C1"), ("AA", "C2")]
            assert await peer.hung_up()

    asyncio.run(talk())


def test_a_silent_connection_and_one_that_sends_junk_are_closed() -> None:
    async def talk() -> None:
        limits = replace(QUICK, junk_bytes=1000)
        async with running(limits=limits) as feed, feed.peer() as silent, feed.peer() as noisy:
            await noisy.write(b"x" * 2000)
            assert await noisy.hung_up(0.3)
            assert await silent.hung_up(2)

    asyncio.run(talk())


def test_connections_over_the_limit_are_turned_away_while_all_are_at_work() -> None:
    async def talk() -> None:
        inbox = MemoryInbox(gate=asyncio.Event())
        async with (
            running(inbox=inbox, limits=Limits(connections=2)) as feed,
            feed.peer() as first,
            feed.peer() as second,
        ):
            await first.send(adt("C1"))
            await second.write(b"\x0bMSH")
            while not inbox.asked:
                await asyncio.sleep(0.01)
            for _ in range(20):
                async with feed.peer() as late:
                    assert await late.hung_up()
            assert inbox.gate is not None
            inbox.gate.set()
            assert msa(await first.ack()) == ("AA", "C1")
            assert "mllp.turned-away" in events(feed.log.getvalue())

    asyncio.run(talk())


def test_quiet_connections_make_room_for_new_ones_the_longest_quiet_first() -> None:
    async def talk() -> None:
        limits = Limits(connections=3)
        async with running(limits=limits) as feed, feed.peer() as busy, feed.peer() as quiet, feed.peer() as quieter:
            for peer in (quieter, quiet, busy):
                await peer.exchange(adt())
                await asyncio.sleep(0.02)  # more than the resolution of the loop's clock
            async with feed.peer() as new:
                assert msa(await new.exchange(adt("C2"))) == ("AA", "C2")
                assert await quieter.hung_up()
                assert msa(await busy.exchange(adt("C3"))) == ("AA", "C3")
                assert msa(await quiet.exchange(adt("C4"))) == ("AA", "C4")

    asyncio.run(talk())


def test_a_peer_outside_the_networks_of_the_feed_is_turned_away() -> None:
    async def talk() -> None:
        async with running(replace(FEED, peers=("10.1.0.0/16",))) as feed, feed.peer() as peer:
            assert await peer.hung_up()
            assert feed.inbox.asked == []

    asyncio.run(talk())


@pytest.mark.parametrize(
    ("sender", "code"),
    [("HIS|F01", "AA"), ("HIS^1.2^ISO|F01", "AA"), ("HIS|F02", "AR"), ("|", "AR"), ("LIS|F01", "AR")],
)
def test_a_sender_the_feed_does_not_name_is_rejected_and_noted(sender: str, code: str) -> None:
    async def talk() -> None:
        async with running(replace(FEED, senders=("HIS|F01",))) as feed, feed.peer() as peer:
            assert msa(await peer.exchange(adt(sender=sender))) == (code, "C1")
            assert len(feed.inbox.asked) == (code == "AA")
            assert ("mllp.refused" in events(feed.log.getvalue())) == (code == "AR")

    asyncio.run(talk())


@pytest.mark.parametrize("profile", [Profile(events=("ADT^A08",)), Profile(versions=("2.5.1",))])
def test_events_and_versions_the_feed_refuses_are_rejected(profile: Profile) -> None:
    async def talk() -> None:
        async with running(profile=profile) as feed, feed.peer() as peer:
            assert msa(await peer.exchange(adt())) == ("AR", "C1")
            assert feed.inbox.asked == []

    asyncio.run(talk())


def test_an_acknowledgement_is_not_acknowledged() -> None:
    async def talk() -> None:
        async with running() as feed, feed.peer() as peer:
            forged = adt().replace(b"ADT^A01^ADT_A01", b"ACK^A01^ACK")
            await peer.send(forged, adt("C2"))
            assert msa(await peer.ack()) == ("AA", "C2")
            assert [r.raw for r in feed.inbox.asked] == [adt("C2")]

    asyncio.run(talk())


def test_every_acknowledgement_has_a_control_id_of_its_own() -> None:
    async def talk() -> None:
        async with running() as feed, feed.peer() as peer:
            acks = [await peer.exchange(adt(f"C{n}")) for n in range(3)]
            assert [ack.split(b"|")[9] for ack in acks] == [b"ACK1", b"ACK2", b"ACK3"]

    asyncio.run(talk())


def test_gbk_is_answered_in_gbk() -> None:
    async def talk() -> None:
        async with running() as feed, feed.peer() as peer:
            ack = await peer.exchange(adt(sender="医院|F01").decode().encode("gbk"))
            assert "|医院|F01|".encode("gbk") in ack

    asyncio.run(talk())


def test_the_log_holds_no_content_of_messages() -> None:
    async def talk() -> str:
        async with running(replace(FEED, senders=("HIS|F01",))) as feed, feed.peer() as peer:
            for raw in (adt("C1"), adt("C2", sender="沈|桂兰"), b"00012345", b"MSH|^~\\&|HIS|F01|||||00012345^A|1"):
                await peer.exchange(raw)
            return feed.log.getvalue()

    log = asyncio.run(talk())
    assert events(log).count("mllp.accepted") == 3
    assert not [word for word in ("00012345", "沈", "桂兰", "19580412", "C1") if word in log]


def test_draining_answers_what_was_taken_and_takes_no_more() -> None:
    async def talk() -> None:
        inbox = MemoryInbox(gate=asyncio.Event())
        async with running(inbox=inbox) as feed, feed.peer() as peer, feed.peer() as idle:
            await peer.send(adt("C1"), adt("C2"))
            await peer.write(b"\x0b" + adt("C3")[:30])
            while len(inbox.asked) < 2:
                await asyncio.sleep(0.01)
            draining = asyncio.create_task(feed.server.drain(5))
            assert await idle.hung_up()
            with pytest.raises(OSError):
                await asyncio.open_connection("127.0.0.1", feed.port)
            assert inbox.gate is not None
            inbox.gate.set()
            assert [msa(await peer.ack()), msa(await peer.ack())] == [("AA", "C1"), ("AA", "C2")]
            assert await peer.hung_up()
            await draining
            assert len(inbox.received) == 2

    asyncio.run(talk())


def test_draining_does_not_wait_for_ever() -> None:
    async def talk() -> None:
        inbox = MemoryInbox(gate=asyncio.Event())
        async with running(inbox=inbox) as feed, feed.peer() as peer:
            await peer.send(adt("C1"))
            while not inbox.asked:
                await asyncio.sleep(0.01)
            await feed.server.drain(0.1)
            assert await peer.hung_up()

    asyncio.run(talk())


def test_a_peer_that_is_gone_when_its_answer_is_due_harms_nobody() -> None:
    async def talk() -> None:
        inbox = MemoryInbox(gate=asyncio.Event())
        async with running(inbox=inbox) as feed:
            async with feed.peer() as peer:
                await peer.send(*(adt(f"C{n}") for n in range(10)))
                while len(inbox.asked) < 10:
                    await asyncio.sleep(0.01)
                peer.writer.transport.abort()
            assert inbox.gate is not None
            inbox.gate.set()
            async with feed.peer() as other:
                assert msa(await other.exchange(adt("C99"))) == ("AA", "C99")
            assert len(inbox.received) == 11
        assert "mllp.connection-failed" not in events(feed.log.getvalue())

    asyncio.run(talk())


def test_draining_waits_for_messages_of_a_peer_that_is_gone() -> None:
    class TwoSoon(MemoryInbox):
        """Stores two messages after their peer has gone: the first answer finds that out, the second fails."""

        async def accept(self, received: Received) -> Accepted:
            if len(self.asked) == 2:
                return await super().accept(received)
            self.asked.append(received)
            await asyncio.sleep(0.05 * len(self.asked))
            self.received.append(received)
            return Accepted(message=len(self.received), state=State.QUEUED)

    async def talk() -> None:
        gate = asyncio.Event()
        async with running(inbox=TwoSoon(gate=gate)) as feed:
            async with feed.peer() as peer:
                await peer.send(*(adt(f"C{n}") for n in range(3)))
                peer.writer.transport.abort()
            while len(feed.inbox.asked) < 3:
                await asyncio.sleep(0.01)
            draining = asyncio.create_task(feed.server.drain(5))
            await asyncio.sleep(0.3)
            assert not draining.done()
            gate.set()
            await draining
            assert len(feed.inbox.received) == 3

    asyncio.run(talk())
