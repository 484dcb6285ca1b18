"""Trends of a record: measurements over time beside their target bands, from `data/trends.yaml`. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from hub.fhir.temporal import CHINA
from hub.kernel.types import Json
from hub.portal.elements import codes, objects, text
from hub.portal.moments import completed_years
from hub.portal.record import Item
from hub.portal.texts import Texts, load

#: Observations that must not be drawn (R4 value set observation-status).
_NOT_DRAWN: Final = frozenset({"entered-in-error", "cancelled"})


#: Judgements that are told beside a value.
MISSED: Final = frozenset({"above_target", "below_target"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A target: `low` and `high` None where open; `exclusive` if `high` itself misses it."""

    low: float | None
    high: float | None
    exclusive: bool

    def judge(self, value: float) -> str:
        """`in_target`, `above_target` or `below_target`."""
        if self.high is not None and (value > self.high or (self.exclusive and value == self.high)):
            return "above_target"
        return "below_target" if self.low is not None and value < self.low else "in_target"


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One measurement; `comparator` stands for a value beyond what the test can tell (`>`)."""

    at: datetime
    value: float
    organization: str
    comparator: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """The measurements of one thing, oldest first, and its target band."""

    key: str
    points: tuple[Point, ...]
    band: Band | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What was measured at one time: per series that has any, the point there, or None, and how it was judged."""

    at: datetime
    cells: tuple[tuple[Point | None, str], ...]
    organization: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """One chart. `target` and `source` say the target in words."""

    key: str
    unit: str
    digits: int
    series: tuple[Series, ...]
    target: str
    source: str

    @property
    def moments(self) -> list[datetime]:
        """Every time something was measured, oldest first."""
        return sorted({point.at for one in self.series for point in one.points})

    @property
    def rows(self) -> list[Row]:
        """The table of the chart, newest first."""
        drawn = [one for one in self.series if one.points]
        by_time = [{point.at: point for point in one.points} for one in drawn]
        return [
            Row(
                at=at,
                cells=tuple(
                    (points.get(at), _judged(one, points.get(at))) for one, points in zip(drawn, by_time, strict=True)
                ),
                organization=next(points[at].organization for points in by_time if at in points),
            )
            for at in reversed(self.moments)
        ]

    def as_data(self, say: Texts, steps: Sequence[float]) -> Json:
        """What the script draws from: per series time, value and whether it misses its band; the steps of the scale."""
        return {
            "unit": self.unit,
            "digits": self.digits,
            "steps": [steps[0], steps[-1], steps[1] - steps[0]],
            "series": [
                {
                    "key": one.key,
                    "name": say(one.key),
                    "points": [
                        [point.at.isoformat(), float(self.shown(point.value)), _judged(one, point) in MISSED]
                        for point in one.points
                    ],
                    "low": one.band.low if one.band else None,
                    "high": one.band.high if one.band else None,
                }
                for one in self.series
                if one.points
            ],
        }

    def shown(self, value: float) -> str:
        """A value with the digits of this trend."""
        return f"{value:.{self.digits}f}"


def _judged(series: Series, point: Point | None) -> str:
    return series.band.judge(point.value) if series.band and point else ""


def trends_of(items: Sequence[Item], born: date | None, today: date, say: Texts) -> list[Trend]:
    """The trends of a record for which there is at least one measurement.

    The band is that of the age today: a chart answers how it stands now.
    """
    found = []
    for row in _rows():
        series = [_series(one, row["units"], items) for one in row["series"]]
        if any(points for _, points in series):
            found.append(_trend(row, series, _target(row, born, today), say))
    return found


@lru_cache(maxsize=1)
def _rows() -> tuple[Mapping[str, Any], ...]:
    return tuple(load("trends.yaml"))


def _trend(
    row: Mapping[str, Any], series: list[tuple[str, tuple[Point, ...]]], target: Mapping[str, Any] | None, say: Texts
) -> Trend:
    bands = target["bands"] if target else {}
    return Trend(
        key=row["key"],
        unit=row["unit"],
        digits=row["digits"],
        series=tuple(Series(key=key, points=points, band=_band(bands.get(key))) for key, points in series),
        target=target["text"] if target else "",
        source=target["source"][say.column] if target else "",
    )


def _target(row: Mapping[str, Any], born: date | None, today: date) -> Mapping[str, Any] | None:
    """The first target for the age; None when the age is not known and the target depends on it."""
    targets: list[Mapping[str, Any]] = row["targets"]
    if born is None:
        return targets[0] if len(targets) == 1 else None
    age = completed_years(born, today)
    return next((target for target in targets if age >= target["from_age"]), None)


def _band(stated: Mapping[str, float] | None) -> Band | None:
    if stated is None:
        return None
    return Band(low=stated.get("from"), high=stated.get("below", stated.get("to")), exclusive="below" in stated)


def _series(row: Mapping[str, Any], units: Mapping[str, float], items: Sequence[Item]) -> tuple[str, tuple[Point, ...]]:
    wanted = frozenset(row["codes"])
    points = {point.at: point for item in items for point in _points(item, wanted, units)}
    return row["key"], tuple(points[at] for at in sorted(points))


def _points(item: Item, wanted: frozenset[str], units: Mapping[str, float]) -> Iterator[Point]:
    if item.type != "Observation" or item.began is None or text(item.resource, "status") in _NOT_DRAWN:
        return
    for holder in (item.resource, *objects(item.resource, "component")):
        value = _value(holder.get("valueQuantity"), units)
        if value is not None and not wanted.isdisjoint(codes(holder.get("code"))):
            comparator = text(holder["valueQuantity"], "comparator")
            at = item.began.astimezone(CHINA)
            yield Point(at=at, value=value, organization=item.organization, comparator=comparator)


def _value(quantity: Json | None, units: Mapping[str, float]) -> float | None:
    if not isinstance(quantity, dict):
        return None
    number = quantity.get("value")
    factor = units.get(text(quantity, "code")) or units.get(text(quantity, "unit"))
    if not isinstance(number, Decimal | int | float) or factor is None:
        return None
    return float(number) * factor
