"""The compiled form of a provision: what it says, and when it matches (section 5). Immutable, parsed once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Generic, TypeVar

import msgspec

from consent.times import Period

T = TypeVar("T")

#: A value of `provision.data`: meaning and cleaned reference.
Pointer = tuple[str, str]

#: System and code.
Coded = tuple[str, str]

INSTANCE: Final = "instance"
RELATED: Final = "related"
DEPENDENTS: Final = "dependents"
AUTHORED_BY: Final = "authoredby"
MEANINGS: Final = frozenset({INSTANCE, RELATED, DEPENDENTS, AUTHORED_BY})


@dataclass(frozen=True, slots=True)
class Values(Generic[T]):
    """The alternatives of one criterion. `unusable`: at least one of them cannot be evaluated."""

    known: frozenset[T]
    unusable: bool = False


@dataclass(frozen=True, slots=True)
class Labels:
    """The alternatives of `securityLabel`: confidentiality ranks and v3-ActCode codes."""

    ranks: frozenset[int]
    codes: frozenset[str]
    unusable: bool = False


@dataclass(frozen=True, slots=True)
class Classes:
    """The alternatives of `class`: resource types and canonical URLs of profiles."""

    types: frozenset[str]
    profiles: frozenset[str]
    unusable: bool = False


class Rule(msgspec.Struct, frozen=True, kw_only=True, cache_hash=True):
    """One provision with its *effective* criteria; a criterion that is None does not restrict.

    `permit` is None for a root without a base type: it says nothing. `parent` is the position of the provision it is
    nested in among the rules of its consent, -1 for the root, and always smaller than its own. `general`: it is the
    root and has no criterion except period (section 6).
    """

    permit: bool | None
    parent: int = -1
    general: bool = False
    period: Period | None = None
    actor: Values[str] | None = None
    action: Values[str] | None = None
    label: Labels | None = None
    purpose: Values[str] | None = None
    class_: Classes | None = None
    code: Values[Coded] | None = None
    data_period: Period | None = None
    data: Values[Pointer] | None = None
