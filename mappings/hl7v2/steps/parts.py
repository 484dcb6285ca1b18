"""Steps that part repetitions, or leave out repetitions and segments."""

from __future__ import annotations

from mappings.hl7v2.edit import MOST, Editable
from mappings.hl7v2.escapes import escape
from mappings.hl7v2.place import Place, place
from mappings.hl7v2.profile import Step
from mappings.hl7v2.steps.rows import rows_of


def split_repetitions(edited: Editable, step: Step) -> None:
    """Make every repetition several at a separator: `138…/0990…` becomes two, each with the other components."""
    target = place(step.at)
    repeat, separator = edited.separators.repetition, escape(step.value, edited.separators)
    if not repeat:
        return
    for row in rows_of(edited, step, target.segment):
        parted: list[str] = []
        for n, repetition in enumerate(edited.repetitions(row, target.field), 1):
            chosen = target.rep in {0, n}
            parted += _parted(edited, repetition, target, separator) if chosen else [repetition]
        if parted and len(parted) <= MOST:
            row[target.field] = repeat.join(parted)


def _parted(edited: Editable, repetition: str, target: Place, separator: str) -> list[str]:
    alone = ["", repetition]
    at = Place("", 1, 0, target.comp, target.sub)
    parts = [part.strip() for part in edited.raw(alone, at).split(separator)]
    if len(parts) < 2:
        return [repetition]
    made = []
    for part in filter(None, parts):
        copy_of = list(alone)
        edited.put(copy_of, at, part)
        made.append(copy_of[1])
    return made


def drop_repetitions(edited: Editable, step: Step) -> None:
    """Leave out the repetitions in which the place holds one of the texts: numbers of a kind that means nothing."""
    target = place(step.at)
    unwanted = {escape(text, edited.separators) for text in step.values}
    for row in rows_of(edited, step, target.segment):
        repetitions = edited.repetitions(row, target.field)
        at = Place("", 1, 0, target.comp, target.sub)
        kept = [text for text in repetitions if edited.raw(["", text], at) not in unwanted]
        if len(kept) < len(repetitions):
            row[target.field] = edited.separators.repetition.join(kept)


def drop_segment(edited: Editable, step: Step) -> None:
    """Leave out the segments of a name, or those for which `when` holds; never MSH."""
    if step.at != "MSH":
        for row in rows_of(edited, step, step.at):
            edited.drop(row)
