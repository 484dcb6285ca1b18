"""Places in a message, as people write them: `PID-3`, `PID-3.4`, `PID-3[2].4.1`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from hub.kernel.errors import Category, HubError
from mappings.hl7v2.parser import Message, Segment

_PLACE: Final = re.compile(r"([A-Z][A-Z0-9]{2})-(\d{1,3})(?:\[(\d+)\])?(?:\.(\d+))?(?:\.(\d+))?\Z")


@dataclass(frozen=True, slots=True)
class Place:
    """Segment name and 1-based positions; 0 means the whole (all repetitions, all components)."""

    segment: str
    field: int
    rep: int = 0
    comp: int = 0
    sub: int = 0


@lru_cache(maxsize=1024)
def place(text: str) -> Place:
    """Read a place. Raises HubError INVALID."""
    match = _PLACE.match(text)
    if match is None:
        raise HubError(Category.INVALID, "is no place in a message", where=text, todo="write PID-3 or PID-3[2].4.1")
    return Place(match[1], *(int(part or 0) for part in match.groups()[1:]))


def position(message: Message, segment: Segment, n: int = 0, rep: int = 0) -> str:
    """Name of a place in this message: the segment's number stands only where there are several of its name."""
    several = len(message.all(segment.name)) > 1
    text = f"{segment.name}[{segment.ordinal}]" if several else segment.name
    if n:
        text += f"-{n}"
    return f"{text}[{rep}]" if rep else text
