"""JSON written part by part."""

from __future__ import annotations

from decimal import Decimal

import pytest

from hub.fhir.json import dumps
from hub.fhir.long_json import PORTION, Made, listed, written
from hub.kernel.types import Json


def item(number: int) -> Json:
    return {"n": number, "value": Decimal(f"{number}.50"), "name": "名"}


@pytest.mark.parametrize("length", [0, 1, PORTION, PORTION + 1, 3 * PORTION])
def test_what_is_made_as_it_is_written_is_the_same_text(length: int) -> None:
    numbers = range(length)
    made = {"bundle": {"entry": Made(numbers, item), "type": "t"}, "report": Made(numbers, str), "none": None}
    whole = {"bundle": {"entry": listed(numbers, item), "type": "t"}, "report": listed(numbers, str), "none": None}
    assert b"".join(written(made)) == dumps(whole)
    assert b"".join(written(whole)) == dumps(whole)


def test_no_more_than_a_portion_is_made_ahead_of_what_is_written() -> None:
    count = 0

    def make(number: int) -> Json:
        nonlocal count
        count += 1
        return item(number)

    parts = written({"entry": Made(range(3 * PORTION), make)})
    seen = 0
    for part in parts:
        seen += part.count(b'"n"')
        assert count - seen < PORTION
    assert seen == count == 3 * PORTION


def test_what_is_made_is_a_sequence() -> None:
    made = Made(range(5), item)
    assert (len(made), made[1], made[-1], list(made[1:3])) == (5, item(1), item(4), [item(1), item(2)])
    assert list(made) == listed(range(5), item)
