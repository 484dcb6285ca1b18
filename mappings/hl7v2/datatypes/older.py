"""Older composite types: TQ (timing, 2.2 to 2.4), SPS (specimen source, to 2.4), CQ (quantity with its unit)."""

from __future__ import annotations

from typing import Any, Final

from mappings.hl7v2.codetables import table
from mappings.hl7v2.context import Context
from mappings.hl7v2.datatypes.base import Datatype, plain
from mappings.hl7v2.datatypes.coded import with_standard
from mappings.hl7v2.datatypes.coding_systems import system_uri
from mappings.hl7v2.datatypes.numbers import decimal
from mappings.hl7v2.datatypes.times import Moment, date_time, read
from mappings.hl7v2.datatypes.values import coded_unit
from mappings.hl7v2.leaves import clean, leaf
from mappings.hl7v2.parser import Repetition


def timing_start(rep: Repetition, context: Context) -> Any:
    """TQ.4: when it is to begin."""
    return date_time(rep, context, 4)


def timing_end(rep: Repetition, context: Context) -> Any:
    """TQ.5: when it is to end."""
    return date_time(rep, context, 5)


def timing_quantity(rep: Repetition, context: Context) -> dict[str, Any] | None:
    """TQ.1 (CQ): how much each time."""
    leaves = [clean(text) for text in rep.subcomponents(1)] + ["", "", "", ""]
    found = decimal(leaves[0])
    return {"value": found[0], **coded_unit(leaves[1], leaves[2], leaves[3], context)} if found else None


def timing_text(rep: Repetition, _: Context) -> str | None:
    """TQ.8: an instruction."""
    return leaf(rep, 8) or None


def timing_count(rep: Repetition, context: Context) -> int | None:
    """TQ.12: how many times in all."""
    found = decimal(leaf(rep, 12))
    if found and 0 < found[0] < 2**31 and found[0] == int(found[0]):
        return int(found[0])
    if leaf(rep, 12):
        context.note("refused", "not a positive whole number", 12)
    return None


def _instant(rep: Repetition, context: Context, comp: int) -> str | None:
    found = read(rep, context, comp)
    if isinstance(found, Moment) and found.time:
        return found.date_time(context.zone)
    if leaf(rep, comp):
        context.note("refused", "not precise enough for an instant", comp)
    return None


def timing_start_instant(rep: Repetition, context: Context) -> str | None:
    """TQ.4 as an instant."""
    return _instant(rep, context, 4)


def timing_end_instant(rep: Repetition, context: Context) -> str | None:
    """TQ.5 as an instant."""
    return _instant(rep, context, 5)


def timing_priority(rep: Repetition, context: Context) -> str | None:
    """TQ.6: a code of request-priority."""
    entry = table("request-priority").get(leaf(rep, 6))
    if entry is None and leaf(rep, 6):
        context.note("refused", "code not in the table", 6)
    return entry.code if entry else None


def _coded_leaves(leaves: list[str], context: Context) -> dict[str, Any] | None:
    """A CodeableConcept whose code, text and system are subcomponents."""
    code, text, system = ([clean(leaf_text) for leaf_text in leaves] + [""] * 3)[:3]
    coding = {"code": code} if code and " " not in code else {}
    if coding and system:
        coding["system"] = system_uri(system, context.habits.canonical_base, context.habits.facility)
    if coding and text:
        coding["display"] = text
    result: dict[str, Any] = {"coding": [coding]} if coding else {}
    if text or code:
        result["text"] = text or code
    return result or None


def source_type(rep: Repetition, context: Context) -> dict[str, Any] | None:
    """SPS.1: the kind of specimen; a code or a word of the table, sent without a system, has that of the table."""
    result = _coded_leaves(rep.subcomponents(1), context)
    if result is None or "system" in result.get("coding", [{}])[0]:
        return result
    entry = table("specimen-type").get(leaf(rep, 1) or leaf(rep, 1, 2))
    return with_standard(result, (entry,)) if entry else result


def source_site(rep: Repetition, context: Context) -> dict[str, Any] | None:
    """SPS.4: the body site."""
    return _coded_leaves(rep.subcomponents(4), context)


def source_additive(rep: Repetition, context: Context) -> dict[str, Any] | None:
    """SPS.2: what was added."""
    return _coded_leaves(rep.subcomponents(2), context)


def source_method(rep: Repetition, _: Context) -> str | None:
    """SPS.3: how it was collected, in words."""
    return clean(" ".join(filter(None, rep.subcomponents(3)))) or None


def source_condition(rep: Repetition, context: Context) -> dict[str, Any] | None:
    """SPS.6: frozen, refrigerated and the like (v2 table 0369 before version 2.6, in the sender's words after)."""
    return _coded_leaves(rep.subcomponents(6), context)


def quantity(rep: Repetition, context: Context) -> dict[str, Any] | None:
    """CQ to Quantity; what is no number is refused."""
    found = decimal(leaf(rep, 1))
    if found is None:
        context.note("refused", "not a number")
        return None
    return {"value": found[0], **coded_unit(leaf(rep, 2, 1), leaf(rep, 2, 2), leaf(rep, 2, 3), context)}


DATATYPES: Final[dict[str, Datatype]] = {
    "TQ-start": plain(timing_start, {"4": ""}),
    "TQ-end": plain(timing_end, {"5": ""}),
    "TQ-quantity": plain(timing_quantity, {"1.1": "value", "1.2": "unit", "1.3": "unit", "1.4": "system"}),
    "TQ-text": plain(timing_text, {"8": ""}),
    "TQ-count": plain(timing_count, {"12": ""}),
    "TQ-priority": plain(timing_priority, {"6": ""}),
    "TQ-start-instant": plain(timing_start_instant, {"4": ""}),
    "TQ-end-instant": plain(timing_end_instant, {"5": ""}),
    "SPS-type": plain(source_type, {"1.1": "coding.code", "1.2": "coding.display", "1.3": "coding.system"}),
    "SPS-site": plain(source_site, {"4.1": "coding.code", "4.2": "coding.display", "4.3": "coding.system"}),
    "SPS-additive": plain(source_additive, {"2.1": "coding.code", "2.2": "coding.display", "2.3": "coding.system"}),
    "SPS-method": plain(source_method, {"3.*": ""}),
    "SPS-condition": plain(source_condition, {"6.1": "coding.code", "6.2": "coding.display", "6.3": "coding.system"}),
    "CQ": plain(quantity, {"1": "value", "2.1": "unit", "2.2": "unit", "2.3": "system"}),
}
