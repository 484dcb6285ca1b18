"""The conversion report: what became of every non-empty leaf of a message, each exactly once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final

from hub.kernel.types import ReportRow
from mappings.hl7v2.context import Context, Mapped, Outcome, Trace, position
from mappings.hl7v2.engine import Rules
from mappings.hl7v2.parser import Repetition, Segment
from mappings.hl7v2.separators import HEADERS

NO_MAPPING: Final = "no mapping"

#: Outcome, targets, reason: what a row says apart from its source.
Verdict = tuple[Outcome, tuple[str, ...], str]

#: What was noted of a repetition, by component.
Notes = Mapping[int, tuple[Outcome, str]]

#: The leaves of a repetition that is not divided.
_ONE: Final = (("", 1, 1, False),)
_EMPTY: Final[Verdict] = ("refused", (), '"" within a field states nothing')


@lru_cache(maxsize=65536)
def _row(source: str, verdict: Verdict) -> ReportRow:
    """The row; messages of one sender give the same ones again and again."""
    outcome, targets, reason = verdict
    return ReportRow(source=source, outcome=outcome, targets=targets, reason=reason)


def report(context: Context, rules: Rules, trace: Trace) -> tuple[ReportRow, ...]:
    """One row for each leaf that holds something, in the order of the message."""
    rows: list[ReportRow] = []
    for segment in context.message.segments:
        name = position(context.message, segment)
        refused = rules.refused.get(segment.name, {})
        whole = trace.refused.get(segment.position)
        carried = rules.carried.get(segment.name, {})
        for n, raw in enumerate(segment.fields()):
            if not raw or n == 0:
                continue
            if n in carried:
                fixed: Verdict = ("carried", (carried[n],), "")
            else:
                fixed = ("refused", (), whole or refused.get(n, NO_MAPPING))
            if _is_one_leaf(raw, segment):
                rows.append(_row(f"{name}-{n}[1]", _of_one_leaf(segment, n, fixed, trace)))
            else:
                _field(rows, f"{name}-{n}", segment, n, fixed, trace)
    return tuple(rows)


def _is_one_leaf(raw: str, segment: Segment) -> bool:
    """Whether a field is not divided at all, as most are; delimiters that are not declared, or are, leave it open."""
    s = segment.separators
    return s.component not in raw and s.repetition not in raw and s.subcomponent not in raw


def _of_one_leaf(segment: Segment, n: int, fixed: Verdict, trace: Trace) -> Verdict:
    place = segment.position
    ways = [*trace.mapped.get((place, n, 1), ()), *trace.mapped.get((place, n, 0), ())]
    verdict = (_verdict(ways, 1, 1) or fixed) if ways else fixed
    notes = trace.notes.get((place, n, 1)) if trace.notes else None
    return verdict if notes is None else _with_note(verdict, fixed, notes, 1)


def _field(rows: list[ReportRow], name: str, segment: Segment, n: int, fixed: Verdict, trace: Trace) -> None:
    place = segment.position
    everywhere = trace.mapped.get((place, n, 0), ())
    header = n < 3 and segment.name in HEADERS
    for rep, repetition in enumerate(segment.repetitions(n), 1):
        if not repetition.text:
            continue
        ways = trace.mapped.get((place, n, rep), ())
        ways = [*ways, *everywhere] if everywhere else ways
        if header:
            rows.append(_row(f"{name}[{rep}]", fixed))
            continue
        notes = trace.notes.get((place, n, rep)) if trace.notes else None
        for leaf, comp, sub, empty in _leaves(repetition):
            verdict = _EMPTY if empty else _verdict(ways, comp, sub) or fixed
            if notes is not None:
                verdict = _with_note(verdict, fixed, notes, comp)
            rows.append(_row(f"{name}[{rep}]{leaf}", verdict))


def _leaves(repetition: Repetition) -> Sequence[tuple[str, int, int, bool]]:
    """As `_parts`; most fields have one leaf."""
    separators = repetition.separators
    text = repetition.text
    if separators.component not in text and separators.subcomponent not in text:
        return _ONE
    return list(_parts(repetition))


def _parts(repetition: Repetition) -> Iterator[tuple[str, int, int, bool]]:
    """Name within the field, component, subcomponent of each leaf that holds something, and whether it is only `""`."""
    components = repetition.components()
    parted = len(components) > 1
    separator = repetition.separators.subcomponent
    for comp, raw in enumerate(components, 1):
        if not raw:
            continue
        if not separator or separator not in raw:
            yield (f".{comp}" if parted else ""), comp, 1, parted and raw == '""'
            continue
        for sub, text in enumerate(raw.split(separator), 1):
            if text:
                yield f".{comp}.{sub}", comp, sub, text == '""'


def _verdict(ways: Sequence[Mapped], comp: int, sub: int) -> Verdict | None:
    """Mapped to the elements that component became; None if nothing read it."""
    if len(ways) == 1:
        element = ways[0].element(comp, sub)
        return ("mapped", (element,), "") if element is not None else None
    found = dict.fromkeys(element for way in ways if (element := way.element(comp, sub)) is not None)
    return ("mapped", tuple(found), "") if found else None


def _with_note(verdict: Verdict, fixed: Verdict, notes: Notes, comp: int) -> Verdict:
    """What was noted of the component, else of the whole repetition; the latter yields to a target."""
    own = notes.get(comp)
    note = own or notes.get(0)
    if note is None:
        return verdict
    outcome, reason = note
    targets = verdict[1] if verdict is not fixed else ()
    if outcome == "refused":
        return verdict if targets and own is None else (outcome, (), reason)
    return (outcome, targets, reason) if targets else verdict
