"""The pre-processors a facility profile may name: a closed registry of small functions on an editable message.

They mend what one sender does otherwise than the standard, before mapping; the raw message in the inbox stays.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from mappings.hl7v2.edit import Editable
from mappings.hl7v2.escapes import escape
from mappings.hl7v2.names import split_name
from mappings.hl7v2.parser import Message
from mappings.hl7v2.place import Place, place
from mappings.hl7v2.profile import Step

#: Works on one message; `Step` holds its arguments.
PreProcessor = Callable[[Editable, Step], None]

_TIME_SIGNS: Final = re.compile(r"[-/.:年月日时分秒\sT]+")


def apply(message: Message, kind: str, steps: Sequence[Step]) -> Message:
    """The message after the steps that are meant for its event (`ADT^A08`), in order; itself if there are none."""
    meant = [step for step in steps if not step.events or kind in step.events]
    if not meant:
        return message
    edited = Editable(message)
    for step in meant:
        STEPS[step.name](edited, step)
    return edited.message()


def copy(edited: Editable, step: Step) -> None:
    """Copy a field or a part of one to where nothing stands; between segments, from the first that has it."""
    source, target = place(step.source), place(step.at)
    elsewhere = next((row for row in edited.rows(source.segment) if edited.raw(row, source)), None)
    for row in edited.rows(target.segment):
        origin = row if source.segment == target.segment else elsewhere
        if origin is not None and not edited.raw(row, target) and edited.raw(origin, source):
            edited.put(row, target, edited.raw(origin, source))


def move(edited: Editable, step: Step) -> None:
    """As `copy`, and empty the source where its text now stands at the target."""
    copy(edited, step)
    source, target = place(step.source), place(step.at)
    arrived = {edited.raw(row, target) for row in edited.rows(target.segment)}
    for row in edited.rows(source.segment):
        if edited.raw(row, source) in arrived - {""}:
            edited.put(row, source, "")


def set_default(edited: Editable, step: Step) -> None:
    """Put a text where nothing stands: in an empty field, or in that part of every repetition that holds something."""
    target = place(step.at)
    whole = Place(target.segment, target.field, target.rep)
    raw = escape(step.value, edited.separators)
    for row in edited.rows(target.segment):
        for each in _repetitions(edited, row, target):
            if not edited.raw(row, each) and (
                target == whole or edited.raw(row, Place(each.segment, each.field, each.rep))
            ):
                edited.put(row, each, raw)


def map_values(edited: Editable, step: Step) -> None:
    """Replace texts by the profile's table; others stay."""
    _change(edited, step, lambda text: step.values.get(text, text))


def remove_values(edited: Editable, step: Step) -> None:
    """Remove texts that mean nothing, such as 无 or 同上."""
    _change(edited, step, lambda text: "" if text in step.values else text)


def strip(edited: Editable, step: Step) -> None:
    """Take off white space around texts, ideographic spaces included."""
    _change(edited, step, str.strip)


def plain_time(edited: Editable, step: Step) -> None:
    """Write a time as HL7 does: `1977-01-01 08:30` becomes `197701010830`; what is no time stays."""

    def plain(text: str) -> str:
        digits = _TIME_SIGNS.sub("", text)
        return digits if digits.isascii() and digits.isdigit() and len(digits) in {4, 6, 8, 10, 12, 14} else text

    _change(edited, step, plain)


def split_names(edited: Editable, step: Step) -> None:
    """Part a Chinese name that stands whole in component 1 into family (1) and given name (2)."""
    target = place(step.at)
    for row in edited.rows(target.segment):
        for each in _repetitions(edited, row, target):
            first, second = _component(each, 1), _component(each, 2)
            family, given = split_name(edited.raw(row, first))
            if given and not edited.raw(row, second):
                edited.put(row, first, family)
                edited.put(row, second, given)


STEPS: Final[Mapping[str, PreProcessor]] = {
    "copy": copy,
    "move": move,
    "set-default": set_default,
    "map-values": map_values,
    "remove-values": remove_values,
    "strip": strip,
    "plain-time": plain_time,
    "split-name": split_names,
}


def _change(edited: Editable, step: Step, change: Callable[[str], str]) -> None:
    target = place(step.at)
    for row in edited.rows(target.segment):
        edited.change(row, target, change)


def _repetitions(edited: Editable, row: list[str], target: Place) -> list[Place]:
    """The place in each repetition that holds something, or in the first where the field is empty."""
    separator = edited.separators.repetition
    if target.rep or not separator:
        return [target]
    whole = row[target.field] if target.field < len(row) else ""
    filled = [i for i, text in enumerate(whole.split(separator), 1) if text] or [1]
    return [Place(target.segment, target.field, i, target.comp, target.sub) for i in filled]


def _component(at: Place, comp: int) -> Place:
    return Place(at.segment, at.field, at.rep, comp)
