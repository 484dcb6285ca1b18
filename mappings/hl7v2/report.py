"""The conversion report: what became of every non-empty leaf of a message, each exactly once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hub.kernel.types import ReportRow
from mappings.hl7v2.context import Context, Mapped, Outcome, Trace, position
from mappings.hl7v2.engine import Rules
from mappings.hl7v2.parser import Repetition, Segment
from mappings.hl7v2.separators import HEADERS

NO_MAPPING = "no mapping"


def report(context: Context, rules: Rules, trace: Trace) -> tuple[ReportRow, ...]:
    """One row for each leaf that holds something, in the order of the message."""
    rows: list[ReportRow] = []
    for segment in context.message.segments:
        name = position(context.message, segment)
        refused = rules.refused.get(segment.name, {})
        carried = rules.carried.get(segment.name, {})
        for n in range(1, segment.fields_count + 1):
            if segment.raw(n):
                fixed = _fixed(n, refused, carried)
                rows.extend(_field(f"{name}-{n}", segment, n, fixed, trace))
    return tuple(rows)


def _fixed(n: int, refused: Mapping[int, str], carried: Mapping[int, str]) -> ReportRow:
    if n in carried:
        return ReportRow(source="", outcome="carried", targets=(carried[n],))
    return ReportRow(source="", outcome="refused", reason=refused.get(n, NO_MAPPING))


def _field(name: str, segment: Segment, n: int, fixed: ReportRow, trace: Trace) -> Iterator[ReportRow]:
    everywhere = trace.mapped.get((segment.position, n, 0), ())
    header = n < 3 and segment.name in HEADERS
    for rep, repetition in enumerate(segment.repetitions(n), 1):
        if not repetition.text:
            continue
        mapped = (*trace.mapped.get((segment.position, n, rep), ()), *everywhere)
        at = f"{name}[{rep}]"
        for leaf_name, comp, sub, count in [("", 1, 1, 1)] if header else _leaves(repetition):
            note = _note(trace, (segment.position, n, rep), comp)
            yield _row(at + leaf_name, _targets(mapped, comp, sub, count), note, fixed)


def _note(trace: Trace, at: tuple[int, int, int], comp: int) -> tuple[Outcome, str, bool] | None:
    """What was noted of a component (True) or else of the whole repetition (False)."""
    if not trace.notes:
        return None
    own = trace.notes.get((*at, comp))
    whole = own or trace.notes.get((*at, 0))
    return (*whole, own is not None) if whole else None


def _leaves(repetition: Repetition) -> Iterator[tuple[str, int, int, int]]:
    """Name within the field, component, subcomponent and number of subcomponents of each leaf that holds something."""
    components = repetition.components()
    single = len(components) == 1
    for comp, raw in enumerate(components, 1):
        if not raw:
            continue
        leaves = repetition.subcomponents(comp)
        for sub, text in enumerate(leaves, 1):
            if text:
                name = "" if single and len(leaves) == 1 else f".{comp}" if len(leaves) == 1 else f".{comp}.{sub}"
                yield name, comp, sub, len(leaves)


def _targets(mapped: tuple[Mapped, ...], comp: int, sub: int, count: int) -> tuple[str, ...]:
    """The elements that component became, by the parts its datatype maps name."""
    found: dict[str, None] = {}
    for each in mapped:
        part = _part(each.parts, comp, sub)
        if part is not None:
            found[f"{each.target}.{part}" if part else each.target] = None
    return tuple(found)


def _part(parts: Mapping[str, str], comp: int, sub: int) -> str | None:
    for key in (f"{comp}.{sub}", f"{comp}.*", "*"):
        if key in parts:
            return parts[key]
    return parts.get(str(comp)) if sub == 1 else None


def _row(source: str, targets: tuple[str, ...], note: tuple[Outcome, str, bool] | None, fixed: ReportRow) -> ReportRow:
    if note is not None:
        outcome, reason, exact = note
        if outcome == "carried" or (outcome == "mapped" and targets):
            return ReportRow(source=source, outcome=outcome, targets=targets, reason=reason)
        if outcome == "refused" and (exact or not targets):
            return ReportRow(source=source, outcome="refused", reason=reason)
    if targets:
        return ReportRow(source=source, outcome="mapped", targets=targets)
    return ReportRow(source=source, outcome=fixed.outcome, targets=fixed.targets, reason=fixed.reason)
