"""Whom a parsed search is about, and whether it looks beyond its own matches. Pure."""

from __future__ import annotations

from typing import Final

from hub.gate.dossiers import Whom
from hub.store.criteria import Chain, Clause, Has, Ids, People, Query, Texts, Tokens, Under
from hub.store.resource_types import type_name

_HOLDS_PATIENTS: Final = frozenset({"Patient", None})


def patients_of(query: Query) -> Whom | None:
    """The patients that all matches are about, because a clause names them; None where none does."""
    named = [people for clause in query.clauses if (people := _people(query, clause)) is not None]
    if not named:
        return None
    # Any one of them bounds the search; the first is looked up.
    people = named[0]
    return Whom(keys=list(people.keys.value), names=[] if people.persons is None else list(people.persons.value))


def looks_elsewhere(query: Query) -> bool:
    """Whether it reads other resources than its matches: chains, `_has`, hierarchies, full text, includes."""
    return looks_beyond(query) or bool(query.includes or query.revincludes)


def looks_beyond(query: Query) -> bool:
    """Whether what it matches hangs on other resources, which do not leave themselves."""
    return any(isinstance(clause, Chain | Has | Texts | Under) for clause in query.clauses)


def looks_for_persons(query: Query) -> bool:
    """Whether it looks for Patients: among its matches, or by their demographics on the way to them."""
    return query.type in _HOLDS_PATIENTS or any(map(_by_demographics, query.clauses))


def _by_demographics(clause: Clause) -> bool:
    match clause:
        case Chain(targets=targets):
            pass
        case Has(target=target):
            targets = (target,)
        case _:
            return False
    return any(
        type_name(target.type.value) == "Patient" or any(map(_by_demographics, target.clauses)) for target in targets
    )


def _people(query: Query, clause: Clause) -> People | None:
    match clause:
        case Tokens(people=People() as people, negated=False) if clause.lead is not None:
            return people
        case Ids(negated=False) if query.type == "Patient":
            return clause.people or People(clause.keys)
    return None
