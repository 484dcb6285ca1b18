"""The conversion report: what became of every non-empty leaf of a message, each exactly once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from operator import attrgetter
from types import MappingProxyType
from typing import Final

from hub.fhir.packed import Packed
from hub.kernel.types import ReportRow
from mappings.hl7v2.context import Context
from mappings.hl7v2.engine import Rules
from mappings.hl7v2.parser import Message, Repetition, Segment
from mappings.hl7v2.place import position
from mappings.hl7v2.repeated import Outcome
from mappings.hl7v2.separators import HEADERS, Separators
from mappings.hl7v2.told import Part
from mappings.hl7v2.trace import Mapped, Trace, Way

NO_MAPPING: Final = "no mapping"

#: Outcome, targets, reason: what a row says apart from its source.
Verdict = tuple[Outcome, tuple[str, ...], str]

#: Rows of a long message that are packed together; no more of them are in memory at once.
PORTION: Final = 4096

#: A row as it is packed: source, outcome, targets, reason.
Listed = tuple[str, Outcome, Sequence[str], str]

#: What was noted of a repetition, by component.
Notes = Mapping[int, tuple[Outcome, str]]

#: Name of the segment, number of the field, and of a leaf nothing read the element that carries it, or why none does.
_Field = tuple[str, int, str, str]

#: The ways of a segment by (field, repetition).
_Ways = Mapping[tuple[int, int], tuple[Mapped, ...]]

#: The leaves of a repetition that is not divided.
_ONE: Final = (("", 1, 1, False),)
_NULL: Final = '""'
_NONE: Final[Mapping[int, str]] = MappingProxyType({})
_EMPTY: Final[Verdict] = ("refused", (), '"" within a field states nothing')


def report(context: Context, rules: Rules, trace: Trace, taken_out: Sequence[ReportRow]) -> Sequence[ReportRow]:
    """One row for each leaf that holds something, in the order of the message; then those of what was `taken_out`.

    Takes the trace apart and lets go of what the segments were split into: of a long message both outweigh the report.
    """
    segments = context.message.segments
    if len(segments) >= _MANY or max(map(len, map(_text, segments))) > _LONGEST:
        return _long(context, rules, trace, taken_out)
    noted = _by_segment(trace)
    parts = tuple(
        [
            _part(each, shape, position(context.message, each), rules, trace, noted)
            for each, shape in zip(segments, _shapes(context.message), strict=True)
        ]
    )
    whole = rules.told.whole(parts)
    return (*whole, *taken_out) if taken_out else whole


def _long(context: Context, rules: Rules, trace: Trace, taken_out: Sequence[ReportRow]) -> Sequence[ReportRow]:
    rows = Packed(_listed, _made, PORTION)
    for segment in context.message.segments:
        name = position(context.message, segment)
        rows.extend(_segment(segment, name, rules, trace, trace.mapped.pop(segment.position, ())))
        segment.forget()
    rows.extend(taken_out)
    return rows if len(rows) > PORTION else tuple(rows)


def _listed(row: ReportRow) -> Listed:
    return row.source, row.outcome, row.targets, row.reason


def _made(listed: Listed) -> ReportRow:
    source, outcome, targets, reason = listed
    return ReportRow(source=source, outcome=outcome, targets=tuple(targets), reason=reason)


#: How long segments may be whose rows are remembered, in characters.
_LONGEST: Final = 1024
_text: Final = attrgetter("text")

#: What was noted of a segment: field, repetition, and by component what became of it.
_Noted = tuple[tuple[int, int, tuple[tuple[int, tuple[Outcome, str]], ...]], ...]


def _by_segment(trace: Trace) -> Mapping[int, _Noted]:
    found: dict[int, _Noted] = {}
    for (at, n, rep), notes in trace.notes.items():
        found[at] = (*found.get(at, ()), (n, rep, tuple(notes.items())))
    return found


def _part(segment: Segment, shape: bytes, name: str, rules: Rules, trace: Trace, noted: Mapping[int, _Noted]) -> Part:
    """The rows of a segment: what fields hold does not matter, only how they are divided and what was noted of them."""
    at = segment.position
    ways = tuple(trace.mapped.get(at, ()))
    key = (name, shape, segment.separators, ways, trace.refused.get(at), noted.get(at))
    return rules.told.part(key) or rules.told.keep(key, _segment(segment, name, rules, trace, ways))


def _shapes(message: Message) -> list[bytes]:
    """How each segment is divided: its delimiters, with an `x` for what stands between them.

    A byte for each byte in the place of all filling, then one for a run of them.
    """
    text = "\r".join([segment.text for segment in message.segments])
    shape = text.encode("utf-8", "replace").translate(_delimiting(message.separators)).replace(_RUN, b"x")
    while b"xx" in shape:
        shape = shape.replace(b"xx", b"x")
    return shape.split(b"\r")


_RUN: Final = b"xxxxxxxx"


@lru_cache(maxsize=256)
def _delimiting(separators: Separators) -> bytes:
    """Each byte as what it says of the shape; `""` is no filling, since it says that there is nothing."""
    s = separators
    kept = f'\r"{s.field}{s.component}{s.repetition}{s.subcomponent}'.encode()
    return bytes([byte if byte in kept else _RUN[0] for byte in range(256)])


def _segment(segment: Segment, name: str, rules: Rules, trace: Trace, went: Sequence[Way]) -> list[ReportRow]:
    rows: list[ReportRow] = []
    place = segment.position
    refused = rules.refused.get(segment.name, _NONE)
    carried = rules.carried.get(segment.name, _NONE)
    conditions = rules.conditions.get(segment.name, _NONE)
    whole = trace.refused.get(place)
    one_leaf = _one_leaf if segment.ordinal < _MANY else _one_leaf.__wrapped__
    noted = trace.noted(place)
    mapped: dict[tuple[int, int], tuple[Mapped, ...]] = {}
    for n, rep, way in went:
        mapped[n, rep] = (*mapped.get((n, rep), ()), way)
    for n, raw in enumerate(segment.fields()):
        if not raw or n == 0:
            continue
        carrier = carried.get(n, "")
        why = "" if carrier else whole or refused.get(n, NO_MAPPING)
        if why is NO_MAPPING and n in conditions and not any(at == n for at, _ in mapped):
            why = conditions[n]
        field = (name, n, carrier, why)
        if _is_one_leaf(raw, segment) and (place, n, 1) not in noted:
            ways = mapped.get((n, 1), ()) + mapped.get((n, 0), ())
            rows.append(one_leaf(field, ways))
        else:
            _field(rows, field, segment, mapped, noted)
    return rows


#: Messages of one sender give the same rows again and again: they are made once, by what they depend on. Not those of
#: segments that few messages have as many of.
_KEPT: Final = 32768
_MANY: Final = 256


@lru_cache(maxsize=_KEPT)
def _one_leaf(field: _Field, ways: tuple[Mapped, ...]) -> ReportRow:
    return _row(field, 1, "", _verdict(ways, 1, 1) or _unread(field))


@lru_cache(maxsize=_KEPT)
def _components(field: _Field, rep: int, filled: bytes, ways: tuple[Mapped, ...]) -> tuple[ReportRow, ...]:
    """The rows of a repetition whose components are not divided; `filled` has a byte for each that holds something."""
    fixed = _unread(field)
    named = [(comp, f".{comp}" if len(filled) > 1 else "") for comp, holds in enumerate(filled, 1) if holds]
    return tuple([_row(field, rep, leaf, _verdict(ways, comp, 1) or fixed) for comp, leaf in named])


def _unread(field: _Field) -> Verdict:
    """What is said of a leaf that nothing read."""
    _, _, carrier, reason = field
    return ("carried", (carrier,), "") if carrier else ("refused", (), reason)


def _row(field: _Field, rep: int, leaf: str, verdict: Verdict) -> ReportRow:
    source = f"{field[0]}-{field[1]}[{rep}]{leaf}"
    outcome, targets, reason = verdict
    return ReportRow(source=source, outcome=outcome, targets=targets, reason=reason)


_same_row: Final = lru_cache(maxsize=_KEPT)(_row)


def _is_one_leaf(raw: str, segment: Segment) -> bool:
    """Whether a field is not divided at all, as most are; delimiters that are not declared, or are, leave it open."""
    s = segment.separators
    return s.component not in raw and s.repetition not in raw and s.subcomponent not in raw


def _is_flat(repetition: Repetition) -> bool:
    """Whether no component is divided, or says that it states nothing."""
    return repetition.separators.subcomponent not in repetition.text and _NULL not in repetition.text


def _field(
    rows: list[ReportRow], field: _Field, segment: Segment, mapped: _Ways, noted: Mapping[tuple[int, int, int], Notes]
) -> None:
    place, n = segment.position, field[1]
    everywhere = mapped.get((n, 0), ())
    components, row = (_components, _same_row) if segment.ordinal < _MANY else (_components.__wrapped__, _row)
    header = n < 3 and segment.name in HEADERS
    for rep, repetition in enumerate(segment.repetitions(n), 1):
        if not repetition.text:
            continue
        if header:
            rows.append(_same_row(field, rep, "", _unread(field)))
            continue
        ways = mapped.get((n, rep), ()) + everywhere
        notes = noted.get((place, n, rep)) if noted else None
        if notes is None and _is_flat(repetition):
            rows.extend(components(field, rep, bytes(map(bool, repetition.components())), ways))
        else:
            rows.extend(_with_notes(row, field, rep, repetition, ways, notes or {}))


def _with_notes(
    row: Callable[[_Field, int, str, Verdict], ReportRow],
    field: _Field,
    rep: int,
    repetition: Repetition,
    ways: tuple[Mapped, ...],
    notes: Notes,
) -> Iterator[ReportRow]:
    fixed = _unread(field)
    for leaf, comp, sub, empty in _leaves(repetition):
        verdict = _EMPTY if empty else _verdict(ways, comp, sub) or fixed
        yield row(field, rep, leaf, _with_note(verdict, fixed, notes, comp) if notes else verdict)


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


@lru_cache(maxsize=4096)
def _mapped(element: str) -> Verdict:
    return ("mapped", (element,), "")


def _verdict(ways: Sequence[Mapped], comp: int, sub: int) -> Verdict | None:
    """Mapped to the elements that component became; None if nothing read it."""
    if len(ways) == 1:
        element = ways[0].element(comp, sub)
        return _mapped(element) if element is not None else None
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
