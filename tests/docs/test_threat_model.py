"""The threat model: every attack has a row, and every test that is said to hold one exists."""

from __future__ import annotations

import csv
import re
from functools import lru_cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
PAGE: Final = ROOT / "docs" / "explanation" / "threat-model.md"
TABLE: Final = ROOT / "docs" / "explanation" / "attacks.csv"
ATTACKS: Final = 62

Row = dict[str, str]


def attacks() -> list[Row]:
    _, *lines = TABLE.read_text(encoding="utf-8").splitlines()
    return list(csv.DictReader(lines, strict=True))


def _exists(path: str, name: str) -> bool:
    return name in _names(path)


@lru_cache
def _names(path: str) -> frozenset[str]:
    """The names of the tests of a file, none if there is no such file."""
    file = ROOT / path
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    return frozenset(re.findall(r"^(?:async )?def (test_\w+)\(", text, re.MULTILINE))


def test_each_of_the_attacks_has_one_row_in_order() -> None:
    assert [row["number"] for row in attacks()] == [str(number) for number in range(1, ATTACKS + 1)]
    assert all(row["attack"] for row in attacks())


def test_every_test_that_is_named_exists() -> None:
    named = {test for row in attacks() for test in row["tests"].split()}
    assert len(named) > ATTACKS
    assert sorted(test for test in named if not _exists(*test.split("::"))) == []


def test_what_is_held_has_a_test_and_what_is_not_says_what_is_missing() -> None:
    for row in attacks():
        state, tried = row["state"], bool(row["tests"])
        assert state in {"held", "part", "open"}, row["number"]
        assert tried == (state != "open"), row["number"]
        assert row["remark"] or state == "held", row["number"]


def test_the_page_lists_what_is_not_held_in_full() -> None:
    _, _, listed = PAGE.read_text(encoding="utf-8").partition("Not held in full:")
    told = re.findall(r"^\| (\d+) \|", listed, re.MULTILINE)
    assert told == [row["number"] for row in attacks() if row["state"] != "held"]


def test_the_modules_the_page_names_exist() -> None:
    named = re.findall(r"`((?:hub|connectors|consent|mappings|tests)(?:/[\w./]+)?)`", PAGE.read_text(encoding="utf-8"))
    assert len(named) > 20
    assert [path for path in named if not (ROOT / path).exists()] == []
