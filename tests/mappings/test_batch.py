"""A file gives its messages one by one, however they were put into it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.hl7v2.batch import split_messages
from mappings.hl7v2.parser import parse
from tests.mappings.messages import ADT, oru

ONE = ADT.encode()
TWO = oru(2).encode()


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n"])
def test_messages_one_after_another_are_told_apart(end: bytes) -> None:
    one, two = ONE.replace(b"\r", end) + end, TWO.replace(b"\r", end) + end
    assert list(split_messages(one + end + two)) == [one + end, two]


def test_batch_segments_belong_to_no_message() -> None:
    batch = b"FHS|^~\\&|A\rBHS|^~\\&|A\r" + ONE + b"\r" + TWO + b"\rBTS|2\rFTS|1\r"
    assert list(split_messages(batch)) == [ONE + b"\r", TWO + b"\r"]


def test_frames_are_taken_off() -> None:
    assert list(split_messages(b"\x0b" + ONE + b"\r\x1c\r\x0b" + TWO + b"\r\x1c\r")) == [ONE + b"\r", TWO + b"\r"]


def test_a_byte_order_mark_is_no_part_of_a_message() -> None:
    assert list(split_messages(b"\xef\xbb\xbf" + ONE)) == [ONE]
    assert list(split_messages(ADT.encode("utf-16"))) == [ONE]


def test_msh_inside_a_field_begins_no_message() -> None:
    raw = ONE + b"\rNTE|1||see MSH|9 and MSHA\r"
    assert list(split_messages(raw)) == [raw]


@pytest.mark.parametrize(("raw", "messages"), [(b"", []), (b" \r\n", []), (b"PID|1", [b"PID|1"])])
def test_a_file_without_a_message_gives_itself(raw: bytes, messages: list[bytes]) -> None:
    assert list(split_messages(raw)) == messages


@given(st.lists(st.sampled_from([ONE, TWO]), min_size=1, max_size=5), st.sampled_from([b"\r", b"\n", b"\r\n"]))
def test_every_message_comes_out_parseable_and_whole(messages: list[bytes], end: bytes) -> None:
    found = list(split_messages(end.join(m.replace(b"\r", end) for m in messages)))
    assert [parse(m.decode()).text() for m in found] == [m.decode() + "\r" for m in messages]


def test_every_public_sample_is_read_or_refused(shared: Path) -> None:
    files = sorted((shared / "hl7v2-samples").rglob("*.hl7"))
    messages = [m for file in files for m in split_messages(file.read_bytes())]
    assert len(messages) >= len(files) > 600
