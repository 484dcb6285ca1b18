"""What can be wrong with a row, in words: English for issues, Chinese for the clerk (`wording.csv`)."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple


class Words(NamedTuple):
    """A complaint in both languages; `{0}` is to be filled."""

    english: str
    chinese: str


@cache
def wording() -> Mapping[str, Words]:
    """Every complaint by its code."""
    with (Path(__file__).parent / "wording.csv").open(encoding="utf-8", newline="") as lines:
        next(lines)
        return {row["code"]: Words(row["english"], row["chinese"]) for row in csv.DictReader(lines)}
