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


class Meant(NamedTuple):
    """The repetitions of a field that have a value, by number, and the local codes in it that nobody could map."""

    values: tuple[tuple[int, Any], ...]
    unmapped: dict[UnmappedCode, None]


#: By what tells one row from all others, and the text of the field.
Known = dict[tuple[object, str], Meant]


class Repeated:
    """The meanings of one sender, for one kind of delimiters and one state (`revision`) of the maps at a time."""

    def __init__(self, most: int = _MOST) -> None:
        self._most: Final = most
        self._for: tuple[Separators, int] | None = None
        self._known: Known = {}

    def known(self, separators: Separators, revision: int) -> Known:
        """What is known where these delimiters and maps count; to be added to."""
        if (separators, revision) != self._for or len(self._known) > self._most:
            self._for, self._known = (separators, revision), {}
        return self._known
