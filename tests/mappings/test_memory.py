"""Converting keeps nothing: a long message takes a few times its length, and many messages leave nothing behind."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable
from functools import partial

import pytest

from hub.fhir.long_json import Made, written
from hub.kernel.ids import PUBLIC_KEY, keyed_ids
from mappings.hl7v2.alike import Alike
from mappings.hl7v2.convert import convert
from mappings.hl7v2.engine import compile_rules
from mappings.hl7v2.habits import CANONICAL_BASE, Habits
from mappings.hl7v2.parser import Segment, parse
from mappings.hl7v2.profile import DEFAULT
from mappings.hl7v2.repeated import Repeated
from mappings.hl7v2.separators import Separators
from mappings.hl7v2.translator import translate_message, translator
from tests.mappings.messages import ADT, oru, panel

CONVERT = translator(DEFAULT, "F01", keyed_ids(PUBLIC_KEY))


def peak(work: Callable[[], object]) -> int:
    """Bytes in use at most above those in use before."""
    gc.collect()
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_file_in_a_field_takes_a_few_times_its_length() -> None:
    raw = f"{oru(1)}\rOBX|2|ED|DOC||^application^pdf^Base64^{'QUJD' * 500_000}||||||F".encode()
    CONVERT(raw)
    assert peak(lambda: CONVERT(raw)) < 12 * len(raw)


def test_results_take_memory_by_their_number() -> None:
    small, large = oru(100).encode(), oru(400).encode()
    CONVERT(large)
    assert peak(lambda: CONVERT(large)) < 6 * peak(lambda: CONVERT(small))


def test_a_long_message_lets_go_of_what_it_was_split_into_as_it_is_mapped(monkeypatch: pytest.MonkeyPatch) -> None:
    split: set[int] = set()
    real = Segment.forget, Segment._split_fields

    def forget(segment: Segment) -> None:
        split.discard(id(segment))
        real[0](segment)

    def split_fields(segment: Segment) -> list[str]:
        split.add(id(segment))
        return real[1](segment)

    monkeypatch.setattr(Segment, "forget", forget)
    monkeypatch.setattr(Segment, "_split_fields", split_fields)
    translator(DEFAULT, "F01", keyed_ids(PUBLIC_KEY), with_report=False)(oru(600).encode())
    assert 250 < len(split) < 300


def test_a_long_message_leaves_behind_no_more_texts_than_are_kept_of_its_sender() -> None:
    habits = Habits(facility="F03", ids=keyed_ids(PUBLIC_KEY))
    translate_message(parse(oru(5_000)), habits, compile_rules(CANONICAL_BASE, {}))
    assert 4096 < len(habits.repeated._known) < 4200
    assert not habits.repeated.known(Separators(), 0, reported=True)


def test_a_report_of_many_results_takes_a_bounded_multiple_of_its_length() -> None:
    raw = oru(2_000).encode()
    CONVERT(oru(300).encode())
    assert peak(lambda: CONVERT(raw)) < 60 * len(raw)


def printed(raw: bytes) -> None:
    for row in convert("a.hl7", raw, listing=Made):
        for _ in written(row):
            pass


@pytest.mark.parametrize(("work", "most"), [(CONVERT, 16), (printed, 20)])
def test_a_long_message_takes_more_memory_by_a_few_times_what_it_is_longer(
    work: Callable[[bytes], object], most: int
) -> None:
    small, large = panel(2_000), panel(6_000)
    work(small)
    assert peak(lambda: work(large)) - peak(lambda: work(small)) < most * (len(large) - len(small))


def test_what_is_left_of_a_long_message_is_a_reference_to_each_result_and_little_more() -> None:
    raw = panel(6_000)
    CONVERT(panel(300))
    gc.collect()
    tracemalloc.start()
    try:
        kept = CONVERT(raw)
        assert tracemalloc.get_traced_memory()[0] < 8 * len(raw)
        assert len(kept.drafts) == 6_003
    finally:
        tracemalloc.stop()


def test_many_messages_leave_nothing_behind_but_the_last_that_may_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mappings.hl7v2.translator.Alike", partial(Alike, most=16))
    monkeypatch.setattr(Repeated.__init__, "__defaults__", (128,))
    convert = translator(DEFAULT, "F01", keyed_ids(PUBLIC_KEY))

    def tell(first: int, last: int) -> None:
        for n in range(first, last):
            convert(ADT.replace("00012345", f"{n:08}").encode())

    tell(0, 300)
    gc.collect()
    tracemalloc.start()
    try:
        tell(300, 420)
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        tell(420, 720)
        gc.collect()
        kept = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert kept < 300 * 256
