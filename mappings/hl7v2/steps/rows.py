"""Which segments a step works on: those of a name for which its condition holds."""

from __future__ import annotations

from functools import lru_cache

from mappings.hl7v2.conditions import Condition, compile_condition
from mappings.hl7v2.edit import Editable
from mappings.hl7v2.parser import Segment
from mappings.hl7v2.place import Place
from mappings.hl7v2.profile import Step


def rows_of(edited: Editable, step: Step, name: str) -> list[list[str]]:
    """The segments of a name for which the step's condition holds."""
    rows = edited.rows(name)
    if not step.when:
        return rows
    condition = condition_of(step.when)
    return [row for row in rows if condition(_Beside(edited, row))]


@lru_cache(maxsize=1024)
def condition_of(text: str) -> Condition:
    """The condition a step states, compiled once. Raises HubError INVALID."""
    return compile_condition(text)


class _Beside:
    """What a condition may ask about one segment of an editable message."""

    def __init__(self, edited: Editable, row: list[str]) -> None:
        self._edited = edited
        self._row = row

    @property
    def event(self) -> str:
        header = self.beside("MSH")
        return header.get(9, 1, 2) if header else ""

    def beside(self, name: str) -> Segment | None:
        rows = [self._row] if self._row[0] == name else self._edited.rows(name)
        return self._edited.segment(rows[0]) if rows else None


def repetitions_of(edited: Editable, row: list[str], target: Place) -> list[Place]:
    """The place in each repetition that holds something, or in the first where the field is empty."""
    separator = edited.separators.repetition
    if target.rep or not separator:
        return [target]
    filled = [i for i, text in enumerate(edited.repetitions(row, target.field), 1) if text] or [1]
    return [Place(target.segment, target.field, i, target.comp, target.sub) for i in filled]
