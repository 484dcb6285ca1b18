"""Periods whose ends come from different fields: what a sender got the wrong way round must not pass as a period."""

from __future__ import annotations

from hub.fhir.temporal import interval
from hub.kernel.types import Json
from mappings.hl7v2.absent import DATA_ABSENT
from mappings.hl7v2.context import Context
from mappings.hl7v2.parser import Segment


def mend_period(resource: Json, name: str, segment: Segment, context: Context) -> None:
    """A period that ends before it starts keeps its start; the end is absent, with the text beside it.

    Where two segments tell of one thing, a period stands alone (R4 allows one type of `effective[x]` and the like).
    """
    period = resource.get(name, {})
    if period and name.endswith("Period"):
        moment = name.removesuffix("Period") + "DateTime"
        resource.pop(moment, None)
        resource.pop(f"_{moment}", None)
    if "start" not in period or "end" not in period:
        return
    _, last = interval(period["end"])
    first, _ = interval(period["start"])
    if last is None or last > first:
        return
    context.issue("period", "ends before it starts; the end is kept beside the absent element", segment.name)
    absent = {"url": DATA_ABSENT, "valueCode": "error"}
    period["_end"] = {"extension": [absent, context.original(period.pop("end"))]}
