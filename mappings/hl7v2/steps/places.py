"""Steps that bring texts to other places, or to where nothing stands."""

from __future__ import annotations

from mappings.hl7v2.edit import Editable
from mappings.hl7v2.escapes import escape
from mappings.hl7v2.place import Place, place
from mappings.hl7v2.profile import Step
from mappings.hl7v2.steps.rows import repetitions_of, rows_of


def copy(edited: Editable, step: Step) -> None:
    """Copy a field or a part of one to where nothing stands; between segments, from the first that has it."""
    _copied(edited, step)


def move(edited: Editable, step: Step) -> None:
    """As `copy`, and empty the source whose text now stands at the target; elsewhere it stays."""
    source = place(step.source)
    for origin in _copied(edited, step):
        edited.put(origin, source, "")
        edited.moved(origin, source.field, step.at)


def _copied(edited: Editable, step: Step) -> list[list[str]]:
    """The segments whose text was copied, or stood at the target already."""
    source, target = place(step.source), place(step.at)
    origins: dict[int, list[str]] = {}
    elsewhere = next((row for row in edited.rows(source.segment) if edited.raw(row, source)), None)
    for row in rows_of(edited, step, target.segment):
        origin = row if source.segment == target.segment else elsewhere
        text = edited.raw(origin, source) if origin is not None else ""
        if origin is None or not text:
            continue
        if not edited.raw(row, target):
            edited.put(row, target, text)
        if edited.raw(row, target) == text:
            origins[id(origin)] = origin
    return list(origins.values())


def set_default(edited: Editable, step: Step) -> None:
    """Put a text where nothing stands: in an empty field, or in that part of every repetition that holds something."""
    target = place(step.at)
    whole = Place(target.segment, target.field, target.rep)
    for row in rows_of(edited, step, target.segment):
        raw = _default(edited, step, row)
        for each in repetitions_of(edited, row, target) if raw else ():
            if not edited.raw(row, each) and (
                target == whole or edited.raw(row, Place(each.segment, each.field, each.rep))
            ):
                edited.put(row, each, raw)


def _default(edited: Editable, step: Step, row: list[str]) -> str:
    """The text of the step, or that of the place it names: in the same segment, else the first that has it."""
    if not step.source:
        return escape(step.value, edited.separators)
    source = place(step.source)
    rows = [row] if row[0] == source.segment else edited.rows(source.segment)
    return next((text for each in rows if (text := edited.raw(each, source))), "")
