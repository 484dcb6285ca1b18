"""Times (TS, IVL_TS) to dateTime, date, instant and Period; a stated precision is kept, the zone is the sender's."""

from __future__ import annotations

from hub.kernel.types import Json
from mappings.cda.context import Context
from mappings.cda.node import Node
from mappings.hl7v2.datatypes.times import PLACEHOLDERS, Moment, moment


def read(node: Node | None, context: Context, to: str) -> Moment | None:
    """The moment of a TS; what is none is told and not carried."""
    if node is None:
        return None
    text = node.get("value") or node.text.strip()
    if not text:
        return None
    found = moment(_plain(text))
    if found is None or found.date.replace("-", "") in PLACEHOLDERS:
        node.refuse("not a date or time" if found is None else "a date that stands for none", "value", "")
        context.issue("not-a-time", "is not a date or time; it stands in the original document", node)
        return None
    node.take(to, "value", "")
    return found


def _plain(text: str) -> str:
    """A time as the form of HL7 v2 that says the same: 2026年3月5日8时30分 as 2026-3-5 8:30, a `T` gone."""
    for written, sign in (("年", "-"), ("月", "-"), ("日", " "), ("时", ":"), ("点", ":"), ("分", ":"), ("秒", "")):
        text = text.replace(written, sign)
    text = text.strip("-: ")
    return text.replace("T", " " if "-" in text or "/" in text or ":" in text else "")


def date_time(node: Node | None, context: Context, to: str) -> str:
    """FHIR dateTime, or ""."""
    found = read(node, context, to)
    return found.date_time(context.zone) if found else ""


def date(node: Node | None, context: Context, to: str) -> str:
    """FHIR date, or ""."""
    found = read(node, context, to)
    return found.date if found else ""


def instant(node: Node | None, context: Context, to: str) -> str:
    """FHIR instant of a time known at least to the minute, or ""."""
    found = read(node, context, to)
    return found.date_time(context.zone) if found and found.time else ""


def period(node: Node | None, context: Context, to: str) -> Json:
    """Period of an IVL_TS that has ends; one that has none is {}.

    R4 wants the start before the end: of ends in the wrong order only the start is carried, and an issue says so.
    """
    if node is None:
        return {}
    ends = {"start": read(node.first("low"), context, to), "end": read(node.first("high"), context, to)}
    found = {name: end.date_time(context.zone) for name, end in ends.items() if end is not None}
    low, high = ends["start"], ends["end"]
    first, last = (end.instant(context.zone) if end else None for end in (low, high))
    if first and last and first > last:
        context.issue("period-order", "the end is before the start; only the start is carried", node)
        found.pop("end")
        for end in node.all("high"):
            end.became.clear()
            end.refuse("the end is before the start")
    return found


def when(node: Node | None, context: Context, to: str) -> Json:
    """A stated effectiveTime as member `DateTime` or `Period` of a choice, or {}."""
    if made := period(node, context, to):
        return {"Period": made}
    found = date_time(node, context, to)
    if not found and node is not None:
        found = date_time(node.first("center"), context, to)
    return {"DateTime": found} if found else {}
