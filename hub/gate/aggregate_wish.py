"""What an aggregate counts, read: one search, and by what it is divided. Pure.

The search may say what is counted, never of whom: by a number, a name or a reference a chosen few could be counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, get_args
from typing import Literal as Word
from urllib.parse import parse_qsl

from hub.gate.export_wish import read_filter
from hub.gate.parameters import invalid
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from hub.store.criteria import Query

By = Word["sex", "age", "facility", "month", "code"]
_BY: Final = get_args(By)
#: With more, cells get too small to tell anything.
_MOST: Final = 3

#: Parameters that say what something is, how it stands, or when it was: of any type that has them.
_ALLOWED: Final = frozenset(
    {
        *("category", "class", "clinical-status", "code", "gender", "intent", "priority", "severity", "status", "type"),
        *("vaccine-code", "verification-status"),
        *("authored", "authoredon", "date", "effective", "onset-date", "recorded-date", "whenhandedover"),
        *("value-concept", "value-quantity", "code-value-concept", "code-value-quantity"),
        *("combo-code", "combo-code-value-quantity", "combo-value-quantity"),
        *("component-code", "component-code-value-quantity", "component-value-quantity"),
    }
)
_MODIFIERS: Final = frozenset({"", "above", "below", "in", "missing", "not", "not-in"})


@dataclass(frozen=True, slots=True, kw_only=True)
class AggregateWish:
    """Persons with something that `query` finds are counted, divided `by`."""

    query: Query
    by: tuple[By, ...]


def read_aggregate(asked: Json, base_url: str) -> AggregateWish:
    """Read `{count: "Type?parameters", by?: [...]}`.

    Raises HubError INVALID, and UNSUPPORTED naming a parameter that could pick persons out.
    """
    count, by = asked.get("count"), asked.get("by", [])
    strangers = sorted(asked.keys() - {"count", "by"})
    if strangers:
        raise invalid("is not known here: count, by", strangers[0])
    if not isinstance(count, str):
        raise invalid("is needed: one search of one type, Type?parameters", "count")
    words = isinstance(by, list) and all(one in _BY for one in by)
    if not words or len(by) > _MOST or len(set(by)) < len(by):
        raise invalid(f"is a list of at most {_MOST} of {', '.join(_BY)}", "by")
    query = read_filter(count, "count", base_url)
    _refuse_singling_out([name for name, _ in parse_qsl(count.partition("?")[2], keep_blank_values=True)])
    return AggregateWish(query=query, by=tuple(by))


def _refuse_singling_out(names: Sequence[str]) -> None:
    for name in names:
        parameter, _, modifier = name.partition(":")
        if parameter not in _ALLOWED or modifier not in _MODIFIERS:
            raise HubError(
                Category.UNSUPPORTED,
                "has a parameter that could pick persons out",
                where="count",
                todo=f"use what says what is counted: {', '.join(sorted(_ALLOWED))}",
                code="singling-out",
            )
