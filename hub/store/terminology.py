"""Modifiers that ask a value set or a code system: answered from what the store holds, before a query is compiled.

`:in` and `:not-in` take a ValueSet that can be enumerated (R4 valueset.html#compositions): listed codes, whole code
systems and parts of a hierarchy that the store holds, other value sets; else its stored expansion. Those of R4's own
that the hub has as tables come after what is stored. `:above` and `:below` take a CodeSystem with a hierarchy.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID

from hub.db.database import Tx
from hub.kernel.errors import Category, HubError
from hub.store import tokens
from hub.store.criteria import Bind, Chain, Clause, Has, Members, Query, Target, Tokens
from hub.store.predicate import Seen
from hub.store.value_set import Coding, Definitions, ValueSets

#: More codes than this are no longer looked for.
MOST: Final = 20_000


async def resolved(tx: Tx, query: Query, who: Seen) -> Query:
    """The query with every such modifier as the codes it stands for, among what may be seen.

    Raises HubError UNSUPPORTED, naming the parameter, for what cannot be enumerated; TOO_LARGE beyond MOST codes.
    """
    if not any(map(_asks, query.clauses)):
        return query
    return replace(query, clauses=await _all(ValueSets(Definitions(tx, who)), query.clauses))


def _asks(clause: Clause) -> bool:
    return isinstance(clause, Members) or any(_asks(inner) for target in _targets(clause) for inner in target.clauses)


def _targets(clause: Clause) -> tuple[Target, ...]:
    if isinstance(clause, Chain):
        return clause.targets
    return (clause.target,) if isinstance(clause, Has) else ()


async def _all(sets: ValueSets, clauses: Sequence[Clause]) -> tuple[Clause, ...]:
    return tuple([await _one(sets, clause) for clause in clauses])


async def _one(sets: ValueSets, clause: Clause) -> Clause:
    if isinstance(clause, Members):
        return await _tokens(sets, clause)
    if isinstance(clause, Chain):
        return replace(clause, targets=tuple([await _target(sets, target) for target in clause.targets]))
    if isinstance(clause, Has):
        return replace(clause, target=await _target(sets, clause.target))
    return clause


async def _target(sets: ValueSets, target: Target) -> Target:
    return replace(target, clauses=await _all(sets, target.clauses))


async def _tokens(sets: ValueSets, asked: Members) -> Tokens:
    codes: set[Coding] = set()
    try:
        for name in asked.names:
            codes |= await _codes(sets, asked, name)
    except HubError as error:
        raise HubError(error.category, error.what, where=asked.where, todo=error.todo, code=error.code) from None
    if len(codes) > MOST:
        raise HubError(Category.TOO_LARGE, f"means more than {MOST} codes", where=asked.where, code="too-costly")
    return Tokens(Bind(_hashes(asked.param, codes), "uuid[]"), negated=asked.negated)


async def _codes(sets: ValueSets, asked: Members, name: str) -> set[Coding]:
    if asked.kind == "in":
        return await sets.codes(name)
    system, _, code = name.rpartition("|")
    hierarchy = (await sets.definitions.code_system(system)).hierarchy()
    found = hierarchy.below(code) if asked.kind == "below" else hierarchy.above(code)
    return {(system, one) for one in found}


def _hashes(param: int, codes: Iterable[Coding]) -> list[UUID]:
    return [tokens.system_and_code(param, system, code) for system, code in sorted(codes)]
