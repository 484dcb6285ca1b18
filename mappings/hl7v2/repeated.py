"""What the fields mean that a sender fills the same way again and again: codes of tests, flags, statuses, wards.

A meaning depends on the row, the text, the delimiters and the maps of the terminology; the profile is the sender's.
Kept is only what says nothing else: a text that deserves an issue or a note gets it each time anew.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from hub.kernel.types import UnmappedCode
from mappings.hl7v2.separators import Separators

#: Texts kept of one sender, each of at most `base.SHORT` characters; when there are more, all are read anew.
_MOST: Final = 4096


class Drafted(NamedTuple):
    """A person or a place that fields named: type, authority and key of the draft, and its resource as JSON."""

    identity: tuple[str, str, str]
    resource: bytes


class Meant(NamedTuple):
    """The repetitions of a field that have a value, by number, the local codes in it that nobody could map, and the
    drafts (people, places) it named. Objects and lists are JSON: read anew, they are as cheap as copied, and nobody's.
    """

    values: tuple[tuple[int, Any], ...]
    unmapped: dict[UnmappedCode, None]
    drafts: tuple[Drafted, ...] = ()


class Together(NamedTuple):
    """What fields came to that were placed one after the other: elements of the resource as JSON, the ways they went,
    codes nobody could map, drafts they named, and the field and repetition the engine stood at then.
    """

    elements: bytes
    ways: tuple[tuple[int, int, Any], ...]
    unmapped: dict[UnmappedCode, None]
    drafts: tuple[Drafted, ...]
    stood: tuple[int, int]


#: By what tells one row from all others, and the text of the field.
Known = dict[tuple[object, str], Meant]


#: By what tells one way of filling a segment from all others, the event, and the texts of the fields.
Heads = dict[tuple[object, str, object], Together]


class Repeated:
    """The meanings of one sender, for one kind of delimiters and one state (`revision`) of the maps at a time."""

    def __init__(self, most: int = _MOST) -> None:
        self._most: Final = most
        self._for: tuple[Separators, int] | None = None
        self._known: Known = {}
        self.heads: Heads = {}

    def known(self, separators: Separators, revision: int) -> Known:
        """What is known where these delimiters and maps count; to be added to."""
        if (separators, revision) != self._for or len(self._known) + len(self.heads) > self._most:
            self._for, self._known, self.heads = (separators, revision), {}, {}
        return self._known
