"""Index values of one resource as the rows and arrays the tables hold."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, TypeAlias
from uuid import UUID

from msgspec import Struct, field

from hub.fhir.fold import fold
from hub.fhir.index_values import IndexValues, Quantity
from hub.store.canonical import SUFFIX, Codings, canonical
from hub.store.index_shares import parameters_of, shares
from hub.store.promoted import code_parameter
from hub.store.tokens import param_number

FIRST: Final = datetime.min.replace(tzinfo=UTC)  #: -infinity in the database
LAST: Final = datetime.max.replace(tzinfo=UTC)  #: infinity in the database

#: (low, high, system, code, unit)
Amount = tuple[Decimal | None, Decimal | None, str | None, str | None, str | None]
#: The parameters of an amount, and the hashes of what stands beside it in composites.
Beside = tuple[dict[int, None], dict[bytes, None]]
#: Hashes of what stands beside a value in composites; None for a value that is in none.
Companions: TypeAlias = Collection[bytes] | None


class IndexRows(Struct):
    """What the index holds of one resource; see tables.py for the meaning of each. Hashes are their 16 bytes."""

    tokens: dict[bytes, None] = field(default_factory=dict)
    refs: dict[bytes, None] = field(default_factory=dict)
    params: dict[int, None] = field(default_factory=dict)
    date_low: datetime = FIRST
    date_high: datetime | None = None
    codings: dict[bytes, None] = field(default_factory=dict)
    strings: list[tuple[int, str, str | None, Companions]] = field(default_factory=list)
    dates: list[tuple[int, datetime, datetime, Companions]] = field(default_factory=list)
    numbers: dict[Amount, Beside] = field(default_factory=dict)
    phrases: dict[UUID, tuple[int, str]] = field(default_factory=dict)
    positions: list[tuple[float, float]] = field(default_factory=list)
    texts: list[tuple[int, list[int], list[UUID]]] = field(default_factory=list)
    sorts: dict[int, tuple[str, str]] = field(default_factory=dict)
    code_system: str | None = None
    code: str | None = None
    value: Decimal | None = None
    unit: str | None = None
    coded: bytes | None = None


def index_rows(rtype: str, patient: str | None, values: IndexValues) -> IndexRows:
    """The rows of a resource led by `patient`. Raises HubError INVALID if it names another patient as its own."""
    rows = IndexRows()
    params: list[int] = []
    tokens: list[bytes] = []
    for of_params, of_tokens, target, codings, phrases, sorts, _, coding in shares(rtype, patient, values):
        params += of_params
        tokens += of_tokens
        if sorts:
            _sort_by(rows, sorts)
        if phrases:
            rows.phrases.update(phrases)
        if target is not None:
            rows.refs[target] = None
        if codings:
            rows.codings.update(dict.fromkeys(codings))
            if rows.code is None:
                rows.code_system, rows.code = coding
    rows.params = dict.fromkeys(params)
    rows.tokens = dict.fromkeys(tokens)
    _add_strings(rows, rtype, values)
    _add_dates(rows, rtype, values)
    _add_numbers(rows, rtype, values)
    _add_positions(rows, rtype, values)
    return rows


def _sort_by(rows: IndexRows, texts: tuple[tuple[int, str], ...]) -> None:
    """Keep the least and the greatest text of each parameter."""
    sorts = rows.sorts
    for number, text in texts:
        ends = sorts.get(number)
        if ends is None:
            sorts[number] = (text, text)
        elif text < ends[0] or text > ends[1]:
            sorts[number] = min(ends[0], text), max(ends[1], text)


def _add_strings(rows: IndexRows, rtype: str, values: IndexValues) -> None:
    for code, text in dict.fromkeys((code, text) for codes, text in values.strings for code in codes):
        param = param_number(rtype, code)
        rows.params[param] = None
        rows.strings.append((*string_row(param, text), None))


def string_row(param: int, text: str) -> tuple[int, str, str | None]:
    """Parameter, folded text, and the text itself where folding changed it."""
    folded = fold(text)
    return param, folded, None if folded == text else text


def _add_dates(rows: IndexRows, rtype: str, values: IndexValues) -> None:
    for codes, low, high in values.dates:
        start, end = low or FIRST, high or LAST
        for parameter in parameters_of(rtype, codes):
            if parameter.is_date:
                rows.date_low = start if rows.date_high is None else min(rows.date_low, start)
                rows.date_high = end if rows.date_high is None else max(rows.date_high, end)
            else:
                rows.dates.append((parameter.number, start, end, None))
            rows.params[parameter.number] = None


def _add_numbers(rows: IndexRows, rtype: str, values: IndexValues) -> None:
    for codes, low, high in values.numbers:
        number = number_of(rows, (low, high, None, None, None))
        for code in codes:
            note_number(rows, number, param_number(rtype, code), ())
    if values.quantities:
        measured = _measured(rtype, values)
        for quantity in values.quantities:
            _add_quantity(rows, rtype, quantity, measured)


def _add_quantity(rows: IndexRows, rtype: str, quantity: Quantity, measured: Codings) -> None:
    codes, low, high, value, system, code, unit = quantity
    sent = number_of(rows, (low, high, system, code, unit))
    others = [
        number_of(rows, (least, most, None, base, None))
        for least, most, base in canonical(low, high, system, code, measured)
    ]
    for name in codes:
        note_number(rows, sent, param_number(rtype, name), ())
        for other in others:
            note_number(rows, other, param_number(rtype, name + SUFFIX), ())
        if name == "value-quantity" and rows.value is None:
            rows.value, rows.unit = value, code or unit


def _measured(rtype: str, values: IndexValues) -> Codings:
    """The codes of what the resource itself measures."""
    named = code_parameter(rtype)
    return tuple([(system, code) for codes, system, code, _ in values.tokens if named in codes])


def _add_positions(rows: IndexRows, rtype: str, values: IndexValues) -> None:
    for codes, latitude, longitude in values.positions:
        for code in codes:
            rows.params[param_number(rtype, code)] = None
            rows.positions.append((float(latitude), float(longitude)))


def add_number(rows: IndexRows, param: int, amount: Amount, companions: tuple[bytes, ...]) -> None:
    """A value of a number or quantity parameter, with what stands beside it."""
    note_number(rows, number_of(rows, amount), param, companions)


def number_of(rows: IndexRows, amount: Amount) -> Beside:
    """The parameters an amount stands for, and what stands beside it, to be added to."""
    return rows.numbers.setdefault(amount, ({}, {}))


def note_number(rows: IndexRows, number: Beside, param: int, companions: tuple[bytes, ...]) -> None:
    """Let an amount stand for one more parameter."""
    params, beside = number
    params[param] = None
    if companions:
        beside.update(dict.fromkeys(companions))
    rows.params[param] = None
