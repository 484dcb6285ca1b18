"""Applying the steps of a profile to a message."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from hub.kernel.types import ReportRow
from mappings.hl7v2.edit import Editable
from mappings.hl7v2.parser import Message
from mappings.hl7v2.place import position
from mappings.hl7v2.profile import Step
from mappings.hl7v2.steps import parts, places, texts
from mappings.hl7v2.steps.plan import Plan

#: Works on one message; `Step` holds its arguments.
PreProcessor = Callable[[Editable, Step], None]

STEPS: Final[Mapping[str, PreProcessor]] = {
    "copy": places.copy,
    "move": places.move,
    "set-default": places.set_default,
    "map-values": texts.map_values,
    "remove-values": texts.remove_values,
    "strip": texts.strip,
    "half-width": texts.half_width,
    "plain-time": texts.plain_time,
    "split-name": texts.split_names,
    "replace-text": texts.replace_text,
    "split-repetitions": parts.split_repetitions,
    "drop-repetitions": parts.drop_repetitions,
    "drop-segment": parts.drop_segment,
}

_TAKEN_OUT: Final = "taken out by a step of the facility profile"


class Mended(NamedTuple):
    """The message after the steps, and what they took out of it."""

    message: Message
    taken_out: tuple[ReportRow, ...] = ()


def apply(message: Message, kind: str, steps: Sequence[Step]) -> Mended:
    """The message after the steps that are meant for its event (`ADT^A08`), in order; itself if there are none."""
    return mended(message, kind, Plan(steps))


def mended(message: Message, kind: str, plan: Plan) -> Mended:
    """As `apply`, by the plan of a profile, which remembers what its steps leave as it is."""
    meant = plan.meant(kind)
    if not meant.steps:
        return Mended(message)
    read = plan.read(message, meant)
    if plan.leaves(read):
        return Mended(message)
    edited = Editable(message)
    for step in meant.steps:
        STEPS[step.step](edited, step)
    after = edited.message()
    if after is message:
        plan.left(read)
        return Mended(message)
    return Mended(after, _told(message, edited))


def _told(message: Message, edited: Editable) -> tuple[ReportRow, ...]:
    rows = []
    for segment, n, to in edited.taken_out():
        source = position(message, segment, n) if n else segment.name
        if to:
            reason = "moved by a step of the facility profile"
            rows.append(ReportRow(source=source, outcome="carried", targets=(to,), reason=reason))
        elif n:
            rows.append(ReportRow(source=source, outcome="refused", reason=_TAKEN_OUT))
    return tuple(rows)
