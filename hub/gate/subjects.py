"""Whom a parsed search is about, and whether it looks beyond its own matches. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hub.gate.dossiers import Whom
from hub.store.criteria import (
    Chain,
    Clause,
    Either,
    Has,
    Ids,
    Mentions,
    Named,
    NamedBy,
    People,
    Query,
    Texts,
    Tokens,
    Under,
)
from hub.store.resource_types import type_name
from hub.store.targets import targets_of

_HOLDS_PATIENTS: Final = frozenset({"Patient", None})


def patients_of(query: Query) -> Whom | None:
    """The patients that all matches are about, because a clause names them; None where none does."""
    named = [people for clause in query.clauses if (people := _people(query.type, clause))]
    # Any one of them bounds the search; the first is looked up.
    return _whom(named[0]) if named else None


def patients_among(query: Query) -> Whom | None:
    """The patients that some matches are about where others may only mention them, as in a compartment; None where a
    search names none.
    """
    ways = [target for clause in query.clauses if isinstance(clause, Either) for target in clause.targets]
    named = [one for way in ways for one in _first(type_name(way.type.value), way.clauses)]
    owners = [clause.owner for clause in query.clauses if isinstance(clause, Mentions)]
    named += [owner for owner in owners if isinstance(owner, People)]
    return _whom(named) if named else None


def _whom(named: Sequence[People]) -> Whom:
    return Whom(
        keys=list(dict.fromkeys(key for one in named for key in one.keys.value)),
        names=list(dict.fromkeys(name for one in named if one.persons is not None for name in one.persons.value)),
    )


def looks_elsewhere(query: Query) -> bool:
    """Whether it reads other resources than its matches: chains, `_has`, hierarchies, full text, includes."""
    return looks_beyond(query) or bool(query.includes or query.revincludes)


def looks_beyond(query: Query) -> bool:
    """Whether what it matches hangs on other resources, which do not leave themselves."""
    return any(isinstance(clause, Chain | Named | NamedBy | Either | Has | Texts | Under) for clause in query.clauses)


def looks_for_persons(query: Query) -> bool:
    """Whether it looks for Patients: among its matches, or by their demographics on the way to them."""
    return query.type in _HOLDS_PATIENTS or any(map(_by_demographics, query.clauses))


def _by_demographics(clause: Clause) -> bool:
    return any(
        type_name(target.type.value) == "Patient" or any(map(_by_demographics, target.clauses))
        for target in targets_of(clause)
    )


def _people(rtype: str | None, clause: Clause) -> list[People]:
    """The patients a clause binds the matches to; none if it binds them to nobody."""
    match clause:
        case Tokens(people=People() as people, negated=False) if clause.lead is not None:
            return [people]
        case Ids(negated=False) if rtype == "Patient":
            return [clause.people or People(clause.keys)]
        case Either():
            each = [_first(type_name(target.type.value), target.clauses) for target in clause.targets]
            return [one for found in each for one in found] if all(each) else []
    return []


def _first(rtype: str, clauses: Sequence[Clause]) -> list[People]:
    return next((found for clause in clauses if (found := _people(rtype, clause))), [])
