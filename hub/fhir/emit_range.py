"""Index rows of ranges: dates, numbers, quantities; and positions (R4 search.html date, number, quantity, special).

Each appends a row for the codes given; a value of another shape raises one of `walk.ODD`.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from hub.fhir.decimals import NUMBERS
from hub.fhir.emit_text import optional_text, three_texts
from hub.fhir.index_values import Codes, IndexValues
from hub.fhir.temporal import TICK, Interval, interval, period

#: The system of Money.currency (R4 datatypes.html#Money).
CURRENCY: Final = "urn:iso:std:iso:4217"

#: Numbers beyond 10^-400 or 10^400 are no measurements, and would not fit the store.
_LIMIT: Final = 400


def date(value: Any, codes: Codes, out: IndexValues) -> None:
    low, high = interval(value)
    out.dates.append((codes, low, high))


def instant(value: Any, codes: Codes, out: IndexValues) -> None:
    """An instant has no width (search.html 3.1.1.4.7): that of the smallest step here."""
    low, _ = interval(value)
    out.dates.append((codes, low, low + TICK))


def date_period(value: Any, codes: Codes, out: IndexValues) -> None:
    _dates([period(value.get("start"), value.get("end"))], codes, out)


def timing(value: Any, codes: Codes, out: IndexValues) -> None:
    """Only the outer limits of a Timing count: of its events and of its bounds."""
    found: list[Interval] = [interval(event) for event in value.get("event", ()) if event is not None]
    bounds = (value.get("repeat") or {}).get("boundsPeriod")
    if bounds is not None:
        found.append(period(bounds.get("start"), bounds.get("end")))
    _dates(found, codes, out)


def _dates(found: Sequence[Interval], codes: Codes, out: IndexValues) -> None:
    lows = [low for low, _ in found if low is not None]
    highs = [high for _, high in found if high is not None]
    low = min(lows) if lows and len(lows) == len(found) else None
    high = max(highs) if highs and len(highs) == len(found) else None
    if low is not None or high is not None:
        out.dates.append((codes, low, high))


def number(value: Any, codes: Codes, out: IndexValues) -> None:
    exact = _decimal(value)
    out.numbers.append((codes, exact, exact))


def number_range(value: Any, codes: Codes, out: IndexValues) -> None:
    low, high = _ends(value)
    out.numbers.append((codes, low, high))


def quantity(value: Any, codes: Codes, out: IndexValues) -> None:
    if value.get("value") is None:
        return
    exact = _decimal(value["value"])
    comparator = value.get("comparator")
    low = None if comparator in ("<", "<=") else exact
    high = None if comparator in (">", ">=") else exact
    _quantity((low, high, exact), value, codes, out)


def quantity_range(value: Any, codes: Codes, out: IndexValues) -> None:
    low, high = _ends(value)
    _quantity((low, high, None), value.get("low") or value["high"], codes, out)


def sampled_data(value: Any, codes: Codes, out: IndexValues) -> None:
    """The range its points cover: origin + point * factor, E U and L (no number) left aside."""
    origin = value["origin"]
    base, factor = _decimal(origin.get("value", 0)), _decimal(value.get("factor", 1))
    points = [base + Decimal(text) * factor for text in value["data"].split() if text not in ("E", "U", "L")]
    if points:
        _quantity((_decimal(min(points)), _decimal(max(points)), None), origin, codes, out)


def money(value: Any, codes: Codes, out: IndexValues) -> None:
    if value.get("value") is not None:
        exact = _decimal(value["value"])
        currency = optional_text(value.get("currency"))
        out.quantities.append((codes, exact, exact, exact, CURRENCY if currency else None, currency, currency))


def position(value: Any, codes: Codes, out: IndexValues) -> None:
    latitude, longitude = _decimal(value["latitude"]), _decimal(value["longitude"])
    out.positions.append((codes, latitude, longitude))


def _quantity(
    ends: tuple[Decimal | None, Decimal | None, Decimal | None],
    unit: Any,
    codes: Codes,
    out: IndexValues,
) -> None:
    """`ends` are low, high and the exact value."""
    out.quantities.append((codes, *ends, *three_texts(unit.get("system"), unit.get("code"), unit.get("unit"))))


def _ends(value: Any) -> tuple[Decimal | None, Decimal | None]:
    """Ends of a Range; at least one must be stated."""
    low, high = ((value.get(side) or {}).get("value") for side in ("low", "high"))
    if low is None and high is None:
        raise ValueError
    return None if low is None else _decimal(low), None if high is None else _decimal(high)


def _decimal(value: Any) -> Decimal:
    if value.__class__ not in NUMBERS:
        raise TypeError
    found = Decimal(value)
    if not found.is_finite() or not -_LIMIT < found.adjusted() < _LIMIT or len(found.as_tuple().digits) > _LIMIT:
        raise ValueError
    return found
