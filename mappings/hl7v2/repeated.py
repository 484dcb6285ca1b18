"""What the fields mean that a sender fills the same way again and again: codes of tests, flags, statuses, wards.

A meaning depends on the row, the text, the delimiters and the maps of the terminology; the profile is the sender's.
Kept with it is what it says beside its values. A text that deserves an issue is read each time anew.
"""

from __future__ import annotations

from typing import Any, Final, Literal, NamedTuple

from hub.kernel.types import UnmappedCode
from mappings.hl7v2.separators import Separators

#: Texts kept of one sender, each of at most `base.SHORT` characters; when there are more, all are read anew from the
#: next message on.
_MOST: Final = 4096


Outcome = Literal["mapped", "carried", "refused"]

#: What was noted of a field and repetition, by component: what became of it, and why.
Noted = tuple[int, int, dict[int, tuple[Outcome, str]]]


class Drafted(NamedTuple):
    """A person or a place that fields named: type, authority and key of the draft, and its resource as JSON.

    `met`: it was there before, and said already what these fields say.
    """

    identity: tuple[str, str, str]
    resource: bytes
    met: bool


class Beside(NamedTuple):
    """What fields say beside their values: local codes that nobody could map, drafts they name (people, places), and
    what was noted of them.
    """

    unmapped: dict[UnmappedCode, None]
    drafts: tuple[Drafted, ...]
    notes: tuple[Noted, ...]


#: What most fields say beside their values.
NOTHING: Final = Beside({}, (), ())


class Meant(NamedTuple):
    """The repetitions of a field that have a value, by number, and what it says beside.

    Objects and lists are JSON: read anew, they are as cheap as copied, and nobody's.
    """

    values: tuple[tuple[int, Any], ...]
    beside: Beside = NOTHING


class Together(NamedTuple):
    """What fields came to that were placed one after the other: elements of the resource as JSON, the ways they went,
    what they say beside, and the field and repetition the engine stood at then.
    """

    elements: bytes
    ways: tuple[tuple[int, int, Any], ...]
    beside: Beside
    stood: tuple[int, int]


#: By what tells one row from all others, and the text of the field.
Known = dict[tuple[object, str], Meant]


def has_room(known: Known) -> bool:
    """Whether one more text may be kept: a long message holds a hundred thousand."""
    return len(known) <= _MOST


#: By what tells one stretch of rows from all others, the event, and the texts of the fields.
Stretches = dict[tuple[object, str, object], Together]


class Repeated:
    """The meanings of one sender, for one kind of delimiters and one state (`revision`) of the maps at a time, and
    either for messages that are reported on or for others.
    """

    def __init__(self, most: int = _MOST) -> None:
        self._most: Final = most
        self._for: tuple[Separators, int, bool] | None = None
        self._known: Known = {}
        self.stretches: Stretches = {}

    def known(self, separators: Separators, revision: int, *, reported: bool) -> Known:
        """What is known where these delimiters and maps count; to be added to."""
        state = (separators, revision, reported)
        if state != self._for or len(self._known) + len(self.stretches) > self._most:
            self._for, self._known, self.stretches = state, {}, {}
        return self._known
