"""Conditions (hub.store.conditions) as SQL on a resource row.

Each is first bound: its text is fixed by its shape, its values stand in Binds. Every text is a plain boolean, never
null. What the index holds as hashes (codes, profiles) is looked up as hashes, so that no body is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from hub.store import conditions as c
from hub.store.criteria import Bind
from hub.store.emit import Emitter
from hub.store.logic import unlabelled
from hub.store.resource_types import NUMBERS
from hub.store.tokens import CLINICAL_CODE, PROFILE, bare_code, param_number, system_and_code, text


class Bound(Struct, frozen=True):
    """A condition with its values bound. `{r}` in its text is the row, each `{}` the next value."""

    text: str
    values: tuple[Bind, ...] = ()


ALWAYS: Final = Bound("TRUE")
NEVER: Final = Bound("FALSE")

#: What needs no escapes, neither in SQL nor in a text that is formatted.
_PLAIN: Final = re.compile(r"[A-Za-z0-9:/.|_#-]*")
_TIMED: Final = "({r}.clinical_start IS NOT NULL OR {r}.clinical_end IS NOT NULL)"
_FOREIGN: Final = (
    "(cardinality({r}.labels) > 0 AND EXISTS (SELECT FROM unnest({r}.labels) AS l (label)"
    " WHERE split_part(l.label, '|', 1) <> ALL({}) AND l.label <> ALL({})))"
)


def bound(condition: c.Condition, *, inline: bool = False) -> Bound:
    """The condition with its values bound.

    `inline`: types and security labels stand in the text. It is for conditions that many requests share: each text is
    planned once on each connection, and an array is dear to send.
    """
    match condition:
        case c.Always():
            return ALWAYS
        case c.Never():
            return NEVER
        case c.All(parts):
            return _joined(" AND ", parts, inline=inline)
        case c.AnyOf((c.Not(c.Timed()), c.Overlaps(low, high))):
            return _overlaps(low, high, untimed=True)
        case c.AnyOf(parts):
            return _joined(" OR ", parts, inline=inline)
        case c.Not(part):
            inner = bound(part, inline=inline)
            return Bound(f"NOT {inner.text}", inner.values)
        case c.Timed():
            return Bound(_TIMED)
        case c.Within(low, high):
            return _within(low, high)
        case c.Overlaps(low, high):
            return _overlaps(low, high)
    return (_inlined(condition) if inline else None) or _leaf(condition)


def bound_by_labels(condition: c.Condition, *, inline: bool = False) -> Bound:
    """The same. Most rows carry no label: to them a short text is put, without all that hangs on labels."""
    bare = unlabelled(condition)
    if bare == condition:
        return bound(condition, inline=inline)
    short, other = bound(bare, inline=inline), bound(condition, inline=inline)
    text = f"CASE WHEN cardinality({{r}}.labels) = 0 THEN {short.text} ELSE {other.text} END"
    return Bound(text, short.values + other.values)


def sql(emit: Emitter, asked: Bound, row: str) -> str:
    """The text of a bound condition on a row."""
    return asked.text.format(*map(emit.use, asked.values), r=row)


def _joined(word: str, parts: tuple[c.Condition, ...], *, inline: bool) -> Bound:
    if not parts:
        return ALWAYS if word == " AND " else NEVER
    found = [bound(part, inline=inline) for part in parts]
    return Bound(f"({word.join(one.text for one in found)})", tuple(value for one in found for value in one.values))


def _inlined(condition: c.Condition) -> Bound | None:
    """A condition on types or labels with its values in the text; None for another, and where they need quoting."""
    match condition:
        case c.TypeIn(types):
            numbers = sorted(NUMBERS[name] for name in types if name in NUMBERS)
            return Bound(f"({{r}}.type = ANY(ARRAY{numbers}::smallint[]))")
        case c.Labelled(labels) if _plain(labels):
            return Bound(f"({{r}}.labels && {_texts(labels)})")
        case c.ForeignLabel(systems, labels) if _plain(systems | labels):
            return Bound(_FOREIGN.format(_texts(systems), _texts(labels), r="{r}"))
    return None


def _plain(values: Iterable[str]) -> bool:
    return all(_PLAIN.fullmatch(value) for value in values)


def _texts(values: Iterable[str]) -> str:
    quoted = ", ".join([f"'{value}'" for value in sorted(values)])
    return f"ARRAY[{quoted}]::text[]"


def _leaf(condition: c.Condition) -> Bound:
    """A condition on one set of alternatives."""
    match condition:
        case c.TypeIn(types):
            return _one_of("{r}.type = ANY({})", (NUMBERS[name] for name in types if name in NUMBERS), "smallint[]")
        case c.HasProfile(profiles):
            return _one_of("{r}.tokens && {}", (text(PROFILE, url) for url in profiles), "uuid[]")
        case c.HasCode(codes):
            return _one_of("{r}.tokens && {}", (system_and_code(CLINICAL_CODE, *pair) for pair in codes), "uuid[]")
        case c.HasToken(rtype, parameter, wanted):
            number = param_number(rtype, parameter)
            return _one_of("{r}.tokens && {}", (_hash(number, *token) for token in wanted), "uuid[]")
        case c.Labelled(labels):
            return _one_of("{r}.labels && {}", labels, "text[]")
        case c.ForeignLabel(systems, labels):
            return Bound(_FOREIGN, (Bind(list(systems), "text[]"), Bind(list(labels), "text[]")))
        case c.AuthorOrg(codes):
            return _one_of("{r}.author_org = ANY({})", codes, "text[]")
        case c.Author(references):
            return _one_of("{r}.authors && {}", references, "text[]")
        case c.Is(keys):
            return _one_of("{r}.key = ANY({})", keys, "uuid[]")
        case c.RefersTo(keys):
            return _one_of("{r}.refs && {}", keys, "uuid[]")
    raise TypeError(condition)


def _hash(number: int, system: str | None, code: str) -> UUID:
    return bare_code(number, code) if system is None else system_and_code(number, system, code)


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


def _overlaps(low: datetime | None, high: datetime | None, *, untimed: bool = False) -> Bound:
    # Without the first test, a row that has no time fits by the others.
    tests = [] if untimed else [_TIMED]
    values = []
    if low is not None:
        values.append(low)
        tests.append("coalesce({r}.clinical_end > {}, TRUE)")
    if high is not None:
        values.append(high)
        tests.append("coalesce({r}.clinical_start <= {}, TRUE)")
    return _times(tests, values)


def _times(tests: list[str], values: list[datetime]) -> Bound:
    return Bound(f"({' AND '.join(tests) or 'TRUE'})", tuple(Bind(value, "timestamptz") for value in values))
