"""A trend as a drawing made on the server: the geometry of an SVG, so that it is there without scripts. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil, floor
from typing import Final

from hub.portal.moments import day
from hub.portal.trends import Band, Point, Trend

WIDTH: Final = 400
HEIGHT: Final = 180
_LEFT, _RIGHT, _TOP, _BOTTOM = 34, 10, 10, 24
#: Steps of the scale that read well.
_STEPS: Final = (0.5, 1, 2, 5, 10, 20, 50, 100)
_LINES: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A point: where it stands, its value in words, whether it lies in its band."""

    x: float
    y: float
    label: str
    judged: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A series: its points and the `points` attribute of the polyline through them."""

    key: str
    marks: tuple[Mark, ...]
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stripe:
    """A target band: top edge and height, and the edges to be drawn as lines."""

    key: str
    y: float
    height: float
    edges: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A line of the scale or a date on the axis."""

    at: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """All that the SVG of a trend shows; sizes in the units of its view box."""

    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int
    lines: tuple[Line, ...]
    stripes: tuple[Stripe, ...]
    scale: tuple[Tick, ...]
    steps: tuple[float, ...]
    dates: tuple[Tick, ...]


def chart(trend: Trend) -> Chart:
    """The drawing of a trend with at least one point."""
    frame = _Frame(trend)
    return Chart(
        width=WIDTH,
        height=HEIGHT,
        left=_LEFT,
        right=WIDTH - _RIGHT,
        top=_TOP,
        bottom=HEIGHT - _BOTTOM,
        lines=tuple(_line(frame, trend, one.key, one.points, one.band) for one in trend.series if one.points),
        stripes=tuple(_stripe(frame, one.key, one.band) for one in trend.series if one.band and one.points),
        scale=tuple(Tick(at=frame.y(value), label=f"{value:g}") for value in frame.steps),
        steps=tuple(frame.steps),
        dates=_dates(frame, trend.moments),
    )


class _Frame:
    """From times and values to places."""

    def __init__(self, trend: Trend) -> None:
        values = [point.value for one in trend.series for point in one.points]
        bands = [one.band for one in trend.series if one.band and one.points]
        values += [edge for band in bands for edge in (band.low, band.high) if edge is not None]
        self.steps: Final = _scale(min(values), max(values))
        moments = trend.moments
        self._first: Final = moments[0]
        self._seconds: Final = (moments[-1] - moments[0]).total_seconds()

    def x(self, moment: datetime) -> float:
        width = WIDTH - _LEFT - _RIGHT - 60
        part = (moment - self._first).total_seconds() / self._seconds if self._seconds else 0.5
        return round(_LEFT + 30 + width * part, 1)

    def y(self, value: float) -> float:
        low, high = self.steps[0], self.steps[-1]
        inner = HEIGHT - _TOP - _BOTTOM
        return round(_TOP + inner * (high - min(max(value, low), high)) / (high - low), 1)


def _scale(low: float, high: float) -> list[float]:
    """Round values from below `low` to above `high`."""
    step = next((one for one in _STEPS if (high - low) / one <= _LINES), max(_STEPS[-1], (high - low) / _LINES))
    first, last = floor(low / step), ceil(high / step)
    last += last == first or last * step == high
    first -= first * step == low and low > 0
    return [number * step for number in range(first, last + 1)]


def _line(frame: _Frame, trend: Trend, key: str, points: Sequence[Point], band: Band | None) -> Line:
    marks = tuple(
        Mark(
            x=frame.x(point.at),
            y=frame.y(point.value),
            label=f"{day(point.at)} {point.comparator}{trend.shown(point.value)} {trend.unit}",
            judged=band.judge(point.value) if band else "",
        )
        for point in points
    )
    return Line(key=key, marks=marks, path=" ".join(f"{mark.x},{mark.y}" for mark in marks))


def _stripe(frame: _Frame, key: str, band: Band) -> Stripe:
    top = frame.y(band.high) if band.high is not None else float(_TOP)
    low = frame.y(band.low) if band.low is not None else float(HEIGHT - _BOTTOM)
    edges = tuple(frame.y(edge) for edge in (band.low, band.high) if edge is not None)
    return Stripe(key=key, y=top, height=round(low - top, 1), edges=edges)


def _dates(frame: _Frame, moments: Sequence[datetime]) -> tuple[Tick, ...]:
    """First and last date, and those between that do not crowd them."""
    ticks: list[Tick] = []
    for moment in moments:
        at = frame.x(moment)
        if not ticks or at - ticks[-1].at >= 92:
            ticks.append(Tick(at=at, label=day(moment)))
    return tuple(ticks)
