"""Decisions about persons, and the edges between source patients of which they are made.

A decision makes edges and closes others. It stands until it is reversed; an edge stands while its own decision does and
no standing decision closes it. Who is one person follows from the edges that stand, and from nothing else: so taking
decisions back, in any order, restores what was before them.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec
from msgspec import Struct, field


class Actor(StrEnum):
    """Who decided. What the matcher linked it may judge again; what a message or a steward decided stays."""

    MATCHER = "matcher"
    MESSAGE = "message"
    STEWARD = "steward"


class Kind(StrEnum):
    """What was decided."""

    LINK = "link"  #: two persons are one
    JUDGED = "judged-again"  #: demographics changed, and an automatic link no longer holds
    MERGE = "merge"  #: a facility: my two numbers are one patient (HL7 A40, A34, A18 ...)
    UNLINK = "unlink"  #: a source patient belongs to another person than thought
    APART = "apart"  #: two source patients are two persons
    SPLIT = "split"  #: several source patients are a person of their own
    MOVE = "move"  #: a source patient belongs to another person, and to which
    REVERSAL = "reversal"  #: an earlier decision is taken back


class Bond(StrEnum):
    """What an edge says."""

    LINK = "link"
    APART = "apart"


class Edge(msgspec.Struct):
    """What one decision says of two sources, by number, lower first.

    `loser`: the one merged away, which gives no person its id. `closed`: how many standing decisions speak against it.
    """

    first: int
    second: int
    decision: int
    actor: Actor
    bond: Bond
    loser: int | None = None
    closed: int = 0

    @property
    def key(self) -> tuple[int, int, int]:
        return self.first, self.second, self.decision

    def other(self, number: int) -> int:
        return self.second if number == self.first else self.first


class Move(Struct, frozen=True):
    """A source that went from one person to another."""

    source: int
    origin: str
    target: str


class Decision(Struct, kw_only=True):
    """One decision. `first`, `second`: the sources it is about (of a merge: survivor and loser), by number.

    `who` is the account of a steward, `message` the inbox number; `evidence` names comparisons, never values.
    `standing`: not reversed. `reverses`: the decision it takes back. `disputed`: a second reversal of it stands as
    well, so that it does not hold again by taking back the first.
    """

    number: int
    kind: Kind
    actor: Actor
    first: int
    second: int | None = None
    who: str = ""
    message: int | None = None
    score: float | None = None
    evidence: str = ""
    note: str = ""
    reverses: int | None = None
    standing: bool = True
    disputed: bool = False
    edges: list[Edge] = field(default_factory=list)
    closings: list[Edge] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
