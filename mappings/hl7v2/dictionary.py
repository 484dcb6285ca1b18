"""Names and data types of fields and components, from `field-names.csv` (first line: where they come from)."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

_FILE: Final = Path(__file__).parent / "field-names.csv"


class Entry(NamedTuple):
    """Data type (`CX`, "" where it varies) and name of a place."""

    type: str
    name: str


_UNKNOWN: Final = Entry("", "")


@cache
def _entries() -> Mapping[str, Entry]:
    with _FILE.open(encoding="utf-8", newline="") as lines:
        next(lines)
        return {row["place"]: Entry(row["type"], row["name"]) for row in csv.DictReader(lines)}


def field_entry(segment: str, n: int) -> Entry:
    """What is known of a field; empty for a Z segment and the like."""
    return _entries().get(f"{segment}-{n}", _UNKNOWN)


def component_entry(datatype: str, n: int) -> Entry:
    """What is known of a component of a data type."""
    return _entries().get(f"{datatype}.{n}", _UNKNOWN)
