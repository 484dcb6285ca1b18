"""What goes into the store and comes out of it. All frozen; instants are aware.

What comes out by the thousand is a msgspec.Struct, which is made in a seventh of the time of a frozen dataclass.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
from msgspec import Struct

from hub.kernel.ids import reference_key
from hub.kernel.types import Json
from hub.store.conditions import Condition
from hub.store.criteria import Clause

#: What one write did. `unchanged` wrote nothing.
Outcome = Literal["created", "updated", "unchanged", "deleted"]


class Facts(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Release facts: all that a decision about one resource needs, computed when it is written.

    `author_org` is the facility code of the author organisation, `authors` are references, `labels` are
    "system|code" of meta.security. The clinical time is [start, end], None where open or absent.
    """

    author_org: str
    authors: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    clinical_start: datetime | None = None
    clinical_end: datetime | None = None
    flags: int = 0


class Stored(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One version as it is stored. `body` is the JSON as sent; empty for a deletion.

    `pkey` is the source-patient key that leads the tables; `source` the inbox entry it came from; `cleared` the
    elements a message emptied on purpose. `coded` tells by a digest what its clinical codes and profiles are
    (hub.store.coded): None where there is no body, and where none was kept.
    """

    type: str
    id: str
    version: int
    updated: datetime
    deleted: bool
    body: bytes
    pkey: UUID
    patient: str | None
    facts: Facts
    source: int | None = None
    cleared: tuple[str, ...] = ()
    coded: bytes | None = None

    @property
    def reference(self) -> tuple[str, str]:
        """(type, id)."""
        return self.type, self.id


class Write(Struct, frozen=True, kw_only=True):
    """One change to make. `resource` None deletes. `current` is what `load` gave for it, None if it gave nothing.

    `resource` is not altered; its meta.versionId and meta.lastUpdated are set in what is stored.
    `moved`: it leaves the record of the patient it was about; its versions so far stay there.
    """

    type: str
    id: str
    resource: Json | None
    patient: str | None
    facts: Facts
    source: int | None = None
    cleared: tuple[str, ...] = ()
    current: Stored | None = None
    moved: bool = False


class Saved(Struct, frozen=True, kw_only=True):
    """What a write came to: the version that now stands, with its bytes."""

    type: str
    id: str
    version: int
    updated: datetime
    outcome: Outcome
    body: bytes


#: How a source patient is tied to an actor: cared for by a facility, or managed by a family doctor.
RelationKind = Literal["care", "managed"]


class Relation(Struct, frozen=True, kw_only=True):
    """A patient is tied to a party for a time, as some resource says.

    `pkey` is the source-patient key, `key` that of the resource it follows from. `party` is a facility code (`F01`) for
    care and a reference (`Practitioner/x`) for managed. Both ends are included; None is open.
    """

    pkey: UUID
    key: UUID
    kind: RelationKind
    party: str
    low: datetime | None = None
    high: datetime | None = None


class Named(Struct, frozen=True, kw_only=True):
    """Source patients by key, and ids that may be those of persons: these persons, with all their sources."""

    keys: tuple[UUID, ...]
    names: tuple[str, ...] = ()


class Panel(Struct, frozen=True, kw_only=True):
    """The persons tied to one of some parties at an instant, and what may be seen of them.

    A person is on the panel if any of the person's source patients has such a relation. `among`: those named alone.
    """

    kind: RelationKind
    parties: tuple[str, ...]
    at: datetime
    condition: Condition
    among: Named | None = None


class Group(Struct, frozen=True, kw_only=True):
    """Source patients (by key) for whom the consents are settled already, and what may be seen of them."""

    pkeys: tuple[UUID, ...]
    condition: Condition


class Visible(Struct, frozen=True, kw_only=True):
    """The gate's predicate as data. It becomes part of every statement that looks into resources.

    So what is hidden has no influence at all. A row is visible if `everything` says so, or

    - it is about no patient and its type is in `types`, or in `authored` and its author organisation in
      `organizations`; or
    - it is about a patient, its type is not in `withheld`, its source-patient key is in `confined` (None: any), and
      its author organisation is in `organizations` (facility codes), or a group holds its patient and that group's
      condition holds, or no group holds its patient, the person is on the panel and the panel's condition holds.

    Where several groups hold a patient, one of them is enough. `ceiling`, if there is one, must hold of every row.
    """

    everything: bool = False
    types: frozenset[str] = frozenset()
    authored: frozenset[str] = frozenset()
    organizations: tuple[str, ...] = ()
    withheld: frozenset[str] = frozenset()
    panel: Panel | None = None
    groups: tuple[Group, ...] = ()
    confined: tuple[UUID, ...] | None = None
    ceiling: Condition | None = None


class Portion(Struct, frozen=True, kw_only=True):
    """What of one patient's record is asked for.

    `patients` are the ids of the source patients: one, or all of a person's. `types` are those of their own resources,
    the Patients among them. Whatever those of the types `leading` refer to that is about no patient comes with them, if
    it is of the types `referred`. Care dates overlap [start, end); `since` is a time of update, of either kind of
    resource.
    """

    patients: tuple[str, ...]
    types: frozenset[str]
    leading: frozenset[str]
    referred: frozenset[str]
    start: datetime | None = None
    end: datetime | None = None
    since: datetime | None = None


class Span(Struct, frozen=True, kw_only=True):
    """Versions of what time: made at `since` or later; current at some moment of `at` [low, high). None is no bound.

    `listed`: only of resources that stand on a list now (`hub.store.query.parse_list`).
    """

    since: datetime | None = None
    at: tuple[datetime, datetime | None] | None = None
    listed: Clause | None = None


class Found(Struct, frozen=True, kw_only=True):
    """One page of a search. `next` continues it; None on the last page. `total` counts all visible matches.

    `beside` is what was asked for in the same statement; None too where no row could tell.
    """

    matches: list[Stored]
    included: list[Stored]
    total: int | None = None
    next: bytes | None = None
    beside: Any = None


class Change(Struct, frozen=True, kw_only=True):
    """One row of the outbox. `position` orders changes; a later call continues after it."""

    position: tuple[int, int]
    type: str
    id: str
    version: int
    outcome: Outcome
    updated: datetime
    pkey: UUID


def patient_key(rtype: str, rid: str, patient: str | None) -> UUID:
    """The source-patient key of a resource: its patient's, or its own where it is about no patient."""
    return reference_key("Patient", patient) if patient is not None else reference_key(rtype, rid)
