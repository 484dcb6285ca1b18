"""What stewards write names no patient."""

from __future__ import annotations

import pytest

from hub.kernel.errors import HubError
from hub.mpi.features import features
from hub.mpi.record import Record
from hub.mpi.review_marks import LONGEST, refuse_text, tells
from tests.mpi.people import citizen_id

SIDE = features(
    Record(
        record_id="a",
        facility="F01",
        name="杜明远",
        birth_date="1962-06-08",
        id_no=citizen_id("1962-06-08", 301),
        insurance_no="A10023",
        contact_name="杜小燕",
    )
)


@pytest.mark.parametrize(
    "text",
    [
        "已向杜明远核实",
        "杜 明 远 来过",
        "called 0990-5550123",
        "born 1962-06-08",
        "1962年6月出生",
        "card a10023",
        "女儿杜小燕在场",
    ],
)
def test_a_name_a_number_or_a_birth_date_is_seen_however_it_is_spaced(text: str) -> None:
    assert tells(text, [SIDE])


@pytest.mark.parametrize("text", ["已电话核实，同一张医保卡", "asked the ward, ticket 4711", "两张不同的身份证"])
def test_what_names_nobody_may_be_written(text: str) -> None:
    assert not tells(text, [SIDE])


def test_nothing_and_too_much_are_refused() -> None:
    for text in (" ", "x" * (LONGEST + 1)):
        with pytest.raises(HubError) as refused:
            refuse_text(text, [])
        assert refused.value.code == "text"
