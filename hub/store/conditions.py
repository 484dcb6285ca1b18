"""What a resource must be like to be seen: conditions as data, combined by and, or, not.

The gate makes them from a consent decision; the store turns them into SQL (hub.store.condition_sql). All are frozen and
hashable, so that equal ones can be grouped. Each says plainly yes or no of every row, never "unknown": what a row lacks
does not fit, and `Not` of it does. A row is one version of a resource with its release facts (hub.store.values.Facts).
An empty set of alternatives fits nothing.
"""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias
from uuid import UUID

import msgspec


class _Hashed(msgspec.Struct, frozen=True, cache_hash=True):
    """Hashed once, however deep: conditions are put into sets at every step of making one."""


class Always(_Hashed, frozen=True):
    """Every row fits."""


class Never(_Hashed, frozen=True):
    """No row fits."""


class All(_Hashed, frozen=True):
    """All parts hold; without parts it holds."""

    parts: tuple[Condition, ...]


class AnyOf(_Hashed, frozen=True):
    """At least one part holds; without parts it does not."""

    parts: tuple[Condition, ...]


class Not(_Hashed, frozen=True):
    """The part does not hold."""

    part: Condition


class TypeIn(_Hashed, frozen=True):
    """The resource type is one of these names. A name that is no R4 type fits nothing."""

    types: frozenset[str]


class HasProfile(_Hashed, frozen=True):
    """One of these canonical URLs stands in meta.profile, letter by letter."""

    profiles: frozenset[str]


class HasCode(_Hashed, frozen=True):
    """One of these (system, code) is among the codes of the resource (hub.fhir.clinical_codes)."""

    codes: frozenset[tuple[str, str]]


class HasToken(_Hashed, frozen=True):
    """One of these (system, code) is a token of a search parameter of a type; a system that is None is any."""

    type: str
    parameter: str
    tokens: frozenset[tuple[str | None, str]]


class Labelled(_Hashed, frozen=True):
    """One of these "system|code" is among the security labels (meta.security)."""

    labels: frozenset[str]


class ForeignLabel(_Hashed, frozen=True):
    """A security label is none of these "system|code" and stands under none of these systems.

    A label's system ends before its first `|`.
    """

    systems: frozenset[str]
    labels: frozenset[str]


class Within(_Hashed, frozen=True):
    """The clinical time is known and lies wholly in [low, high], both included; None is an open end.

    The row's time is kept as [start, end): it is inside if its start is not before `low` and its last microsecond not
    after `high`. An open end of the row's time is inside an open end only.
    """

    low: datetime | None
    high: datetime | None


class Overlaps(_Hashed, frozen=True):
    """The clinical time is known and shares a moment with [low, high], both included; None is an open end."""

    low: datetime | None
    high: datetime | None


class Timed(_Hashed, frozen=True):
    """The clinical time is known, be it at one end only."""


class AuthorOrg(_Hashed, frozen=True):
    """The author organisation is one of these facility codes."""

    codes: frozenset[str]


class Author(_Hashed, frozen=True):
    """One of these references (`Practitioner/x`) is among the authors."""

    references: frozenset[str]


class Is(_Hashed, frozen=True):
    """The resource is one of these, by key (`reference_key(type, id)`)."""

    keys: frozenset[UUID]


class RefersTo(_Hashed, frozen=True):
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
