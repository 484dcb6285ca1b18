"""Modifiers that ask a value set or a code system: `:in`, `:not-in`, `:above`, `:below` on tokens.

The terminology answers them (`hub.kernel.ports.Terms`) before a query is compiled: what remains is a list of codes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID

from hub.fhir.references import parse_reference
from hub.kernel.errors import Category, HubError
from hub.kernel.ports import Terms
from hub.kernel.types import Json
from hub.store import tokens
from hub.store.criteria import Bind, Clause, Members, Query, Target, Tokens
from hub.store.targets import aimed_at, any_of, targets_of

#: More codes than this are no longer looked for.
MOST: Final = 20_000
_UNLISTED: Final = "not-expandable"


#: Gives a ValueSet that is stored, by id, if it may be seen.
Stored = Callable[[str], Awaitable[Json | None]]


class _Glossary:
    """What is asked: the terminology by URL, and the store by id."""

    def __init__(self, terms: Terms, stored: Stored) -> None:
        self.kinds: Final = terms.kinds
        self._terms: Final = terms
        self._stored: Final = stored

    async def members(self, name: str) -> Collection[tuple[str, str]]:
        """By `url`, `url|version` or `ValueSet/id`."""
        local = parse_reference(name)
        if local is None or local.type != "ValueSet":
            return await self._terms.members(name, MOST)
        resource = await self._stored(local.id)
        if resource is None:
            raise HubError(Category.UNSUPPORTED, "cannot be expanded: the hub does not hold it", code=_UNLISTED)
        return await self._terms.members(resource, MOST)


async def resolved(terms: Terms | None, query: Query, stored: Stored) -> Query:
    """The query with every such modifier as the codes it stands for.

    Raises HubError UNSUPPORTED, naming the parameter, for what cannot be enumerated; TOO_LARGE beyond MOST codes.
    """
    if not any_of(query.clauses, _asks):
        return query
    if terms is None:
        raise HubError(Category.UNSUPPORTED, "nothing here knows value sets", where="URL", code=_UNLISTED)
    return replace(query, clauses=await _all(_Glossary(terms, stored), query.clauses))


def _asks(clause: Clause) -> bool:
    return isinstance(clause, Members)


async def _all(terms: _Glossary, clauses: Sequence[Clause]) -> tuple[Clause, ...]:
    return tuple([await _one(terms, clause) for clause in clauses])


async def _one(terms: _Glossary, clause: Clause) -> Clause:
    if isinstance(clause, Members):
        return await _tokens(terms, clause)
    return aimed_at(clause, tuple([await _target(terms, target) for target in targets_of(clause)]))


async def _target(terms: _Glossary, target: Target) -> Target:
    return replace(target, clauses=await _all(terms, target.clauses))


async def _tokens(terms: _Glossary, asked: Members) -> Tokens:
    codes: set[tuple[str, str]] = set()
    try:
        for name, code in asked.names:
            codes |= await _codes(terms, asked, name, code)
    except HubError as error:
        if error.category is Category.UNAVAILABLE:
            raise
        raise HubError(error.category, error.what, where=asked.where, todo=error.todo, code=error.code) from None
    if len(codes) > MOST:
        raise HubError(Category.TOO_LARGE, f"means more than {MOST} codes", where=asked.where, code="too-costly")
    return Tokens(Bind(_hashes(asked.param, codes), "uuid[]"), negated=asked.negated)


async def _codes(terms: _Glossary, asked: Members, name: str, code: str) -> set[tuple[str, str]]:
    if asked.kind == "in":
        return set(await terms.members(name))
    return {(name, one) for one in await terms.kinds(name, code, up=asked.kind == "above", most=MOST)}


def _hashes(param: int, codes: Iterable[tuple[str, str]]) -> list[UUID]:
    return [tokens.system_and_code(param, system, code) for system, code in sorted(codes)]
