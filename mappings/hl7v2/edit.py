"""A message whose fields can be changed before it is mapped, and what was taken out of it on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from mappings.hl7v2.escapes import escape, unescape
from mappings.hl7v2.parser import Message, Segment
from mappings.hl7v2.place import Place
from mappings.hl7v2.separators import HEADERS, Separators

#: Gives the new unescaped text of a leaf or of a whole from the old one.
Change = Callable[[str], str]

#: Most parts a change may add to reach its place: more is a slip in a profile.
MOST: Final = 999


class Editable:
    """The raw field texts of a message by segment; changes go through `change`, `raw` and `put`."""

    def __init__(self, message: Message) -> None:
        self.separators: Separators = message.separators
        self._message = message
        self._rows = [list(s.fields()) for s in message.segments]
        self._before = list(zip(message.segments, self._rows, strict=True))
        self._moved: dict[tuple[int, int], str] = {}

    def rows(self, name: str) -> list[list[str]]:
        """The segments of that name as lists of raw fields; index 0 is the name. They may be changed in place."""
        return [row for row in self._rows if row[0] == name]

    def drop(self, row: list[str]) -> None:
        """Take a segment out."""
        self._rows = [each for each in self._rows if each is not row]

    def moved(self, row: list[str], field: int, to: str) -> None:
        """Note where the text of a field went."""
        self._moved[id(row), field] = to

    def taken_out(self) -> Iterator[tuple[Segment, int, str]]:
        """Segment and field (as they were) that hold less than before, and the place their text was moved to, if so."""
        kept = {id(row) for row in self._rows}
        for segment, row in self._before:
            there = row if id(row) in kept else row[:1]
            if there == segment.fields():
                continue
            for n, raw in enumerate(segment.fields()):
                now = there[n] if n < len(there) else ""
                if now != raw and self._leaves(now) < self._leaves(raw):
                    yield segment, n, self._moved.get((id(row), n), "")

    def _leaves(self, raw: str) -> int:
        s = self.separators
        for separator in (s.component, s.subcomponent):
            raw = raw.replace(separator, s.repetition) if separator and s.repetition else raw
        return sum(map(bool, raw.split(s.repetition) if s.repetition else [raw]))

    def segment(self, row: list[str]) -> Segment:
        """A segment as it stands now, to be read; its position is not that in the message."""
        return Segment(row[0], self._line(row), 0, 1, self.separators)

    def message(self) -> Message:
        """The message as it stands now; the same where nothing was changed."""
        if self._rows == [segment.fields() for segment in self._message.segments]:
            return self._message
        return Message(self.separators, [self._line(row) for row in self._rows])

    def _line(self, row: list[str]) -> str:
        fields = [row[0], *row[2:]] if row[0] in HEADERS else row
        return self.separators.field.join(fields)

    def raw(self, row: list[str], place: Place) -> str:
        """Raw text at `place` in one segment; "" where there is nothing."""
        text = row[place.field] if place.field < len(row) else ""
        for separator, number in self._steps(place):
            parts = text.split(separator) if separator else [text]
            text = parts[number - 1] if number <= len(parts) else ""
        return text

    def put(self, row: list[str], place: Place, raw: str) -> None:
        """Put raw text at `place` in one segment; parts before it are added empty."""
        row.extend([""] * (min(place.field, MOST) + 1 - len(row)))
        row[place.field] = _put(row[place.field], self._steps(place), raw)

    def change(self, row: list[str], place: Place, change: Change) -> None:
        """Change the leaves at `place`: of every repetition, component and subcomponent it does not narrow down."""
        if place.field < len(row) and row[place.field]:
            row[place.field] = self._changed(row[place.field], [(s, n) for s, n in self._levels(place) if s], change)

    def repetitions(self, row: list[str], field: int) -> list[str]:
        """Raw texts of the repetitions of a field; none where it is empty."""
        whole = row[field] if field < len(row) else ""
        separator = self.separators.repetition
        return (whole.split(separator) if separator else [whole]) if whole else []

    def _changed(self, text: str, levels: list[tuple[str, int]], change: Change) -> str:
        if not levels:
            return self._leaf(text, change) if text else text
        (separator, number), *deeper = levels
        parts = text.split(separator)
        for i, part in enumerate(parts, 1):
            if number in {0, i}:
                parts[i - 1] = self._changed(part, deeper, change)
        return separator.join(parts)

    def _leaf(self, raw: str, change: Change) -> str:
        text = unescape(raw, self.separators)
        changed = change(text)
        return raw if changed == text else escape(changed, self.separators)

    def _levels(self, place: Place) -> list[tuple[str, int]]:
        s = self.separators
        return [(s.repetition, place.rep), (s.component, place.comp), (s.subcomponent, place.sub)]

    def _steps(self, place: Place) -> list[tuple[str, int]]:
        """Separators and numbers down to a single place: the first of what it leaves open above it."""
        levels = self._levels(place)
        while levels and not levels[-1][1]:
            levels.pop()
        return [(separator, number or 1) for separator, number in levels]


def _put(text: str, steps: list[tuple[str, int]], raw: str) -> str:
    if not steps:
        return raw
    (separator, number), *deeper = steps
    parts = text.split(separator) if separator else [text]
    parts.extend([""] * (min(number, MOST) - len(parts)))
    parts[number - 1] = _put(parts[number - 1], deeper, raw)
    return separator.join(parts)
