"""Abnormal flags where the standard has the status (OBX-11), as many Chinese laboratories send them.

A letter or an arrow is an interpretation. A digit has no meaning all vendors share: it counts only where it says what
the value and its range say too; else the text is kept beside the status.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from hub.kernel.types import Json
from mappings.hl7v2.codetables import Entry, table
from mappings.hl7v2.context import Context
from mappings.hl7v2.leaves import field
from mappings.hl7v2.parser import Segment
from mappings.hl7v2.trace import mapped

_SYSTEM: Final = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
_NORMAL: Final = Entry("N", "Normal", _SYSTEM)
_HIGH: Final = Entry("H", "High", _SYSTEM)
_LOW: Final = Entry("L", "Low", _SYSTEM)


def flag(segment: Segment, resource: Json, context: Context) -> None:
    """Read the flag in OBX-11 (one that `is_flag`)."""
    sent = field(segment, 11)
    found = table("result-flag").get(sent) or (_confirmed(sent, resource) if sent.isdigit() else None)
    context.segment, context.field, context.rep = segment, 11, 1
    if found is not None:
        resource.setdefault("interpretation", [{"coding": [found.coding()], "text": sent}])
        context.took(segment, 11, mapped("Observation.interpretation[]"))
    else:
        context.took(segment, 11, mapped("Observation.status"))
        context.note("carried", "a flag without a meaning all senders share")
        resource["_status"] = {"extension": [context.original(sent)]}


def _confirmed(sent: str, resource: Json) -> Entry | None:
    """What value and range say, if the digit does not contradict: 0 is within the range, any other outside."""
    quantity = resource.get("valueQuantity", {})
    value, comparator = quantity.get("value"), quantity.get("comparator", "")
    ranges = resource.get("referenceRange", [{}])
    low, high = (ranges[0].get(end, {}).get("value") for end in ("low", "high"))
    if value is None or low is None or high is None:
        return None
    if comparator:
        above, below = _surely(comparator, value, low, high)
        return None if sent == "0" else _HIGH if above else _LOW if below else None
    if low <= value <= high:
        return _NORMAL if sent == "0" else None
    return None if sent == "0" else _HIGH if value > high else _LOW


def _surely(comparator: str, value: Decimal, low: Decimal, high: Decimal) -> tuple[bool, bool]:
    """Whether all that `>6.1` or `<3.9` stands for lies above the range, or below it."""
    above = value > high or (comparator == ">" and value == high)
    below = value < low or (comparator == "<" and value == low)
    return comparator[0] == ">" and above, comparator[0] == "<" and below
