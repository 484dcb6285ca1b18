"""Values that are series of numbers (NA: waveforms and their like)."""

from __future__ import annotations

from decimal import Decimal

from hub.kernel.types import Json
from mappings.hl7v2.absent import unknown
from mappings.hl7v2.datatypes.numbers import decimal
from mappings.hl7v2.leaves import leaf
from mappings.hl7v2.parser import Repetition


def samples(repetitions: list[Repetition], units: Json) -> Json | None:
    """NA: a series of numbers, or one series for each repetition, as SampledData; None if they are not all numbers.

    What the series is measured against is not sent: its origin is zero, and how long a step is remains unknown.
    """
    rows = [[leaf(rep, comp) for comp in range(1, len(rep.components()) + 1)] for rep in repetitions if rep.text]
    if len({len(row) for row in rows}) != 1 or not all(decimal(text) for row in rows for text in row):
        return None
    return {
        "valueSampledData": {
            "origin": {"value": Decimal(0), **units},
            "_period": unknown(),
            "dimensions": len(rows[0]) if len(rows) > 1 else 1,
            "data": " ".join(text for row in rows for text in row),
        }
    }
