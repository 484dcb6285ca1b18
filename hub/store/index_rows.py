"""Index values of one resource as the rows and arrays the tables hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from hub.fhir.fold import fold
from hub.fhir.index_values import IndexValues
from hub.kernel.errors import Category, HubError
from hub.store import tokens as token
from hub.store.canonical import SUFFIX, canonical
from hub.store.promoted import code_parameter, date_parameter, leading_parameters
from hub.store.tokens import lead_number, param_number, token_hashes

FIRST: Final = datetime.min.replace(tzinfo=UTC)  #: -infinity in the database
LAST: Final = datetime.max.replace(tzinfo=UTC)  #: infinity in the database

#: (low, high, system, code, unit)
Amount = tuple[Decimal | None, Decimal | None, str | None, str | None, str | None]
#: The parameters of an amount, and the hashes of what stands beside it in composites.
Beside = tuple[dict[int, None], dict[UUID, None]]


@dataclass(slots=True)
class IndexRows:
    """What the index holds of one resource; see tables.py for the meaning of each."""

    tokens: dict[UUID, None] = field(default_factory=dict)
    refs: dict[UUID, None] = field(default_factory=dict)
    params: dict[int, None] = field(default_factory=dict)
    date_low: datetime = FIRST
    date_high: datetime | None = None
    codings: dict[UUID, None] = field(default_factory=dict)
    strings: list[tuple[int, str, str | None, list[UUID] | None]] = field(default_factory=list)
    dates: list[tuple[int, datetime, datetime, list[UUID] | None]] = field(default_factory=list)
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
    _add_tokens(rows, rtype, values)
    _add_references(rows, rtype, patient, values)
    _add_strings(rows, rtype, values)
    _add_dates(rows, rtype, values)
    _add_numbers(rows, rtype, values)
    _add_positions(rows, rtype, values)
    return rows


@dataclass(frozen=True, slots=True)
class _Parameter:
    """Numbers of a parameter and of those its modifiers stand for, and its part in the layout."""

    number: int
    text: int
    of_type: int
    identifier: int
    is_code: bool
    is_date: bool
    leads: int | None
    sorts: bool


@lru_cache(maxsize=8192)
def _parameter(rtype: str, code: str) -> _Parameter:
    return _Parameter(
        number=param_number(rtype, code),
        text=param_number(rtype, code + ":text"),
        of_type=param_number(rtype, code + ":of-type"),
        identifier=param_number(rtype, code + ":identifier"),
        is_code=code == code_parameter(rtype),
        is_date=code == date_parameter(rtype),
        leads=lead_number(rtype, code) if code in leading_parameters(rtype) else None,
        sorts=is_sorted_by(code),
    )


def is_sorted_by(code: str) -> bool:
    """Whether a token, reference or uri parameter has its text kept for `_sort`: not those of every resource."""
    return not code.startswith("_")


def _sort_by(rows: IndexRows, parameter: _Parameter, text: str | None) -> None:
    if text and parameter.sorts:
        least, greatest = rows.sorts.get(parameter.number, (text, text))
        rows.sorts[parameter.number] = min(least, text), max(greatest, text)


def _add_tokens(rows: IndexRows, rtype: str, values: IndexValues) -> None:
    for name, system, code, text in values.tokens:
        parameter = _parameter(rtype, name)
        rows.params[parameter.number] = None
        hashes = token_hashes(parameter.number, system, code)
        for hashed in hashes:
            rows.tokens[hashed] = None
        _sort_by(rows, parameter, code)
        if text:
            _add_phrase(rows, parameter, text)
        if parameter.is_code and code is not None:
            rows.codings[hashes[0]] = None
            if rows.code is None:
                rows.code_system, rows.code = system, code
    for name, system, code, value in values.identifiers_of_type:
        rows.tokens[of_type(_parameter(rtype, name).of_type, system, code, value)] = None


def _add_phrase(rows: IndexRows, parameter: _Parameter, text: str) -> None:
    hashed, folded = _phrase(parameter.text, text)
    if folded:
        rows.tokens[hashed] = None
        rows.phrases[hashed] = (parameter.text, folded)


@lru_cache(maxsize=16384)
def _phrase(param: int, text: str) -> tuple[UUID, str]:
    folded = fold(text)
    return token.text(param, folded), folded


def of_type(param: int, system: str | None, code: str, value: str) -> UUID:
    """The hash of an identifier by its type: `system|code|value`."""
    return token.pair(param, (token_hashes(param, system, code)[1], token.text(param, value)))


def _add_references(rows: IndexRows, rtype: str, patient: str | None, values: IndexValues) -> None:
    for name, target_type, target_id, url in values.references:
        parameter = _parameter(rtype, name)
        rows.params[parameter.number] = None
        if target_type is not None and target_id is not None:
            if parameter.leads is not None and target_type == "Patient":
                if target_id != patient:
                    raise _of_another_patient(f"{rtype}.{name}")
                rows.params[parameter.leads] = None
            else:
                _sort_by(rows, parameter, f"{target_type}/{target_id}")
            key, hashed = token.target(parameter.number, target_type, target_id)
            rows.refs[key] = None
            rows.tokens[hashed] = None
        elif url is not None:
            rows.tokens[token.text(parameter.number, url)] = None
            rows.tokens[token.text(parameter.number, url.partition("|")[0])] = None
            rows.tokens.update(
                (token.below(parameter.number, one), None) for one in token.version_prefixes(url) or (url,)
            )
            _sort_by(rows, parameter, url)
    for name, system, value in values.reference_identifiers:
        parameter = _parameter(rtype, name)
        rows.params[parameter.number] = None
        rows.tokens.update(dict.fromkeys(token_hashes(parameter.identifier, system, value)))
    for name, text in values.reference_texts:
        rows.params[_parameter(rtype, name).number] = None
        _add_phrase(rows, _parameter(rtype, name), text)


def _of_another_patient(where: str) -> HubError:
    return HubError(
        Category.INVALID,
        "names another patient than the one its record belongs to",
        where=where,
        todo="write it to the record of that patient",
        code="patient-mismatch",
    )


def _add_strings(rows: IndexRows, rtype: str, values: IndexValues) -> None:
    for name, text in dict.fromkeys(values.strings):
        param = param_number(rtype, name)
        rows.params[param] = None
        rows.strings.append((*string_row(param, text), None))
    for name, uri in values.uris:
        parameter = _parameter(rtype, name)
        param = parameter.number
        rows.params[param] = None
        rows.tokens[token.text(param, uri)] = None
        prefixes = (*token.uri_prefixes(uri), *token.version_prefixes(uri))
        rows.tokens.update((token.below(param, prefix), None) for prefix in prefixes)
        _sort_by(rows, parameter, uri)


def string_row(param: int, text: str) -> tuple[int, str, str | None]:
    """Parameter, folded text, and the text itself where folding changed it."""
    folded = fold(text)
    return param, folded, None if folded == text else text


def _add_dates(rows: IndexRows, rtype: str, values: IndexValues) -> None:
    for name, low, high in values.dates:
        parameter = _parameter(rtype, name)
        start, end = low or FIRST, high or LAST
        if parameter.is_date:
            rows.date_low = start if rows.date_high is None else min(rows.date_low, start)
            rows.date_high = end if rows.date_high is None else max(rows.date_high, end)
        else:
            rows.dates.append((parameter.number, start, end, None))
        rows.params[parameter.number] = None


def _add_numbers(rows: IndexRows, rtype: str, values: IndexValues) -> None:
    for name, low, high in values.numbers:
        add_number(rows, param_number(rtype, name), (low, high, None, None, None), ())
    for name, low, high, value, system, code, unit in values.quantities:
        add_number(rows, param_number(rtype, name), (low, high, system, code, unit), ())
        for least, most, base in canonical(low, high, system, code, _measured(rtype, values)):
            add_number(rows, param_number(rtype, name + SUFFIX), (least, most, None, base, None), ())
        if name == "value-quantity" and rows.value is None:
            rows.value, rows.unit = value, code or unit


def _measured(rtype: str, values: IndexValues) -> tuple[tuple[str | None, str | None], ...]:
    """The codes of what the resource itself measures."""
    named = code_parameter(rtype)
    return tuple([(system, code) for name, system, code, _ in values.tokens if name == named])


def _add_positions(rows: IndexRows, rtype: str, values: IndexValues) -> None:
    for name, latitude, longitude in values.positions:
        rows.params[param_number(rtype, name)] = None
        rows.positions.append((float(latitude), float(longitude)))


def add_number(rows: IndexRows, param: int, amount: Amount, companions: tuple[UUID, ...]) -> None:
    """A value of a number or quantity parameter, with what stands beside it."""
    note_number(rows, number_of(rows, amount), param, companions)


def number_of(rows: IndexRows, amount: Amount) -> Beside:
    """The parameters an amount stands for, and what stands beside it, to be added to."""
    return rows.numbers.setdefault(amount, ({}, {}))


def note_number(rows: IndexRows, number: Beside, param: int, companions: tuple[UUID, ...]) -> None:
    """Let an amount stand for one more parameter."""
    params, beside = number
    params[param] = None
    for companion in companions:
        beside[companion] = None
    rows.params[param] = None


def number_rows(rows: IndexRows) -> list[tuple[Any, ...]]:
    """Rows of number_value without their owner."""
    return [
        (list(params), low, high, system, code, unit, list(beside) or None)
        for (low, high, system, code, unit), (params, beside) in rows.numbers.items()
    ]
