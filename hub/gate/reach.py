"""What a search looks into lies under the ceiling of the token's scopes too, not only what it returns. Pure.

`Patient?_has:Observation:patient:value-quantity=...` tells of Observations, `Observation?subject.name=...` of Patients
(SMART App Launch 2.2, scopes and launch context).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from hub.auth.scopes import Letter, allows
from hub.kernel.errors import Category, HubError
from hub.store.criteria import Clause, Query, Target
from hub.store.resource_types import type_name
from hub.store.targets import aimed_at, targets_of

_SEARCH: Final[Letter] = "s"


def within(query: Query, scopes: Sequence[str]) -> Query:
    """`query` with its chains narrowed to the types that may be searched.

    Raises HubError FORBIDDEN when a chain has none left, or `_has` is about another.
    """
    return replace(query, clauses=_all(query.clauses, scopes)) if scopes else query


def _all(clauses: Sequence[Clause], scopes: Sequence[str]) -> tuple[Clause, ...]:
    return tuple(_one(clause, scopes) for clause in clauses)


def _one(clause: Clause, scopes: Sequence[str]) -> Clause:
    targets = targets_of(clause)
    return aimed_at(clause, _open(targets, scopes)) if targets else clause


def _open(targets: Sequence[Target], scopes: Sequence[str]) -> tuple[Target, ...]:
    kept = [target for target in targets if allows(scopes, type_name(target.type.value), _SEARCH)]
    if all(target.inside for target in kept):
        raise HubError(
            Category.FORBIDDEN,
            "the token's scopes do not cover what this search looks into",
            where="access token",
            todo="ask for a wider scope",
            code="scope-not-allowed",
        )
    return tuple(replace(target, clauses=_all(target.clauses, scopes)) for target in kept)
