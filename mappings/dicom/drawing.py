"""A drawn preview of an electrocardiogram: a small SVG, one row for each lead, 25 mm/s and 10 mm/mV."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final, NamedTuple

#: Millimetres of a second and of a millivolt, and the height of a row.
_SECOND: Final = 25
_MILLIVOLT: Final = 10
_ROW: Final = 22
#: Points of a lead at most, seconds of it at most, and leads.
_POINTS: Final = 1000
_SECONDS: Final = 10
_LEADS: Final = 15
_MARGIN: Final = 12
#: A sample drawn further out than this, millimetres, is cut.
_REACH: Final = 40.0


class Lead(NamedTuple):
    """Samples of a lead: its name, samples in a second, microvolts of a unit."""

    name: str
    rate: float
    scale: float
    samples: Sequence[int]


def picture(leads: Sequence[Lead]) -> bytes:
    """The SVG of the leads, or b"" if there is nothing to draw."""
    drawn = [lead for lead in leads[:_LEADS] if lead.samples]
    if not drawn:
        return b""
    seconds = min(_SECONDS, max(len(lead.samples) / lead.rate for lead in drawn))
    width, height = round(_MARGIN + seconds * _SECOND), _ROW * len(drawn)
    rows = "".join(_row(lead, _ROW * n + _ROW / 2, seconds) for n, lead in enumerate(drawn))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}mm" height="{height}mm">'
        f'<rect width="{width}" height="{height}" fill="#fff"/>{_grid(width, height)}{rows}</svg>'
    ).encode()


def _grid(width: int, height: int) -> str:
    lines = "".join(f"M{x} 0V{height}" for x in range(0, width, 5)) + "".join(
        f"M0 {y}H{width}" for y in range(0, height, 5)
    )
    return f'<path d="{lines}" stroke="#f2b8b8" stroke-width=".15" fill="none"/>'


def _row(lead: Lead, middle: float, seconds: float) -> str:
    shown = lead.samples[: int(seconds * lead.rate)]
    step = max(1, len(shown) // _POINTS)
    points = " ".join(
        f"{_MARGIN + n / lead.rate * _SECOND:.1f},{middle - _height(shown[n], lead.scale):.1f}"
        for n in range(0, len(shown), step)
    )
    label = f'<text x="1" y="{middle:.0f}" font-size="3">{escape(lead.name[:12])}</text>'
    return f'{label}<polyline points="{points}" stroke="#000" stroke-width=".25" fill="none"/>'


def _height(sample: int, scale: float) -> float:
    return max(-_REACH, min(_REACH, sample * scale / 1000 * _MILLIVOLT))
