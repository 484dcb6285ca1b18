"""Clauses that compare values, as conditions on a resource row: each has a side table, or a column, of its own."""

from __future__ import annotations

from typing import TypeAlias

from hub.store import side_rows, text_rows
from hub.store.criteria import Dates, Near, Numbers, Spans, Strings, Texts
from hub.store.emit import Emitter
from hub.store.predicate import Seen

OfValues: TypeAlias = Strings | Dates | Numbers | Spans | Near | Texts


def condition(emit: Emitter, clause: OfValues, row: str, low: str, who: Seen) -> str:
    """The condition. `low` is where the promoted date's lower end is read."""
    match clause:
        case Strings():
            return side_rows.strings(emit, clause, row)
        case Dates():
            return side_rows.dates(emit, clause, row, low)
        case Numbers():
            return side_rows.numbers(emit, clause, row)
        case Spans():
            return side_rows.spans(emit, clause, row)
        case Near():
            return side_rows.near(emit, clause, row)
        case Texts():
            return text_rows.texts(emit, clause, row, who)
