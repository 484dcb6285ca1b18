"""Clauses on side rows and date columns as SQL conditions on a resource row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from hub.store.criteria import (
    Amount,
    Bind,
    Comparison,
    Condition,
    Dates,
    Near,
    Numbers,
    Phrases,
    Place,
    Spans,
    Strings,
    Words,
)
from hub.store.emit import Emitter, every, some
from hub.store.tables import HEAD


def strings(emit: Emitter, clause: Strings, row: str) -> str:
    """Some string value fits."""
    side = emit.alias("v")
    fits = [words(emit, item, side) for item in clause.words]
    param = f"{side}.param = {emit.use(clause.param)}"
    if clause.sound is not None:
        param = f"{side}.param IN ({emit.use(clause.param)}, {emit.use(clause.sound)})"
    return _exists("string_value", side, row, [param, some(_beside(emit, fits, clause.companions, side))])


def words(emit: Emitter, item: Words, side: str) -> str:
    """One way for a folded text to fit; its beginning is what the index holds."""
    if item.mode == "contains":
        return f"strpos({side}.folded, {emit.use(item.folded)}) > 0"
    head = f"left({side}.folded, {HEAD})"
    if item.mode == "exact":
        return f"({head} = {emit.use(item.head)} AND coalesce({side}.exact, {side}.folded) = {emit.use(item.raw)})"
    return (
        f"({head} >= {emit.use(item.head)} AND {head} < {emit.use(item.upper)}"
        f" AND starts_with({side}.folded, {emit.use(item.folded)}))"
    )


def phrases(emit: Emitter, clause: Phrases) -> str:
    """An array of the tokens whose text fits."""
    side = emit.alias("p")
    fits = some([words(emit, item, side) for item in clause.words])
    return f"ARRAY(SELECT {side}.token FROM phrase {side} WHERE {side}.param = {emit.use(clause.param)} AND {fits})"


def dates(emit: Emitter, clause: Dates, row: str, low: str) -> str:
    """Some date fits. `low` is where the promoted date's lower end is read."""
    if clause.column == "updated":
        return some([_condition(item, _updated(emit, row)) for item in clause.conditions])
    if clause.column == "promoted":
        fits = some([_condition(item, _range(emit, low, f"{row}.date_high")) for item in clause.conditions])
        return f"({row}.date_high IS NOT NULL AND {fits})"
    side = emit.alias("v")
    ends = _range(emit, f"{side}.low", f"{side}.high")
    fits_side = _beside(emit, [_condition(item, ends) for item in clause.conditions], clause.companions, side)
    return _exists("date_value", side, row, [f"{side}.param = {emit.use(clause.param)}", some(fits_side)])


def numbers(emit: Emitter, clause: Numbers, row: str) -> str:
    """Some number or quantity fits."""
    side = emit.alias("v")
    fits = [_amount(emit, item, side, item.param or clause.param) for item in clause.amounts]
    return _exists("number_value", side, row, [some(_beside(emit, fits, clause.companions, side))])


def spans(emit: Emitter, clause: Spans, row: str) -> str:
    """Both numbers of a composite fit: the first stands as the low end of the row, the second as the high one."""
    side = emit.alias("v")
    fits = [
        f"({_condition(first, _point(emit, f'{side}.low'))} AND {_condition(second, _point(emit, f'{side}.high'))})"
        for first, second in clause.spans
    ]
    param = f"{emit.use(clause.param)} = ANY({side}.params)"
    return _exists("number_value", side, row, [param, some(_beside(emit, fits, clause.companions, side))])


def near(emit: Emitter, clause: Near, row: str) -> str:
    """Some position lies in one of the circles: a band of latitude finds candidates, the great circle decides."""
    side = emit.alias("v")
    return _exists("position_value", side, row, [some([_within(emit, place, side) for place in clause.places])])


#: Mean radius of the earth, km.
EARTH: Final = 6371.0088


def _within(emit: Emitter, place: Place, side: str) -> str:
    latitude, longitude, reach = emit.use(place.latitude), emit.use(place.longitude), emit.use(place.reach)
    band = f"{side}.latitude BETWEEN {latitude} - {reach} AND {latitude} + {reach}"
    # Haversine; least(): rounding may give a little more than 1 for antipodes.
    half = (
        f"sind(({side}.latitude - {latitude}) / 2) ^ 2"
        f" + cosd({latitude}) * cosd({side}.latitude) * sind(({side}.longitude - {longitude}) / 2) ^ 2"
    )
    return f"({band} AND {2 * EARTH} * asin(least(1, sqrt({half}))) <= {emit.use(place.radius)})"


def _amount(emit: Emitter, item: Amount, side: str, param: Bind) -> str:
    parts = [f"{emit.use(param)} = ANY({side}.params)"]
    parts += [_condition(item.condition, _open_range(emit, f"{side}.low", f"{side}.high"))]
    if item.system is not None:
        parts.append(f"{side}.system = {emit.use(item.system)}")
    if item.code is not None:
        code = emit.use(item.code)
        parts.append(f"{side}.code = {code}" if item.system else f"({side}.code = {code} OR {side}.unit = {code})")
    return f"({every(parts)})"


def _beside(emit: Emitter, fits: Sequence[str], companions: Sequence[Bind], side: str) -> list[str]:
    """Each alternative together with what must stand beside it in a composite."""
    if not companions:
        return list(fits)
    return [
        f"({emit.use(companion)} = ANY({side}.companion) AND {fit})"
        for companion, fit in zip(companions, fits, strict=True)
    ]


def _exists(table: str, side: str, row: str, conditions: Sequence[str]) -> str:
    owner = f"{side}.pkey = {row}.pkey AND {side}.key = {row}.key"
    return f"EXISTS (SELECT 1 FROM {table} {side} WHERE {owner} AND {every(conditions)})"


def _condition(condition: Condition, compare: Callable[[Comparison], str]) -> str:
    return some([f"({every([compare(part) for part in parts])})" for parts in condition])


def _point(emit: Emitter, column: str) -> Callable[[Comparison], str]:
    """A number without width: both its ends are one column."""
    return lambda part: f"{column} {part.operator} {emit.use(part.value)}"


def _range(emit: Emitter, low: str, high: str) -> Callable[[Comparison], str]:
    """Ends that are infinite where open."""
    return lambda part: f"{low if part.side == 'low' else high} {part.operator} {emit.use(part.value)}"


def _open_range(emit: Emitter, low: str, high: str) -> Callable[[Comparison], str]:
    """Ends that are null where open: an open low end is below everything, an open high end above."""

    def compare(part: Comparison) -> str:
        end = low if part.side == "low" else high
        plain = f"{end} {part.operator} {emit.use(part.value)}"
        is_open = (part.side == "low") == part.operator.startswith("<")
        return f"({end} IS NULL OR {plain})" if is_open else plain

    return compare


def _updated(emit: Emitter, row: str) -> Callable[[Comparison], str]:
    """An instant t as the range [t, t + 1 microsecond): its end is compared by its beginning."""
    as_high: dict[str, Any] = {"<=": "<", ">": ">="}

    def compare(part: Comparison) -> str:
        operator = part.operator if part.side == "low" else as_high[part.operator]
        return f"{row}.updated {operator} {emit.use(part.value)}"

    return compare
