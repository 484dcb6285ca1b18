"""What goes into the store and comes out of it. All frozen; instants are aware."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from hub.kernel.ids import reference_key
from hub.kernel.types import Json

#: What one write did. `unchanged` wrote nothing.
Outcome = Literal["created", "updated", "unchanged", "deleted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """One version as it is stored. `body` is the JSON as sent; empty for a deletion.

    `pkey` is the source-patient key that leads the tables; `source` the inbox entry it came from; `cleared` the
    elements a message emptied on purpose.
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

    @property
    def reference(self) -> tuple[str, str]:
        """(type, id)."""
        return self.type, self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """One change to make. `resource` None deletes. `current` is what `load` gave for it, None if it gave nothing.

    `resource` is not altered; its meta.versionId and meta.lastUpdated are set in what is stored.
    """

    type: str
    id: str
    resource: Json | None
    patient: str | None
    facts: Facts
    source: int | None = None
    cleared: tuple[str, ...] = ()
    current: Stored | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What a write came to: the version that now stands, with its bytes."""

    type: str
    id: str
    version: int
    updated: datetime
    outcome: Outcome
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Visible:
    """The gate's predicate as data: a resource is visible if any one of these says so.

    It becomes part of every statement that looks into resources, so that what is hidden has no influence at all.
    `organizations`: author organisations (facility codes). `types`: resource types open to all. `patients`: source
    patient ids whose whole record is open.
    """

    everything: bool = False
    organizations: tuple[str, ...] = ()
    types: frozenset[str] = frozenset()
    patients: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Portion:
    """What of one patient's record is asked for.

    `types` are those of the patient's own resources, the Patient among them. Whatever those of the types `leading`
    refer to that is about no patient comes with them, if it is of the types `referred`. Care dates overlap
    [start, end); `since` is a time of update, of either kind of resource.
    """

    patient: str
    types: frozenset[str]
    leading: frozenset[str]
    referred: frozenset[str]
    start: datetime | None = None
    end: datetime | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One page of a search. `next` continues it; None on the last page. `total` counts all visible matches."""

    matches: list[Stored]
    included: list[Stored]
    total: int | None
    next: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
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
