"""The form in which string search compares."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.fhir.fold import fold


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Müller", "muller"),
        ("MULLER", "muller"),
        ("  Anna \t Maria ", "anna maria"),
        ("Straße", "strasse"),
        ("ＡＢＣ１２３", "abc123"),
        ("张三丰", "张三丰"),
        ("張三丰", "張三丰"),
        ("買買提·吐爾遜", "買買提·吐爾遜"),
        ("がっこう", "がっこう"),
        ("", ""),
    ],
)
def test_case_accents_width_and_spaces_do_not_matter_but_characters_do(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text())
def test_folding_again_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(alphabet=st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF)))
def test_chinese_characters_stay_as_they_are(text: str) -> None:
    assert fold(text) == text
