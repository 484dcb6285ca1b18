"""The interpreter: rows compiled once to closures, run over segments to fill resources."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from hub.fhir.json import dumps, loads
from hub.kernel.errors import Category, HubError
from mappings.hl7v2.building import Building
from mappings.hl7v2.codetables import table
from mappings.hl7v2.conditions import Condition, compile_condition
from mappings.hl7v2.context import Context
from mappings.hl7v2.datatypes.base import SHORT, Converter, Datatype, Options
from mappings.hl7v2.datatypes.registry import DATATYPES
from mappings.hl7v2.mark import Mark, say_again
from mappings.hl7v2.parser import Segment
from mappings.hl7v2.paths import Kept, Place, compile_path
from mappings.hl7v2.program import Compiled, Program, Step, label_of, reads_of
from mappings.hl7v2.repeated import NOTHING, Meant, has_room
from mappings.hl7v2.rowfile import Row, changed_rows, row_files
from mappings.hl7v2.told import Told
from mappings.hl7v2.trace import Mapped, mapped


@dataclass(frozen=True, slots=True)
class Rules:
    """The compiled rows: steps by segment and target resource, and what is said of fields without a row.

    `apart`: segments and targets that only the sender's profile brings together; see `resources.apart`. `conditions`:
    what is said of a field none of which was mapped since its rows ask for something. `told`: the reports so far.
    """

    programs: Mapping[tuple[str, str], Program]
    refused: Mapping[str, Mapping[int, str]]
    carried: Mapping[str, Mapping[int, str]]
    apart: frozenset[tuple[str, str]] = frozenset()
    conditions: Mapping[str, Mapping[int, str]] = field(default_factory=dict)
    told: Told = field(default_factory=Told, compare=False)

    def run(self, segment: Segment, building: Building, context: Context) -> None:
        """Fill the resource of `building` with what `segment` says of it."""
        context.segment = segment
        if self.apart:
            context.filled.append((segment.position, building))
        program = self.programs.get((segment.name, building.resource["resourceType"]))
        if program is not None:
            program.run(segment, building, context)


def compile_rules(canonical_base: str, changes: Mapping[str, Mapping[str, Any] | None]) -> Rules:
    """Compile all rows, with a profile's changes. Raises HubError INVALID for a row that says what nobody knows."""
    files = row_files()
    base = [row for file in files for row in file.rows]
    programs: dict[tuple[str, str], list[Compiled]] = {}
    rows = tuple(changed_rows(base, changes))
    for row in rows:
        programs.setdefault((row.segment, row.resource), []).append(compile_row(row, canonical_base))
    return Rules(
        {key: Program(steps) for key, steps in programs.items()},
        {file.segment: file.refused for file in files},
        {file.segment: file.carried for file in files},
        frozenset(programs) - {(row.segment, row.resource) for row in base},
        {file.segment: _conditions(rows, file.segment) for file in files},
    )


def _conditions(rows: Sequence[Row], segment: str) -> dict[int, str]:
    """Why nothing was mapped of a field whose rows all ask for one condition."""
    found: dict[int, set[str]] = {}
    for row in rows:
        if row.segment == segment:
            found.setdefault(row.at, set()).add(row.when)
    return {at: f"mapped only if {when}" for at, (when, *others) in found.items() if when and not others}


def compile_row(row: Row, canonical_base: str) -> Compiled:
    """One row as a step. Raises HubError INVALID."""
    datatype = _datatype(row)
    convert = datatype.make(Options(table(row.table) if row.table else None, row.word))
    condition = compile_condition(row.when) if row.when else None
    place = compile_path(row.to, _based(row.members, canonical_base), _based(row.outer, canonical_base))
    way = Mapped(f"{row.resource}.{row.to}", datatype.parts)
    read = _reader(row.at, convert)
    step = _step(row, _remembering(read, way) if datatype.repeated else read, condition, place, way)
    reads = reads_of(row, repeated=datatype.repeated and not datatype.numbers)
    return Compiled(row.at, step, _top(row.to), label_of(row.to), reads)


#: The repetitions of a field (its segment, its text) that have a value, by number, with it.
Reader = Callable[[Segment, str, Context], Sequence[tuple[int, Any]]]


def _reader(n: int, convert: Converter) -> Reader:
    def read(segment: Segment, _: str, context: Context) -> Sequence[tuple[int, Any]]:
        found = []
        for rep, repetition in enumerate(segment.repetitions(n), 1):
            if repetition.text:
                context.rep = rep
                value = convert(repetition, context)
                if value is not None:
                    found.append((rep, value))
        return found

    return read


def _remembering(read: Reader, way: Mapped) -> Reader:
    """Reads a text of a sender once, if it says nothing but its values and that codes in it are not known."""

    def remember(segment: Segment, raw: str, context: Context) -> Sequence[tuple[int, Any]]:
        meant = context.known.get((way, raw))
        if meant is None or (meant.beside is not NOTHING and not say_again(meant.beside, context)):
            return learn(segment, raw, context)
        return [(rep, loads(value) if value.__class__ is bytes else value) for rep, value in meant.values]

    def learn(segment: Segment, raw: str, context: Context) -> Sequence[tuple[int, Any]]:
        mark = Mark(context)
        values = read(segment, raw, context)
        beside = mark.read()
        if beside is not None and len(raw) <= SHORT and has_room(context.known) and not context.blocks():
            context.known[way, raw] = Meant(tuple([(rep, _kept(value)) for rep, value in values]), beside)
        return values

    return remember


def _kept(value: Any) -> Any:
    """A value as it is remembered: JSON of what the resource it goes into may change."""
    return dumps(value) if isinstance(value, dict | list) else value


def _step(row: Row, read: Reader, condition: Condition | None, place: Place, way: Mapped) -> Step:
    n = row.at
    clearing = Mapped(f"{row.resource}.{row.to} (cleared)", {"*": ""})
    top = row.to if row.to in _BY_PARTS else _top(row.to)

    def step(
        segment: Segment, fields: Sequence[str], building: Building, context: Context, labels: dict[str, Any]
    ) -> None:
        raw = fields[n]
        context.field = n
        if raw == '""':
            _clear(building, top, context, clearing)
            return
        if condition is not None and not condition(context):
            return
        resource = building.resource
        tracing = context.trace is not None
        for rep, value in read(segment, raw, context):
            context.rep = rep
            if isinstance(value, Kept):
                _keep(value.text, building, context)
            elif place(resource, value, labels):
                if tracing:
                    context.took(segment, n, way, rep)
            else:
                context.displaced()

    return step


def _top(path: str) -> str:
    """The element of the resource that a path leads into."""
    return path.partition(".")[0].partition("[")[0]


def _keep(text: str, building: Building, context: Context) -> None:
    original = context.original(text)
    kept = building.resource.setdefault("extension", [])
    if original not in kept:
        kept.append(original)
    way = mapped(f"{building.resource['resourceType']}.extension[].valueString")
    context.took(context.segment, context.field, way, context.rep)


#: Paths of the ends of a stay, which are cleared one by one (see `Draft.clears`).
_BY_PARTS: Final = frozenset({"period.start", "period.end"})


def _clear(building: Building, top: str, context: Context, way: Mapped) -> None:
    context.said += 1
    if building.merge == "overlay" and context.habits.profile.clears(context.segment.name, context.field):
        building.clears[top] = None
        context.took(context.segment, context.field, way)
    else:
        context.rep = 1
        context.note(
            "refused", 'the facility profile ignores ""' if building.merge == "overlay" else '"" states nothing'
        )


def _datatype(row: Row) -> Datatype:
    if row.value is not None:
        constant = row.value
        return Datatype(lambda _: lambda _rep, _context: constant, {"*": ""})
    found = DATATYPES.get(row.datatype)
    if found is None:
        raise HubError(Category.INVALID, f"no datatype map {row.datatype!r}", where=row.key)
    return found


def _based(members: Mapping[str, Any] | None, canonical_base: str) -> Mapping[str, Any] | None:
    """Constants with the hub's canonical base put in."""
    if members is None:
        return None
    return {
        name: value.replace("{base}", canonical_base) if isinstance(value, str) else value
        for name, value in members.items()
    }
