"""Reports that say the same: a sender fills the same fields again and again, so what became of them is told once.

The rows of a segment depend on how it is divided and which ways its fields went, those of a message on its segments.
Messages that are told of in the same rows have one report, so that whoever packs or counts it may know it again.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from hub.kernel.types import ReportRow

#: Segments whose rows are remembered of one sender; when there are more, all are told anew.
_MOST: Final = 4096
#: Messages likewise, and the segments they may have: one of more is seldom told of in the same rows again.
_MOST_WHOLE: Final = 1024
_MOST_PARTS: Final = 64


class Part:
    """The rows of one segment, compared by identity."""

    __slots__ = ("rows",)

    def __init__(self, rows: Iterable[ReportRow]) -> None:
        self.rows = tuple(rows)


class Told:
    """What one sender's messages were told of in."""

    def __init__(self) -> None:
        self._parts: Final[dict[tuple[object, ...], Part]] = {}
        self._wholes: Final[dict[tuple[Part, ...], tuple[ReportRow, ...]]] = {}

    def part(self, key: tuple[object, ...]) -> Part | None:
        """The rows of a segment like it, if there was one."""
        return self._parts.get(key)

    def keep(self, key: tuple[object, ...], rows: Iterable[ReportRow]) -> Part:
        """Remember the rows of a segment by all they depend on."""
        if len(self._parts) >= _MOST:
            self._parts.clear()
            self._wholes.clear()
        part = self._parts[key] = Part(rows)
        return part

    def whole(self, parts: tuple[Part, ...]) -> tuple[ReportRow, ...]:
        """The rows of a message that has these segments."""
        found = self._wholes.get(parts)
        if found is None:
            found = tuple([row for part in parts for row in part.rows])
            if len(parts) <= _MOST_PARTS:
                if len(self._wholes) >= _MOST_WHOLE:
                    self._wholes.clear()
                self._wholes[parts] = found
        return found
