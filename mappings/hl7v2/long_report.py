"""The report of a long message, whose rows would weigh more than all it says: packed, and made anew when asked for."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final, overload

from hub.fhir.json import dumps, loads
from hub.kernel.types import ReportRow

#: Rows that are packed together.
PORTION: Final = 4096
_LEVEL: Final = 1


class LongReport(Sequence[ReportRow]):
    """Rows in their order. To go through them costs one portion of memory; to ask for one, its portion of work."""

    def __init__(self) -> None:
        self._packed: Final[list[tuple[int, bytes]]] = []

    def take(self, rows: list[ReportRow]) -> None:
        """Add rows, and empty the list they came in."""
        listed = [(row.source, row.outcome, row.targets, row.reason) for row in rows]
        self._packed.append((len(rows), zlib.compress(dumps(listed), _LEVEL)))
        rows.clear()

    def __len__(self) -> int:
        return sum(length for length, _ in self._packed)

    def __iter__(self) -> Iterator[ReportRow]:
        for _, packed in self._packed:
            yield from _rows(packed)

    @overload
    def __getitem__(self, index: int) -> ReportRow: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[ReportRow]: ...
    def __getitem__(self, index: int | slice) -> ReportRow | Sequence[ReportRow]:
        if isinstance(index, slice):
            return tuple(self)[index]
        at = index + len(self) if index < 0 else index
        for row in islice(self, max(at, 0), None):
            if at >= 0:
                return row
        raise IndexError(index)


def _rows(packed: bytes) -> Iterator[ReportRow]:
    for source, outcome, targets, reason in loads(zlib.decompress(packed)):
        yield ReportRow(source=source, outcome=outcome, targets=tuple(targets), reason=reason)
