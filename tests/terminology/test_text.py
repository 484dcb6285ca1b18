"""What concepts are found by."""

from __future__ import annotations

import pytest

from terminology.text import filter_keys, filter_parts, searched, text_keys

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
