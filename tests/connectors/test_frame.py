"""Frames are found wherever the stream is cut, and nothing a peer sends makes the framer slow or large."""

from __future__ import annotations

import itertools
import time
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.mllp.frame import CUT, Flaw, Frame, Framer, framed

ONE = b"MSH|^~\\&|A\rPID|1\r"
TWO = b"MSH|^~\\&|B\r"


def frames(data: bytes, *cuts: int, max_bytes: int = 1000) -> list[Frame]:
    framer = Framer(max_bytes)
    edges = [0, *sorted(cuts), len(data)]
    return [frame for a, b in itertools.pairwise(edges) for frame in framer.feed(data[a:b])]


content = st.binary(max_size=60).map(lambda b: b"MSH|" + b.replace(b"\x1c", b"").replace(b"\x0b", b""))


@given(
    st.lists(content, max_size=5), st.lists(st.integers(0, 400), max_size=8), st.sampled_from([b"", b"\r\n", b"junk"])
)
def test_frames_are_the_same_however_the_stream_is_cut(messages: list[bytes], cuts: list[int], between: bytes) -> None:
    stream = between.join(map(framed, messages))
    assert frames(stream, *(cut for cut in cuts if cut < len(stream))) == [Frame(m) for m in messages]


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=8))
def test_any_bytes_give_the_same_frames_however_they_are_cut(data: bytes, cuts: list[int]) -> None:
    alphabet = bytes(b"\x0b\x1c\r\nMSH|"[b % 8] for b in data)
    whole = frames(alphabet)
    assert frames(alphabet, *(cut for cut in cuts if cut < len(data))) == whole


def test_several_frames_in_one_read_are_all_given() -> None:
    assert frames(framed(ONE) + framed(TWO) + framed(ONE)) == [Frame(ONE), Frame(TWO), Frame(ONE)]


@pytest.mark.parametrize("end", [b"\x1c\r", b"\x1c\n", b"\x1c\r\n"])
def test_senders_that_end_a_frame_otherwise_are_understood(end: bytes) -> None:
    assert frames(b"\x0b" + ONE + end + b"\x0b" + TWO + end) == [Frame(ONE), Frame(TWO)]


def test_an_end_block_without_cr_ends_at_the_next_frame() -> None:
    assert frames(b"\x0b" + ONE + b"\x1c" + framed(TWO)) == [Frame(ONE), Frame(TWO)]


def test_an_end_block_without_cr_can_be_taken_as_complete() -> None:
    framer = Framer(1000)
    assert framer.feed(b"\x0b" + ONE + b"\x1c") == []
    assert framer.at_end_block
    assert framer.finish() == Frame(ONE)
    assert framer.feed(b"\r" + framed(TWO)) == [Frame(TWO)]


def test_a_frame_without_end_block_is_unfinished_when_the_next_begins() -> None:
    assert frames(b"\x0b" + ONE + framed(TWO)) == [Frame(ONE, Flaw.UNFINISHED), Frame(TWO)]


@pytest.mark.parametrize("inside", [b"a\x0bb", b"a\x1cb", b"\x0b\x0b"])
def test_block_characters_inside_content_are_content(inside: bytes) -> None:
    assert frames(framed(ONE + inside)) == [Frame(ONE + inside)]


def test_junk_between_frames_is_skipped_and_counted_until_the_next_frame() -> None:
    framer = Framer(1000)
    assert framer.feed(b"GET / HTTP/1.1\r\n") == []
    assert framer.junk == 14
    assert framer.feed(framed(ONE) + b"\r\n\r\n") == [Frame(ONE)]
    assert framer.junk == 0


def test_a_frame_over_the_limit_is_given_once_and_cut_and_the_next_is_found() -> None:
    stream = b"\x0b" + b"MSH|" + b"x" * 200_000 + b"\x1c\r" + framed(TWO)
    for cuts in ([], [10, 5000, 150_000, 200_005, 200_006]):
        first, second = frames(stream, *cuts, max_bytes=100_000)
        assert (first.flaw, len(first.content), second) == (Flaw.TOO_LARGE, CUT, Frame(TWO))


@given(st.integers(-2, 2), st.lists(st.integers(0, 110), max_size=4))
def test_the_limit_is_on_the_content_alone(off: int, cuts: list[int]) -> None:
    message = b"MSH|".ljust(100 + off, b"x")
    found = frames(framed(message), *cuts, max_bytes=100)
    assert [frame.flaw for frame in found] == [Flaw.TOO_LARGE if off > 0 else None]


def test_an_endless_frame_takes_no_memory() -> None:
    framer = Framer(1_000_000)
    chunk = b"x" * 65536
    framer.feed(b"\x0bMSH|")
    tracemalloc.start()
    for _ in range(4000):  # 262 MB
        framer.feed(chunk)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4_000_000
    assert framer.finish() is None


@pytest.mark.parametrize("piece", [b"\x0b", b"\x1c", b"\x0bMS", b"x", b"\x0b\x1c\r"])
def test_hostile_bytes_take_linear_time(piece: bytes) -> None:
    def seconds(times: int) -> float:
        framer = Framer(1 << 26)
        data = b"\x0b" + piece * times
        begin = time.process_time()
        for at in range(0, len(data), 4096):
            framer.feed(data[at : at + 4096])
        return time.process_time() - begin

    assert seconds(800_000) < 64 * max(min(seconds(50_000) for _ in range(3)), 0.002)
