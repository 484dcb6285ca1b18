"""The tables of this package: comma-separated files, their source in the first line."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

Row = dict[str, str]


@cache
def rows(name: str) -> tuple[Row, ...]:
    """The rows of `tables/NAME.csv`, by the names of their columns."""
    with (Path(__file__).parent / "tables" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(line for line in file if not line.startswith("#")))


@cache
def column(name: str, key: str, value: str) -> dict[str, str]:
    """Two columns of a table as a mapping."""
    return {row[key]: row[value] for row in rows(name)}
