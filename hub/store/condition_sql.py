"""Conditions (hub.store.conditions) as SQL on a resource row.

Each is first bound: its text is fixed by its shape, its values stand in Binds. Every text is a plain boolean, never
null. What the index holds as hashes (codes, profiles) is looked up as hashes, so that no body is read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from hub.store import conditions as c
from hub.store.criteria import Bind
from hub.store.emit import Emitter
from hub.store.logic import unlabelled
from hub.store.resource_types import NUMBERS
from hub.store.tokens import CLINICAL_CODE, PROFILE, system_and_code, text


@dataclass(frozen=True, slots=True)
class Bound:
    """A condition with its values bound. `{r}` in its text is the row, each `{}` the next value."""

    text: str
    values: tuple[Bind, ...] = ()


ALWAYS: Final = Bound("TRUE")
NEVER: Final = Bound("FALSE")

_TIMED: Final = "({r}.clinical_start IS NOT NULL OR {r}.clinical_end IS NOT NULL)"
_FOREIGN: Final = (
    "(cardinality({r}.labels) > 0 AND EXISTS (SELECT FROM unnest({r}.labels) AS l (label)"
    " WHERE split_part(l.label, '|', 1) <> ALL({})))"
)


def bound(condition: c.Condition) -> Bound:
    """The condition with its values bound."""
    match condition:
        case c.Always():
            return ALWAYS
        case c.Never():
            return NEVER
        case c.All(parts):
            return _joined(" AND ", parts)
        case c.AnyOf(parts):
            return _joined(" OR ", parts)
        case c.Not(part):
            inner = bound(part)
            return Bound(f"NOT {inner.text}", inner.values)
        case c.Timed():
            return Bound(_TIMED)
        case c.Within(low, high):
            return _within(low, high)
        case c.Overlaps(low, high):
            return _overlaps(low, high)
    return _leaf(condition)


def bound_by_labels(condition: c.Condition) -> Bound:
    """The same. Most rows carry no label: to them a short text is put, without all that hangs on labels."""
    bare = unlabelled(condition)
    if bare == condition:
        return bound(condition)
    short, other = bound(bare), bound(condition)
    text = f"CASE WHEN cardinality({{r}}.labels) = 0 THEN {short.text} ELSE {other.text} END"
    return Bound(text, short.values + other.values)


def sql(emit: Emitter, asked: Bound, row: str) -> str:
    """The text of a bound condition on a row."""
    return asked.text.format(*map(emit.use, asked.values), r=row)


def _joined(word: str, parts: tuple[c.Condition, ...]) -> Bound:
    if not parts:
        return ALWAYS if word == " AND " else NEVER
    found = [bound(part) for part in parts]
    return Bound(f"({word.join(one.text for one in found)})", tuple(value for one in found for value in one.values))


def _leaf(condition: c.Condition) -> Bound:
    """A condition on one set of alternatives."""
    match condition:
        case c.TypeIn(types):
            return _one_of("{r}.type = ANY({})", (NUMBERS[name] for name in types if name in NUMBERS), "smallint[]")
        case c.HasProfile(profiles):
            return _one_of("{r}.tokens && {}", (text(PROFILE, url) for url in profiles), "uuid[]")
        case c.HasCode(codes):
            return _one_of("{r}.tokens && {}", (system_and_code(CLINICAL_CODE, *pair) for pair in codes), "uuid[]")
        case c.Labelled(labels):
            return _one_of("{r}.labels && {}", labels, "text[]")
        case c.ForeignLabel(systems):
            return _one_of(_FOREIGN, systems, "text[]")
        case c.AuthorOrg(codes):
            return _one_of("{r}.author_org = ANY({})", codes, "text[]")
        case c.Author(references):
            return _one_of("{r}.authors && {}", references, "text[]")
        case c.Is(keys):
            return _one_of("{r}.key = ANY({})", keys, "uuid[]")
        case c.RefersTo(keys):
            return _one_of("{r}.refs && {}", keys, "uuid[]")
    raise TypeError(condition)


def _one_of(text_: str, values: Iterable[Any], sql_type: str) -> Bound:
    return Bound(f"({text_})", (Bind(list(values), sql_type),))


def _within(low: datetime | None, high: datetime | None) -> Bound:
    # coalesce: an open end of the row's time is not inside a closed one.
    tests = [_TIMED]
    values = []
    if low is not None:
        values.append(low)
        tests.append("coalesce({r}.clinical_start >= {}, FALSE)")
    if high is not None:
        values.append(high)
        # The row's end is just past its last microsecond.
        tests.append("coalesce({r}.clinical_end <= {} + interval '1 microsecond', FALSE)")
    return _times(tests, values)


def _overlaps(low: datetime | None, high: datetime | None) -> Bound:
    tests = [_TIMED]
    values = []
    if low is not None:
        values.append(low)
        tests.append("coalesce({r}.clinical_end > {}, TRUE)")
    if high is not None:
        values.append(high)
        tests.append("coalesce({r}.clinical_start <= {}, TRUE)")
    return _times(tests, values)


def _times(tests: list[str], values: list[datetime]) -> Bound:
    return Bound(f"({' AND '.join(tests)})", tuple(Bind(value, "timestamptz") for value in values))
