"""A message whose fields can be changed before it is mapped; the segments keep their number and order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from mappings.hl7v2.escapes import escape, unescape
from mappings.hl7v2.parser import Message
from mappings.hl7v2.place import Place
from mappings.hl7v2.separators import HEADERS, Separators

#: Gives the new unescaped text of a leaf or of a whole from the old one.
Change = Callable[[str], str]

#: Most parts a change may add to reach its place: more is a slip in a profile.
_MOST: Final = 999


class Editable:
    """The raw field texts of a message by segment; changes go through `change`, `raw` and `put`."""

    def __init__(self, message: Message) -> None:
        self.separators: Separators = message.separators
        self._source = message.source
        self._rows = [[s.raw(n) for n in range(s.fields_count + 1)] for s in message.segments]

    def rows(self, name: str) -> list[list[str]]:
        """The segments of that name as lists of raw fields; index 0 is the name. They may be changed in place."""
        return [row for row in self._rows if row[0] == name]

    def message(self) -> Message:
        """The message as it stands now."""
        return Message(self._source, self.separators, [self._line(row) for row in self._rows])

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
        row.extend([""] * (min(place.field, _MOST) + 1 - len(row)))
        row[place.field] = _put(row[place.field], self._steps(place), raw)

    def change(self, row: list[str], place: Place, change: Change) -> None:
        """Change the leaves at `place`: of every repetition, component and subcomponent it does not narrow down."""
        if place.field < len(row) and row[place.field]:
            row[place.field] = self._changed(row[place.field], [(s, n) for s, n in self._levels(place) if s], change)

    def _changed(self, text: str, levels: list[tuple[str, int]], change: Change) -> str:
        if not levels:
            return escape(change(unescape(text, self.separators)), self.separators) if text else text
        (separator, number), *deeper = levels
        parts = text.split(separator)
        for i, part in enumerate(parts, 1):
            if number in {0, i}:
                parts[i - 1] = self._changed(part, deeper, change)
        return separator.join(parts)

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
    parts.extend([""] * (min(number, _MOST) - len(parts)))
    parts[number - 1] = _put(parts[number - 1], deeper, raw)
    return separator.join(parts)
