"""Which steps of a profile a message needs: those meant for its event, unless they are known to leave it as it is.

All that steps read are the segments they name. Of a patient whose PID comes again and again they have been seen to
change nothing, so they need not be tried on it again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from mappings.hl7v2.parser import Message
from mappings.hl7v2.profile import Step

#: Events whose steps are kept, and messages that the steps leave as they are; when there are more, all are tried anew.
_MOST_EVENTS: Final = 256
_MOST: Final = 4096
#: Characters of the segments of one message that are looked at.
_LONGEST: Final = 2048
_NAME: Final = re.compile(r"\b([A-Z][A-Z0-9]{2})-\d")
_EVENT: Final = re.compile(r"\bevent\b")
#: It holds number and time, so it is never the same twice.
_HEADER: Final = "MSH"

#: What tells messages apart for the steps of one event: the segments these read.
Read = tuple[object, ...]


class Meant(NamedTuple):
    """The steps for one event, and the segments they read."""

    kind: str
    steps: tuple[Step, ...]
    names: frozenset[str]


class Plan:
    """The steps of one profile."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self._steps: Final = steps
        self._meant: Final[dict[str, Meant]] = {}
        self._untouched: Final[set[Read]] = set()

    def meant(self, kind: str) -> Meant:
        """The steps for an event (`ADT^A08`), in order."""
        found = self._meant.get(kind)
        if found is None:
            every = kind.partition("^")[0] + "^*"
            steps = tuple([s for s in self._steps if not s.events or kind in s.events or every in s.events])
            found = Meant(kind, steps, frozenset([name for step in steps for name in _names(step)]))
            if len(self._meant) < _MOST_EVENTS:
                self._meant[kind] = found
        return found

    def read(self, message: Message, meant: Meant) -> Read | None:
        """What the steps read of a message; None where it is too long or not likely to come again."""
        if _HEADER in meant.names:
            return None
        texts = [segment.text for segment in message.segments if segment.name in meant.names]
        return (meant.kind, message.separators, *texts) if sum(map(len, texts)) <= _LONGEST else None

    def leaves(self, read: Read | None) -> bool:
        """Whether the steps are known to leave a message of which they read this as it is."""
        return read in self._untouched

    def left(self, read: Read | None) -> None:
        """Remember that they did."""
        if read is None:
            return
        if len(self._untouched) >= _MOST:
            self._untouched.clear()
        self._untouched.add(read)


def _names(step: Step) -> list[str]:
    """The segments a step reads."""
    asked = _NAME.findall(step.when) + ([_HEADER] if _EVENT.search(step.when) else [])
    return [step.at[:3], *([step.source[:3]] if step.source else ()), *asked]
