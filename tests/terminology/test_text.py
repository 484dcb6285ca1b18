"""What concepts are found by."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypinyin import lazy_pinyin

from terminology.text import filter_keys, filter_parts, pinyin, searched, text_keys

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
