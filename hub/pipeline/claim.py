"""Which of the waiting messages a worker may take. Pure.

A worker holds row locks on some queued messages (`held`); queued messages it could not lock are in another worker's
hands (`foreign`). A message is taken only if no earlier waiting message shares one of its lanes, except those taken
with it: these are processed before it in the same batch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from heapq import merge
from typing import Final, NamedTuple

from msgspec import Struct, field

#: A lane: 64 bits over the feed and one identifier of a patient.
Lane = int

_HELD: Final = True


class Waiting(Struct, frozen=True):
    """A queued message: its number (arrival order) and its lanes. No lanes: nothing to wait for."""

    message: int
    lanes: frozenset[Lane]


class Share(NamedTuple):
    """The lanes one of several workers takes first, the `number`-th of `of`, from 0: it meets the same patients again,
    and what it remembers of them saves work.
    """

    number: int
    of: int


class Plan(Struct):
    """The walk over the queue so far: messages `taken`, in order, and the lanes that are `busy` from here on."""

    taken: list[int] = field(default_factory=list)
    busy: set[Lane] = field(default_factory=set)

    def walk(self, held: Sequence[Waiting], foreign: Iterable[Waiting], limit: int) -> None:
        """Go on over one stretch of the queue; both sequences ascend by number. Takes at most `limit` in all."""
        for message, lanes, ours in merge(
            ((w.message, w.lanes, _HELD) for w in held), ((w.message, w.lanes, not _HELD) for w in foreign)
        ):
            if ours and len(self.taken) < limit and self.busy.isdisjoint(lanes):
                self.taken.append(message)
            else:
                self.busy |= lanes
