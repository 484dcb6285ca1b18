"""The rows for one segment and one resource, run over the fields that a segment fills.

Rows in front that depend on texts of the segment alone are its head. A sender fills the same head again and again
(codes, flags, wards, people), so what it came to in a resource is remembered and placed at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import islice, takewhile
from operator import itemgetter
from typing import Any, Final, NamedTuple

from hub.fhir.json import dumps, loads
from mappings.hl7v2.context import Building, Context, Trace
from mappings.hl7v2.mark import Mark, draft_again
from mappings.hl7v2.parser import Segment
from mappings.hl7v2.paths import LONG_LISTS
from mappings.hl7v2.repeated import Together
from mappings.hl7v2.rowfile import Row
from mappings.hl7v2.sharing import LONG

#: Applies one row to a segment whose field holds that text; the dictionary keeps labelled elements of this segment.
Step = Callable[[Segment, str, Building, Context, dict[str, Any]], None]

#: Ways of filling a segment that are kept for one program; a sender has a few.
_MOST: Final = 1024
#: Characters of a segment whose head is remembered.
_LONGEST: Final = 1024
_FIELD: Final = re.compile(r"\b([A-Z][A-Z0-9]{2})-(\d+)")


class Compiled(NamedTuple):
    """A row as a step; the element it fills, and the fields its value depends on (None: on more than these)."""

    at: int
    step: Step
    top: str
    reads: frozenset[int] | None


def reads_of(row: Row, *, repeated: bool) -> frozenset[int] | None:
    """The fields a row depends on; None for one whose text never comes again, or that asks for other segments."""
    asked = _FIELD.findall(row.when)
    if not repeated or "[" in row.to.replace("[]", "") or any(name != row.segment for name, _ in asked):
        return None
    return frozenset([row.at, *(int(n) for _, n in asked)])


class Filled:
    """The steps of a program for segments that fill the same fields: the head, the rest, and both."""

    __slots__ = ("every", "head", "rest", "texts", "tops")

    def __init__(self, steps: Sequence[Compiled], count: int) -> None:
        head = list(takewhile(lambda each: each.reads is not None, steps))
        head = head if len(head) > 1 else []
        self.every = _plain(steps)
        self.head = _plain(head)
        self.rest = _plain(steps[len(head) :])
        asked = sorted({n for each in head for n in each.reads or () if n < count})
        self.texts: Callable[[Sequence[str]], Any] = itemgetter(*asked) if asked else tuple
        self.tops = frozenset([name for each in head for name in (each.top, f"_{each.top}")] + ["extension"])

    def place(self, segment: Segment, fields: Sequence[str], building: Building, context: Context) -> bool:
        """Place the head; False if it has to be placed row by row."""
        trace = context.trace
        if trace is None or context.habits.profile.unmapped or not self.tops.isdisjoint(building.resource):
            return False
        key = (self, context.event, self.texts(fields))
        known = context.heads.get(key)
        if known is None:
            self._learn(key, segment, fields, building, context, trace)
            return True
        if known.drafts and not draft_again(known.drafts, context):
            return False
        building.resource.update(loads(known.elements))
        trace.add_all(segment.position, known.ways)
        if known.unmapped:
            context.unmapped |= known.unmapped
        context.field, context.rep = known.stood
        return True

    def _learn(
        self,
        key: tuple[object, str, object],
        segment: Segment,
        fields: Sequence[str],
        building: Building,
        context: Context,
        trace: Trace,
    ) -> None:
        """Place it row by row, and remember what it came to if that is all that was said."""
        resource, at = building.resource, segment.position
        before, cleared, went = len(resource), len(building.clears), len(trace.mapped.get(at, ()))
        mark = Mark(context)
        run(self.head, segment, fields, building, context, {LONG_LISTS: building.long_lists})
        found = mark.read()
        if found is None or cleared != len(building.clears) or segment.ordinal > LONG or len(segment.text) > _LONGEST:
            return
        elements = dumps({name: resource[name] for name in islice(resource, before, None)})
        ways = tuple(trace.mapped.get(at, ())[went:])
        context.heads[key] = Together(elements, ways, *found, (context.field, context.rep))


def _plain(steps: Iterable[Compiled]) -> tuple[tuple[int, Step], ...]:
    return tuple([(each.at, each.step) for each in steps])


def run(
    steps: Iterable[tuple[int, Step]],
    segment: Segment,
    fields: Sequence[str],
    building: Building,
    context: Context,
    labels: dict[str, Any],
) -> None:
    """Apply steps to the fields of a segment, all of which hold something."""
    for n, step in steps:
        step(segment, fields[n], building, context, labels)


class Program:
    """The rows for one segment and one resource."""

    def __init__(self, steps: Sequence[Compiled]) -> None:
        self._steps: Final = steps
        self._filled: Final[dict[bytes, Filled]] = {}

    def filled(self, fields: Sequence[str]) -> Filled:
        """The steps for segments that fill the same fields as this one."""
        shape = bytes(map(bool, fields))
        found = self._filled.get(shape)
        if found is None:
            count = len(fields)
            found = Filled([each for each in self._steps if each.at < count and fields[each.at]], count)
            if len(self._filled) < _MOST:
                self._filled[shape] = found
        return found
