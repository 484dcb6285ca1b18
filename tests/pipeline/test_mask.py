"""Messages with their values hidden."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.pipeline.mask import masked

MESSAGE = (
    "MSH|^~\\&|HIS|云泽县人民医院|HUB|F01|20260301120000||ADT^A01|1|P|2.4\r"
    "PID|1||ZY001^^^HIS^IN~990122195804120960||沈^桂兰||19580412|F|||云泽县\\T\\1号||0990-5550001\r"
    "OBX|1|NM|GLU^血糖||17.2|mmol/L|3.9-6.1|H|||F\r"
)


def test_structure_stays_and_values_go() -> None:
    assert masked(MESSAGE) == (
        "MSH|^~\\&|HIS|***|HUB|F01|20260301120000||ADT^A01|1|***|2.4\r"
        "PID|***||***^^^***^***~***||***^***||***|***|||***\\***\\***||***\r"
        "OBX|***|NM|***^***||***|***|***|***|||F\r"
    ).replace("|1|***|2.4", "|1|P|2.4")


@pytest.mark.parametrize("line_end", ["\r", "\n", "\r\n"])
def test_any_line_end_will_do(line_end: str) -> None:
    assert masked(MESSAGE.replace("\r", line_end)) == masked(MESSAGE).replace("\r", line_end)


def test_other_separators_are_honoured() -> None:
    assert masked("MSH$%~\\&$HIS\rPID$1$$沈%桂兰") == "MSH$%~\\&$HIS\rPID$***$$***%***"


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "沈桂兰", "id": "990122195804120960"}',
        "沈桂兰",
        "MSH沈桂兰990122195804120960",
        "MSH|沈桂兰|990122195804120960|",
        "MSH|^~\\&|HIS|x|y|z|2026||ADT^A01|1|P|2.4 PID|1||990122195804120960||沈桂兰",
        "MSH|^~\\&|沈桂兰^990122195804120960",
        "PID|1||990122195804120960||沈桂兰",
        "OBX|1|沈桂兰|||||||||990122195804120960",
        "",
    ],
)
def test_a_text_whose_structure_is_odd_shows_nothing_of_a_person(text: str) -> None:
    shown = masked(text)
    assert "桂" not in shown
    assert "990122195804120960" not in shown


@given(st.text(alphabet="MSHPIDOBX|^~\\&\r\n沈 1a", max_size=60))
def test_nothing_but_separators_and_codes_survives(text: str) -> None:
    rows = re.split("[\r\n]", masked(text))
    assert "沈" not in "".join(rows)
    assert len(rows) == len(re.split("[\r\n]", text))
    for row in rows:
        if not row.startswith("MSH"):
            name, *fields = row.split("|")
            assert all(re.fullmatch(r"(\*\*\*|[\^~\\&]|[MSHPIDOBX]{1,4})*", field) for field in fields), name
