"""Drafts that changed nothing, remembered with what they were laid over: laid over the same again, they change nothing.

Most of what messages say they said before: of an ADT each ward, bed and doctor, and two stays in three. What a merge
gives depends on the draft, the stored body and what was cleared alone, so a repeated one need not be made.
"""

from __future__ import annotations

from hashlib import sha256
from operator import attrgetter
from typing import Final

from hub.fhir.json import dumps
from hub.kernel.types import Draft

#: What of a draft decides where it goes and about whom it is, not what a merge of it gives. Any other member does.
SETTLED: Final = frozenset({"authority", "key", "patient", "only_stored", "formerly"})
_looked_at: Final = attrgetter(*(name for name in Draft.__struct_fields__ if name not in SETTLED | {"defaults"}))

#: Merges kept; the oldest go first.
_MOST: Final = 32_768
_DIGEST: Final = 16


class Repeats:
    """The merges of one process that changed nothing, with the elements that were cleared after them."""

    def __init__(self, most: int = _MOST) -> None:
        self._most: Final = most
        self._cleared: Final[dict[bytes, tuple[str, ...]]] = {}

    def cleared(self, merge: bytes) -> tuple[str, ...] | None:
        """What is cleared after a merge that changes nothing; None for one nothing is known of."""
        return self._cleared.get(merge)

    def keep(self, merge: bytes, cleared: tuple[str, ...]) -> None:
        """Remember that a merge changed nothing."""
        if len(self._cleared) >= self._most:
            del self._cleared[next(iter(self._cleared))]
        self._cleared[merge] = cleared


def merge_of(draft: Draft, body: bytes, cleared: tuple[str, ...]) -> bytes:
    """What tells one merge from all others: all of the draft, but for what is settled before it is merged."""
    digest = sha256(dumps((_looked_at(draft), dict(draft.defaults), cleared)))  # processors have SHA-2 built in
    digest.update(body)
    return digest.digest()[:_DIGEST]
