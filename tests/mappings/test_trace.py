"""What is recorded of the ways fields went."""

from __future__ import annotations

from mappings.hl7v2.trace import Trace, mapped

CODE, VALUE, NOTE = (mapped(f"Observation.{name}") for name in ("code", "value[x]", "note"))


def test_segments_that_went_alike_are_kept_once_until_more_is_recorded_of_one() -> None:
    trace = Trace()
    for position in range(1, 1001):
        trace.add(position, 3, 1, CODE)
        trace.add(position, 5, 0, VALUE)
        trace.settle(position)
    assert len({id(ways) for ways in trace.mapped.values()}) == 1
    trace.add(7, 5, 0, NOTE)
    assert list(trace.mapped[7]) == [(3, 1, CODE), (5, 0, VALUE), (5, 0, NOTE)]
    assert list(trace.mapped[8]) == [(3, 1, CODE), (5, 0, VALUE)]


def test_a_segment_of_which_nothing_was_recorded_settles_too() -> None:
    trace = Trace()
    trace.settle(1)
    assert trace.mapped == {}
