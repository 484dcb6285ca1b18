"""A message taken apart: every leaf once, under its position and the standard's name for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.kernel.errors import Category, HubError
from hub.kernel.ids import PUBLIC_KEY, keyed_ids
from hub.kernel.types import Part
from mappings.hl7v2.dissect import dissector
from mappings.hl7v2.profile import DEFAULT
from mappings.hl7v2.translator import translator
from tests.mappings.messages import ADT, oru

TAKE_APART = dissector(DEFAULT)
TRANSLATE = translator(DEFAULT, "F01", keyed_ids(PUBLIC_KEY))
HEADER = "MSH|^~\\&|HIS|F01|HUB|YUNZE|20260301083000||ADT^A08|7|P|2.5"


def leaves(parts: tuple[Part, ...]) -> Iterator[Part]:
    for part in parts:
        if part.parts:
            yield from leaves(part.parts)
        elif part.text:
            yield part


def named(raw: str) -> dict[str, tuple[str, str, str]]:
    return {leaf.at: (leaf.name, leaf.type, leaf.text) for leaf in leaves(TAKE_APART(raw.encode()))}


def test_fields_and_components_have_the_names_of_the_standard() -> None:
    found = named(f"{HEADER}\rPID|1||12\\T\\3^^^HIS&1.2&ISO^MR||沈^桂兰\rZPD|||x")
    assert found["PID-3[1].1"] == ("ID Number", "ST", "12&3")
    assert found["PID-3[1].4.1"] == ("Namespace ID", "IS", "HIS")
    assert found["PID-5[1].2"] == ("Given Name", "ST", "桂兰")
    assert found["ZPD-3[1]"] == ("", "", "x")
    assert found["MSH-2[1]"][2] == "^~\\&"
    segments = [part.at for part in TAKE_APART(f"{HEADER}\rNTE|1||a\rNTE|2||b".encode())]
    assert segments == ["MSH", "NTE[1]", "NTE[2]"]


@pytest.mark.parametrize("raw", [ADT, oru(3)])
def test_the_leaves_are_those_of_the_conversion_report(raw: str) -> None:
    reported = {row.source for row in TRANSLATE(raw.encode()).report}
    assert {leaf.at for leaf in leaves(TAKE_APART(raw.encode()))} - {"MSH-1[1]"} == reported - {"MSH-1[1]"}


@given(st.text("ab^~&|\\\r", max_size=60))
@settings(max_examples=60, deadline=None)
def test_nothing_is_lost_whatever_the_text(text: str) -> None:
    raw = f"{HEADER}\rPID|{text}".encode()
    found = "".join(leaf.text for leaf in leaves(TAKE_APART(raw)))
    assert found.count("b") >= text.count("b")


def test_what_cannot_be_parsed_is_refused() -> None:
    with pytest.raises(HubError) as refusal:
        TAKE_APART(b"{}")
    assert refusal.value.category is Category.UNREADABLE
