"""One resource while one message is merged into it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from msgspec import Struct

from hub.kernel.types import Draft, Json
from hub.records.dating import newer_stands
from hub.records.demographics import only_fills, outranks
from hub.records.heads import Head, Incoming, Relocated
from hub.records.merge import merge, subject_changed
from hub.records.repeats import Repeats, merge_of
from hub.records.withdraw import Contribution, withdraw

#: What a message contributed to one resource when it was processed before, by element.
Own: TypeAlias = Mapping[str, Contribution]


class Standing(Struct):
    """One resource while one message is merged into it, which may state it several times.

    `merge`: what tells its one merge from others; empty where that cannot be told. `repeats`: it changes nothing.
    `fills`: what it says settles nothing for those that come later (`hub.records.demographics`).
    """

    head: Head | None
    settled: bool
    resource: Json | None
    cleared: tuple[str, ...]
    patient: str | None
    own: frozenset[str] = frozenset()
    held_back: bool = False
    relocated: Relocated | None = None
    merge: bytes = b""
    repeats: bool = False
    fills: bool = False

    @property
    def stays_spoken(self) -> bool:
        """Whether who last spoke about it is the same after the message."""
        return self.settled or self.fills

    def begin(self, draft: Draft, known: Repeats) -> None:
        """Merge the first draft, unless the same merge is known to change nothing."""
        head = self.head
        if head is None or not head.body or self.settled or self.resource is not head.resource:
            self.add(draft)
            return
        this = merge_of(draft, head.body, head.cleared)
        cleared = known.cleared(this)
        if cleared is None:
            self.add(draft)
        else:
            self.cleared, self.repeats = cleared, True
        self.merge = this

    def add(self, draft: Draft) -> None:
        """Merge a draft. Raises HubError CONFLICT as `hub.records.merge.merge`."""
        self.merge, self.repeats = b"", False
        if self.relocated is not None and draft.patient != self.patient:
            raise subject_changed(draft.resource["resourceType"])
        if self.settled and self.resource is None:
            self.held_back = True  # deleted since
            return
        self.settled = self.settled or newer_stands(draft, self.resource)
        merged = merge(draft, self.resource, self.cleared, settled=self.settled, own=self.own)
        self.resource, self.cleared = merged.resource, merged.cleared
        self.held_back = self.held_back or merged.held_back


def begin_with(head: Head | None, incoming: Incoming, draft: Draft, own: Own | None) -> Standing:
    """How a resource stands before the first draft of it, without what the message said of it the time before."""
    if head is None:
        return Standing(None, settled=False, resource=None, cleared=(), patient=draft.patient)
    settled = head.settled_for(incoming) and not outranks(draft, head.cleared)
    fills = only_fills(draft, head.cleared)
    standing = Standing(head, settled, head.resource, head.cleared, draft.patient, fills=fills)
    # A newer snapshot has stated all that stands, also what it has in common with this one.
    open_to_it = draft.merge == "overlay" or not standing.settled
    if own and head.resource is not None and open_to_it:
        standing.resource, standing.own = withdraw(head.resource, own)
    return standing


def relocated_for(head: Head, incoming: Incoming, relocated: Relocated) -> Standing:
    """How a resource stands that the message moves to another patient, or ends in another."""
    settled = head.settled_for(incoming)
    standing = Standing(head, settled, relocated.resource, head.cleared, relocated.patient)
    standing.relocated = relocated
    return standing
