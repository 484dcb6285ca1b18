"""The rows for one segment and one resource, run over the fields that a segment fills.

Rows one after the other that depend on texts of the segment alone are a stretch. A sender fills the same stretch again
and again (codes, flags, wards, people), so what it came to in a resource is remembered and placed at once.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby, islice
from operator import itemgetter
from typing import Any, Final, NamedTuple

from hub.fhir.json import dumps, loads
from mappings.hl7v2.building import Building
from mappings.hl7v2.context import Context
from mappings.hl7v2.mark import Mark, say_again
from mappings.hl7v2.parser import Segment
from mappings.hl7v2.paths import LONG_LISTS
from mappings.hl7v2.repeated import NOTHING, Together
from mappings.hl7v2.rowfile import Row
from mappings.hl7v2.sharing import LONG

#: Applies a row, or several, to a segment with these fields; the dictionary keeps labelled elements of this segment.
Step = Callable[[Segment, Sequence[str], Building, Context, dict[str, Any]], None]

#: Ways of filling a segment that are kept for one program; a sender has a few.
_MOST: Final = 1024
#: Characters of a segment whose stretches are remembered.
_LONGEST: Final = 1024
_FIELD: Final = re.compile(r"\b([A-Z][A-Z0-9]{2})-(\d+)")
#: A path into a labelled element of the resource, which rows of one segment share.
_LABELLED: Final = re.compile(r"([A-Za-z]+\[[A-Za-z][\w-]*\])\.[A-Za-z.\[\]]+\Z")


class Compiled(NamedTuple):
    """A row as a step; the element it fills, its label ("" if it has none), and the fields its value depends on (None:
    on more than these, or its text comes again with nothing else).
    """

    at: int
    step: Step
    top: str
    label: str
    reads: frozenset[int] | None


def label_of(path: str) -> str:
    """The labelled element a path leads into, as `contact[this]`; "" if it leads into none."""
    found = _LABELLED.match(path)
    return found[1] if found else ""


def reads_of(row: Row, *, repeated: bool) -> frozenset[int] | None:
    """The fields a row depends on; None for one whose text never comes again, or that asks for other segments."""
    asked = _FIELD.findall(row.when)
    inside = row.to.removeprefix(label_of(row.to)).replace("[]", "")
    if not repeated or "[" in inside or any(name != row.segment for name, _ in asked):
        return None
    return frozenset([row.at, *(int(n) for _, n in asked)])


class _Stretch:
    """Rows one after the other, for segments of `count` fields; `texts` takes those they depend on."""

    __slots__ = ("lists", "steps", "texts", "tops")

    def __init__(self, rows: Sequence[Compiled], count: int) -> None:
        self.steps: Final = [each.step for each in rows]
        asked = sorted({n for each in rows for n in each.reads or () if n < count})
        self.texts: Final[Callable[[Sequence[str]], Any]] = itemgetter(*asked) if asked else tuple
        self.lists: Final = tuple(dict.fromkeys([each.top for each in rows if each.label]))
        tops = [name for each in rows if not each.label for name in (each.top, f"_{each.top}")]
        self.tops: Final = frozenset([*tops, "extension"])

    def run(
        self, segment: Segment, fields: Sequence[str], building: Building, context: Context, labels: dict[str, Any]
    ) -> None:
        """Place the rows at once if they came to something before in a resource that has none of their elements."""
        resource = building.resource
        if context.habits.profile.unmapped or not self.tops.isdisjoint(resource):
            for step in self.steps:
                step(segment, fields, building, context, labels)
            return
        key = (self, context.event, self.texts(fields))
        known = context.stretches.get(key)
        if known is None or (known.beside is not NOTHING and not say_again(known.beside, context)):
            self._learn(key, segment, fields, building, context, labels)
            return
        elements = loads(known.elements)
        for name in self.lists:
            if name in resource and name in elements:
                resource[name] += elements.pop(name)
        resource.update(elements)
        if context.trace is not None:
            context.trace.add_all(segment.position, known.ways)
        context.field, context.rep = known.stood

    def _learn(
        self,
        key: tuple[object, str, object],
        segment: Segment,
        fields: Sequence[str],
        building: Building,
        context: Context,
        labels: dict[str, Any],
    ) -> None:
        """Place it row by row, and remember what it came to if that is all that was said."""
        resource, ways = building.resource, context.trace.mapped if context.trace is not None else {}
        before, went = len(resource), len(ways.get(segment.position, ()))
        lengths = {name: len(resource[name]) for name in self.lists if name in resource}
        mark = Mark(context)
        for step in self.steps:
            step(segment, fields, building, context, labels)
        beside = mark.read()
        if beside is None or segment.ordinal > LONG or len(segment.text) > _LONGEST:
            return
        elements = {name: resource[name][length:] for name, length in lengths.items() if len(resource[name]) > length}
        elements |= {name: resource[name] for name in islice(resource, before, None)}
        taken = tuple(ways.get(segment.position, ())[went:])
        context.stretches[key] = Together(dumps(elements), taken, beside, (context.field, context.rep))


def _steps(rows: Sequence[Compiled], count: int) -> Iterator[Step]:
    """Rows as stretches, and one by one between them. All rows of a label stand in one stretch, or in none."""
    labelled = Counter([each.label for each in rows])
    for together, group in groupby(rows, lambda each: each.reads is not None):
        found = list(group)
        whole = all(labelled[label] == n for label, n in Counter([each.label for each in found]).items() if label)
        if together and whole and len(found) > 1:
            yield _Stretch(found, count).run
        else:
            yield from [each.step for each in found]


class Program:
    """The rows for one segment and one resource."""

    def __init__(self, rows: Sequence[Compiled]) -> None:
        self._rows: Final = rows
        self._filled: Final[dict[bytes, tuple[Step, ...]]] = {}

    def run(self, segment: Segment, building: Building, context: Context) -> None:
        """Apply the rows to the fields that the segment fills."""
        fields = segment.fields()
        labels: dict[str, Any] = {LONG_LISTS: context.long_lists}
        shape = bytes(map(bool, fields))
        steps = self._filled.get(shape)
        if steps is None:
            steps = self._plan(fields, shape)
        for step in steps:
            step(segment, fields, building, context, labels)

    def _plan(self, fields: Sequence[str], shape: bytes) -> tuple[Step, ...]:
        """The steps for segments that fill the same fields as this one."""
        count = len(fields)
        steps = tuple(_steps([each for each in self._rows if each.at < count and fields[each.at]], count))
        if len(self._filled) < _MOST:
            self._filled[shape] = steps
        return steps
