"""Every word a reviewer may meet has its row, in both languages."""

from __future__ import annotations

import pytest

from hub.api.review_schemas import REVIEW
from hub.kernel.consortium_schema import SCHEMA
from hub.mpi.decide import Reason
from hub.mpi.deeds import What
from hub.mpi.levels import COMPARISONS
from hub.mpi.priority import Why
from hub.mpi.review_words import compared, said

WORDS = [
    *(("reason", reason.value) for reason in Reason),
    *(("why", why.value) for why in Why),
    *(("comparison", name) for name in COMPARISONS),
    *((name, level.name) for name, levels in COMPARISONS.items() for level in levels),
]


@pytest.mark.parametrize(("table", "word"), WORDS)
def test_every_reason_comparison_and_level_has_words_in_chinese_and_english(table: str, word: str) -> None:
    assert any("一" <= letter <= "鿿" for letter in said(table, word, "zh"))
    assert said(table, word, "en").isascii()


def test_every_reason_and_every_deed_can_be_set_under_four_eyes() -> None:
    words = SCHEMA["properties"]["review"]["properties"]["four_eyes"]["items"]["enum"]
    assert set(words) == {"all", *Reason, *What}
    assert set(REVIEW["Proposals"]["properties"]["proposals"]["items"]["properties"]["deed"]["enum"]) == set(What)


def test_evidence_reads_comparison_by_comparison_also_where_nothing_was_said() -> None:
    found = compared("birth DIFFERENT -8.0, name EXACT +9.5", "zh")
    assert [one.comparison for one in found] == list(COMPARISONS)
    assert (found[0].text, found[0].level_text, found[0].bits) == ("姓名", "相同", 9.5)
    assert (found[1].level, found[1].bits) == ("DIFFERENT", -8.0)
    assert (found[2].level, found[2].level_text) == ("MISSING", "至少一方未填写")
