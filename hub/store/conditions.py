"""What a resource must be like to be seen: conditions as data, combined by and, or, not.

The gate makes them from a consent decision; the store turns them into SQL (hub.store.condition_sql). All are frozen and
hashable, so that equal ones can be grouped. Each says plainly yes or no of every row, never "unknown": what a row lacks
does not fit, and `Not` of it does. A row is one version of a resource with its release facts (hub.store.values.Facts).
An empty set of alternatives fits nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Always:
    """Every row fits."""


@dataclass(frozen=True, slots=True)
class Never:
    """No row fits."""


@dataclass(frozen=True, slots=True)
class All:
    """All parts hold; without parts it holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds; without parts it does not."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: Condition


@dataclass(frozen=True, slots=True)
class TypeIn:
    """The resource type is one of these names. A name that is no R4 type fits nothing."""

    types: frozenset[str]


@dataclass(frozen=True, slots=True)
class HasProfile:
    """One of these canonical URLs stands in meta.profile, letter by letter."""

    profiles: frozenset[str]


@dataclass(frozen=True, slots=True)
class HasCode:
    """One of these (system, code) is among the codes of the resource (hub.fhir.clinical_codes)."""

    codes: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class HasToken:
    """One of these (system, code) is a token of a search parameter of a type; a system that is None is any."""

    type: str
    parameter: str
    tokens: frozenset[tuple[str | None, str]]


@dataclass(frozen=True, slots=True)
class Labelled:
    """One of these "system|code" is among the security labels (meta.security)."""

    labels: frozenset[str]


@dataclass(frozen=True, slots=True)
class ForeignLabel:
    """A security label is none of these "system|code" and stands under none of these systems.

    A label's system ends before its first `|`.
    """

    systems: frozenset[str]
    labels: frozenset[str]


@dataclass(frozen=True, slots=True)
class Within:
    """The clinical time is known and lies wholly in [low, high], both included; None is an open end.

    The row's time is kept as [start, end): it is inside if its start is not before `low` and its last microsecond not
    after `high`. An open end of the row's time is inside an open end only.
    """

    low: datetime | None
    high: datetime | None


@dataclass(frozen=True, slots=True)
class Overlaps:
    """The clinical time is known and shares a moment with [low, high], both included; None is an open end."""

    low: datetime | None
    high: datetime | None


@dataclass(frozen=True, slots=True)
class Timed:
    """The clinical time is known, be it at one end only."""


@dataclass(frozen=True, slots=True)
class AuthorOrg:
    """The author organisation is one of these facility codes."""

    codes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Author:
    """One of these references (`Practitioner/x`) is among the authors."""

    references: frozenset[str]


@dataclass(frozen=True, slots=True)
class Is:
    """The resource is one of these, by key (`reference_key(type, id)`)."""

    keys: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class RefersTo:
    """The resource has a local reference, anywhere in it, to one of these keys."""

    keys: frozenset[UUID]


Condition: TypeAlias = (
    Always
    | Never
    | All
    | AnyOf
    | Not
    | TypeIn
    | HasProfile
    | HasCode
    | HasToken
    | Labelled
    | ForeignLabel
    | Within
    | Overlaps
    | Timed
    | AuthorOrg
    | Author
    | Is
    | RefersTo
)
