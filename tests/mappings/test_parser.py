"""The parser keeps every character, splits by the message's own delimiters, and stays linear on hostile input."""

from __future__ import annotations

import gc
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.kernel.errors import Category, HubError
from mappings.hl7v2.parser import Message, Segment, parse
from mappings.hl7v2.separators import Separators
from tests.mappings.messages import ADT, HEADER


def segment(message: Message, name: str) -> Segment:
    found = message.first(name)
    assert found is not None
    return found


def test_msh_1_is_the_separator_and_msh_2_the_encoding_characters() -> None:
    msh = segment(parse(ADT), "MSH")
    assert [msh.raw(n) for n in (1, 2, 3, 10)] == ["|", "^~\\&", "HIS", "F01-000001"]
    assert (msh.get(1), msh.get(2), msh.get(9, comp=2)) == ("|", "^~\\&", "A01")
    assert msh.fields_count == 12


def test_repetitions_components_and_subcomponents_are_counted_from_one() -> None:
    pid = segment(parse(HEADER + "\rPID|||1^^^A&1.2.3&ISO^MR~2^^^B"), "PID")
    assert [r.get(1) for r in pid.repetitions(3)] == ["1", "2"]
    assert (pid.get(3, 1, 4, 2), pid.get(3, 2, 4), pid.get(3, 1, 5)) == ("1.2.3", "B", "MR")
    assert (pid.get(3, 3), pid.get(3, 1, 9), pid.get(3, 1, 4, 9), pid.get(99), pid.get(3, 0)) == ("",) * 5
    assert pid.repetitions(3)[0].subcomponents(4) == ["A", "1.2.3", "ISO"]


def test_an_escaped_delimiter_does_not_split() -> None:
    obx = segment(parse(HEADER + "\rOBX|1|NM|X||5|10\\S\\9/L^b\\T\\c"), "OBX")
    assert obx.repetitions(6)[0].components() == ["10\\S\\9/L", "b\\T\\c"]
    assert (obx.get(6), obx.get(6, comp=2)) == ("10^9/L", "b&c")


def test_a_whole_repetition_can_be_read_as_one_text() -> None:
    obx = segment(parse(HEADER + "\rOBX|1|TX|X||A & B ^ C\\.br\\D"), "OBX")
    assert obx.repetitions(5)[0].plain() == "A & B ^ C\nD"


def test_null_is_not_empty() -> None:
    pid = segment(parse(HEADER + '\rPID|1||""||x'), "PID")
    assert [r.is_null for r in pid.repetitions(3)] == [True]
    assert pid.repetitions(4) == []


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_segments_end_in_cr_lf_or_both(end: str) -> None:
    message = parse(ADT.replace("\r", end) + end + end)
    assert message.text() == ADT + "\r"
    assert [s.position for s in message.segments] == [1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize("junk", ["\ufeff", "\x0b", "\r\n\r\n", "POST / HTTP/1.1\r\n", "MSHA"])
def test_junk_before_the_header_is_passed_over(junk: str) -> None:
    message = parse(junk + ADT)
    assert message.segments[0].text == HEADER


def test_a_line_that_is_no_segment_belongs_to_the_field_it_was_broken_in() -> None:
    message = parse(HEADER + "\rOBX|1|TX|X||first\nsecond line|u\rNK1\rZ01|1")
    assert [s.name for s in message.segments] == ["MSH", "OBX", "NK1", "Z01"]
    obx = segment(message, "OBX")
    assert (obx.get(5), obx.get(6)) == ("first\nsecond line", "u")


def test_ordinals_count_the_segments_of_one_name() -> None:
    message = parse(HEADER + "\rOBX|1\rNTE|1\rOBX|2")
    assert [(s.name, s.ordinal, s.position) for s in message.all("OBX")] == [("OBX", 1, 2), ("OBX", 2, 4)]
    assert message.all("PID") == []
    assert message.first("PID") is None


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("MSH|^~\\&|A", Separators()),
        ("MSH|^~\\&#|A", Separators(truncation="#")),
        ("MSH|^~&|A", Separators(escape="")),
        ("MSH|^~|A", Separators(escape="", subcomponent="")),
        ("MSH|^|A", Separators(repetition="", escape="", subcomponent="")),
        ("MSH|^~\\&", Separators()),
        ("MSH#!@%*#A", Separators("#", "!", "@", "%", "*")),
    ],
)
def test_delimiters_are_those_the_header_declares(header: str, expected: Separators) -> None:
    assert parse(header).separators == expected


@pytest.mark.parametrize("header", ["MSH|0000|A", "MSH|^^\\&|A", "MSH||A", "MSH|^~\\é|A", "MSH|^~\\&#%|A"])
def test_delimiters_that_cannot_delimit_are_refused(header: str) -> None:
    with pytest.raises(HubError) as refusal:
        parse(header)
    assert (refusal.value.category, refusal.value.where) == (Category.UNREADABLE, "MSH-2")


@pytest.mark.parametrize("text", ["", "hello", "PID|1", "MSHX", "MSH", "MSH 1"])
def test_text_without_a_header_is_unreadable(text: str) -> None:
    with pytest.raises(HubError) as refusal:
        parse(text)
    assert refusal.value.category is Category.UNREADABLE


def test_two_messages_in_one_are_refused_with_the_place_of_the_second() -> None:
    with pytest.raises(HubError) as refusal:
        parse(ADT + "\r" + ADT)
    assert (refusal.value.code, refusal.value.where) == ("second-msh", "segment 8")


def test_hex_escapes_are_bytes_of_the_messages_charset() -> None:
    assert segment(parse(HEADER + "\rPID|1||\\XB7BD\\", "gb18030"), "PID").get(3) == "方"


@given(st.text(max_size=200))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    try:
        message = parse("MSH|" + text)
    except HubError as error:
        assert error.category is Category.UNREADABLE
    else:
        for each in message.segments:
            for n in range(each.fields_count + 1):
                for repetition in each.repetitions(n):
                    assert repetition.get(1, 1) in repetition.subcomponents(1) or not repetition.subcomponents(1)


HOSTILE = {
    "segments": lambda n: HEADER + "\rOBX|1|ST|A||x" * n,
    "lines that are no segments": lambda n: HEADER + "\rx" * n,
    "repetitions": lambda n: HEADER + "\rPID|1||" + "~" * n,
    "components": lambda n: HEADER + "\rPID|1||" + "^" * n,
    "subcomponents": lambda n: HEADER + "\rPID|1||" + "&" * n,
    "escape characters": lambda n: HEADER + "\rPID|1||" + "\\" * n,
    "open hex escapes": lambda n: HEADER + "\rPID|1||" + "\\XAB" * n,
    "open local escapes": lambda n: HEADER + "\rPID|1||" + "\\Z" * n,
    "headers without a separator": lambda n: "MSHA" * n + ADT,
}


def _seconds(text: str) -> float:
    """CPU time, without that of a collector whose work grows with all that other tests left behind."""
    gc.disable()
    try:
        return _seconds_of_reading(text)
    finally:
        gc.enable()


def _seconds_of_reading(text: str) -> float:
    begin = time.process_time()
    message = parse(text)
    for each in message.segments:
        for n in range(1, each.fields_count + 1):
            for rep in range(1, len(each.repetitions(n)) + 1):
                repetition = each.repetitions(n)[rep - 1]
                for comp in range(1, len(repetition.components()) + 1):
                    for sub in range(1, len(repetition.subcomponents(comp)) + 1):
                        repetition.get(comp, sub)
    return time.process_time() - begin


@pytest.mark.parametrize("shape", HOSTILE)
def test_reading_all_of_a_hostile_message_takes_linear_time(shape: str) -> None:
    """Sixteen times the input takes about sixteen times as long; quadratic would take 256 times.

    Noise of a busy machine only ever adds time, so the best of a few rounds is compared, and fewer suffice when quiet.
    """
    small = large = float("inf")
    for _ in range(7):
        small = min(small, _seconds(HOSTILE[shape](6_000)))
        large = min(large, _seconds(HOSTILE[shape](96_000)))
        if large < 100 * small:
            return
    pytest.fail(f"{large / small:.0f} times as long for 16 times the input")


def test_a_million_repetitions_are_read() -> None:
    pid = segment(parse(HEADER + "\rPID|1||" + "1~" * 1_000_000), "PID")
    assert len(pid.repetitions(3)) == 1_000_001
    assert pid.get(3, 1_000_000) == "1"


def test_segments_may_be_indented_and_known_ones_named_in_small_letters() -> None:
    message = parse(HEADER + "\n   PID|1||7\nobx|1|TX|a||one\nand|two|\n")
    assert [each.name for each in message.segments] == ["MSH", "PID", "OBX"]
    assert segment(message, "OBX").get(5) == "one\nand"
