"""Conversion reports added up: what became of each source position, in how many messages and leaves. Pure.

A position is segment, field and component (`PID-3.4`); which segment of its name and which repetition do not matter.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Final, NamedTuple

import msgspec
import zstandard

from hub.kernel.types import ReportRow
from hub.pipeline.reason import storable

_LEVEL: Final = 1
_encode: Final = msgspec.json.Encoder().encode

_INDEX: Final = re.compile(r"\[\d+\]")
_PLACE: Final = re.compile(r"([^-]*)-(\d+)(?:\.(\d+))?")

#: Fields and components above these are counted together: no segment has as many, a broken message may.
MOST_FIELDS: Final = 200
MOST_COMPONENTS: Final = 50

#: Characters of targets and of reasons that tell lines apart: they stand in a key, whose length has a limit.
_LONGEST: Final = 250

#: Rows of a report from which on it is one of a kind.
_LONG: Final = 2048
#: Rows remembered by identity; a little more than the mapping keeps of them.
_MOST_ROWS: Final = 100_000


class Line(NamedTuple):
    """What can be counted: a position with what became of it. `targets` are joined by `, `."""

    position: str
    outcome: str
    targets: str
    reason: str


class Slot(NamedTuple):
    """Under which feed, day of receipt and edition of its profile something is counted."""

    feed: str
    day: date
    edition: int


#: The line of the messages themselves: how many there were, with how many leaves.
ALL: Final = Line("", "all", "", "")


class Counted(NamedTuple):
    """How often a line came in a slot. Numbers are negative where a report is taken back."""

    feed: str
    day: date
    edition: int
    position: str
    outcome: str
    targets: str
    reason: str
    messages: int
    leaves: int


_decode: Final = msgspec.json.Decoder(type=list[Counted]).decode


class Lines:
    """Numbers for lines. A mapping gives the same row object again and again, so rows are known by identity."""

    def __init__(self) -> None:
        self._numbers: Final[dict[Line, int]] = {ALL: 0}
        self._lines: Final[list[Line]] = [ALL]
        self._known: Final[dict[int, int]] = {}
        self._kept: Final[list[ReportRow]] = []

    def numbers(self, report: Sequence[ReportRow]) -> list[int]:
        """The line number of each row. Those of a report of many are not remembered: they will not come again."""
        if len(report) > _LONG:
            return [self.number(row) for row in report]
        known = self._known
        try:
            return [known[id(row)] for row in report]
        except KeyError:
            return [self._learnt(row) for row in report]

    def number(self, row: ReportRow) -> int:
        """The line number of a row that will not come again."""
        line = line_of(row)
        number = self._numbers.setdefault(line, len(self._lines))
        if number == len(self._lines):
            self._lines.append(line)
        return number

    def line(self, number: int) -> Line:
        return self._lines[number]

    def is_full(self) -> bool:
        """Whether it is time for new ones: what is remembered shall not grow for ever."""
        return len(self._kept) > _MOST_ROWS

    def _learnt(self, row: ReportRow) -> int:
        number = self._known.get(id(row))
        if number is None:
            number = self._known[id(row)] = self.number(row)
            self._kept.append(row)
        return number


@dataclass(slots=True)
class _Counts:
    messages: Counter[int] = field(default_factory=Counter)
    leaves: Counter[int] = field(default_factory=Counter)


class Tally:
    """The reports of a batch, added up. Messages that fill the same fields share a report, which is looked at once."""

    def __init__(self, lines: Lines) -> None:
        self._lines: Final = lines
        self._reports: Final[dict[int, Sequence[ReportRow]]] = {}
        self._times: Final[Counter[tuple[Slot, int]]] = Counter()
        self._slots: Final[dict[tuple[Slot, bool], _Counts]] = {}

    def add(self, slot: Slot, report: Sequence[ReportRow]) -> None:
        """Count the report of one message."""
        self._reports[id(report)] = report
        self._times[slot, id(report)] += 1

    def take_back(self, slot: Slot, report: Iterable[ReportRow]) -> None:
        """Count the report of one message no longer: it was converted again."""
        self._add(slot, [self._lines.number(row) for row in report], -1)

    def _add(self, slot: Slot, numbers: list[int], times: int) -> None:
        counts = self._slots.setdefault((slot, times > 0), _Counts())
        for number, leaves in Counter(numbers).items():
            counts.messages[number] += times
            counts.leaves[number] += times * leaves
        counts.messages[0] += times
        counts.leaves[0] += times * len(numbers)

    def counted(self) -> Iterator[Counted]:
        """What there is to add to the counters."""
        for (slot, report), times in self._times.items():
            self._add(slot, self._lines.numbers(self._reports[report]), times)
        self._times.clear()
        for (slot, _), counts in self._slots.items():
            for number, messages in counts.messages.items():
                yield Counted(*slot, *self._lines.line(number), messages, counts.leaves[number])


@lru_cache(maxsize=8192)
def _position(source: str) -> str:
    bare = _INDEX.sub("", source)
    place = _PLACE.match(bare)
    if place is None:
        return storable(bare)
    segment, field_number, component = place.groups()
    if int(field_number) > MOST_FIELDS:
        return f"{segment}-{MOST_FIELDS}+"
    if component is None:
        return f"{segment}-{field_number}"
    number = int(component)
    return f"{segment}-{field_number}." + (component if number <= MOST_COMPONENTS else f"{MOST_COMPONENTS}+")


def line_of(row: ReportRow) -> Line:
    """The line a row counts for."""
    targets, reason = storable(", ".join(row.targets)), storable(row.reason)
    return Line(_position(row.source), row.outcome, targets[:_LONGEST], reason[:_LONGEST])


def pack(counted: Sequence[Counted]) -> bytes:
    """Counts as they wait to be added to the counters."""
    return zstandard.ZstdCompressor(level=_LEVEL).compress(_encode(counted))


def unpack(packed: bytes) -> list[Counted]:
    """What `pack` packed."""
    return _decode(zstandard.ZstdDecompressor().decompress(packed))


def added(parts: Sequence[Sequence[Counted]]) -> list[Counted]:
    """The sums, without those that are nothing, in the order of the counters' key."""
    sums: dict[tuple[object, ...], Counted] = {}
    for one in (one for part in parts for one in part):
        key, sum_ = one[:-2], sums.get(one[:-2])
        sums[key] = (
            one
            if sum_ is None
            else one._replace(messages=sum_.messages + one.messages, leaves=sum_.leaves + one.leaves)
        )
    return sorted(one for one in sums.values() if one.messages or one.leaves)
