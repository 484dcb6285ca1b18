"""What concepts are found by."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypinyin import lazy_pinyin
from pypinyin.constants import PHRASES_DICT

from terminology.text import filter_keys, filter_parts, hashed, pinyin, searched, text_keys

NAMES = ["原发性高血压", "Essential hypertension"]


def found(text: str, names: list[str] = NAMES) -> bool:
    """As the database does it: the index first, then letter by letter."""
    search, parts = searched(names), filter_parts(text)
    return filter_keys(parts) <= text_keys(search) and all(part in search for part in parts)


@pytest.mark.parametrize(
    "text",
    ["高血压", "血", "gxy", "yfxgxy", "xy", "gaoxueya", "hyper", "HYPER ess", "tension", "高血压 hyper", "h", ""],
)
def test_a_concept_is_found_by_parts_of_its_names_pinyin_and_initials(text: str) -> None:
    assert found(text)


@pytest.mark.parametrize("text", ["低血压", "血高", "gxz", "hyperx", "高血压 hypo", "yx"])
def test_and_by_nothing_else(text: str) -> None:
    assert not found(text)


def test_readings_go_by_the_word() -> None:
    assert found("cds", ["肠道水"]) and found("zhongzheng", ["重症"]) and found("chongfu", ["重复"])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["重症", "重复", "银行", "行长", "处方", "给药", "血小板", "便血", "着床", "参差", "调节", "乐", "长", "龥"]
        ),
        min_size=1,
        max_size=6,
    ).map("".join)
)
def test_words_that_were_read_before_are_read_alike(text: str) -> None:
    syllables = lazy_pinyin(text)
    assert pinyin(text) == ("".join(syllables), "".join(one[0] for one in syllables))


@st.composite
def run_together(draw: st.DrawFn) -> str:
    """Phrases of the dictionary, and beginnings and ends of them, without anything between."""
    phrases = [one for one in PHRASES_DICT if 1 < len(one) < 9 and one.isalpha()]
    pieces = draw(st.lists(st.tuples(st.sampled_from(phrases), st.integers(0, 3), st.integers(1, 9)), max_size=5))
    return "重" + "".join(phrase[begin:end] for phrase, begin, end in pieces)


@settings(max_examples=300, deadline=None)
@given(run_together())
def test_a_name_is_cut_into_words_as_pypinyin_cuts_it(text: str) -> None:
    syllables = lazy_pinyin(text)
    assert pinyin(text) == ("".join(syllables), "".join(one[:1] for one in syllables))


def test_what_is_left_as_the_beginning_of_a_phrase_is_read_as_pypinyin_reads_it() -> None:
    """Every end of a name that begins a phrase and has another phrase in it."""
    phrases = {one for one in PHRASES_DICT if len(one) < 9}
    beginnings = {one[:end] for one in phrases for end in range(3, len(one))} - phrases
    ends = [
        one
        for one in beginnings
        if one[:2] not in phrases and any(one[at:] in phrases for at in range(1, len(one) - 1))
    ]
    assert len(ends) > 100
    for text in sorted(ends)[:2_000]:
        assert pinyin(text) == ("".join(lazy_pinyin(text)), "".join(one[:1] for one in lazy_pinyin(text)))


def test_long_words_and_short_ones_have_the_keys_of_all_their_parts() -> None:
    for text in ("a", "ab", "abc", "abcd" * 5, "abcd" * 40, "abcd" * 200, "x_y ä", "高", "高血", "高1a压"):
        parts = set()
        for run in re.findall(r"[一-龥]+|[a-zä_0-9]+", text):
            dense = run[0] > "一"
            sizes = (1, 2) if dense else (3,)
            parts |= {run[at : at + size] for size in sizes for at in range(len(run) - size + 1)}
            parts |= set() if dense else {run[:2]}
        assert text_keys(text) == {hashed(one) for one in parts}
