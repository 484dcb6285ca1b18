"""Escapes become text, text becomes escapes, and what only looks like one survives."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.kernel.errors import Category, HubError
from mappings.hl7v2.escapes import escape, unescape
from mappings.hl7v2.separators import Separators

STANDARD = Separators()
GB = Separators(charset="gb18030")


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("\\F\\\\S\\\\R\\\\T\\\\E\\", "|^~&\\"),
        ("10\\S\\9/L", "10^9/L"),
        ("a\\.br\\b\\.BR\\c", "a\nb\nc"),
        ("a\\.sp\\b\\.sp2\\c\\.sp+3\\d", "a\nb\n\nc\n\n\nd"),
        ("a\\.ce\\b\\.sk3\\c\\.in+4\\\\.ti-2\\\\.fi\\\\.nf\\d", "a\nb   cd"),
        ("\\H\\high\\N\\ normal", "high normal"),
        ("\\X41\\\\X0D0A\\", "A\r\n"),
        ("\\E\\S\\E\\", "\\S\\"),
    ],
)
def test_known_sequences_become_text(raw: str, text: str) -> None:
    assert unescape(raw, STANDARD) == text


@pytest.mark.parametrize(
    "raw",
    [
        "\\5 re.",
        "C:\\temp\\x",
        "\\",
        "\\\\",
        "\\Z01\\",
        "\\C2842\\",
        "\\M2442\\",
        "\\X4\\",
        "\\X4G\\",
        "\\P\\",
        "\\.zz\\",
        "\\.sp999999999\\",
        "\\XFF\\",
        "\\Zx\\S\\",
    ],
)
def test_what_is_no_known_sequence_survives(raw: str) -> None:
    assert unescape(raw, STANDARD) == raw


def test_a_stray_escape_character_does_not_spoil_the_sequence_after_it() -> None:
    assert unescape("50\\60 \\T\\ 70", STANDARD) == "50\\60 & 70"


def test_bytes_of_one_character_may_stand_in_two_sequences() -> None:
    assert unescape("\\XB7\\\\XBD\\", GB) == "方"


def test_the_truncation_character_has_its_escape_where_it_is_declared() -> None:
    assert unescape("\\P\\", Separators(truncation="#")) == "#"
    assert escape("#", Separators(truncation="#")) == "\\P\\"
    assert escape("#", STANDARD) == "#"


def test_other_delimiters_have_other_escapes() -> None:
    other = Separators("#", "!", "@", "%", "*")
    assert unescape("a%S%b\\S\\%F%", other) == "a!b\\S\\#"


def test_without_an_escape_character_nothing_is_an_escape() -> None:
    none = Separators(escape="")
    assert unescape("\\S\\", none) == "\\S\\"
    assert escape("plain", none) == "plain"
    with pytest.raises(HubError) as refusal:
        escape("a^b", none)
    assert refusal.value.category is Category.UNSUPPORTED


@given(st.text(), st.sampled_from([STANDARD, GB, Separators(truncation="#"), Separators("#", "!", "@", "%", "*")]))
def test_escaped_text_comes_back_and_holds_no_delimiter(text: str, separators: Separators) -> None:
    raw = escape(text, separators)
    assert unescape(raw, separators) == text
    s = separators
    assert not set(raw) & set(s.field + s.component + s.repetition + s.subcomponent + s.truncation + "\r\n")
