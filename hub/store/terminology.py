"""What a value set or a code system is asked: `:in`, `:not-in`, `:above`, `:below` on tokens, and which code systems
have a code.

The terminology answers it (`hub.kernel.ports.Terms`) before a query is compiled: what remains is a list of codes, or of
resources.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from hub.fhir.references import parse_reference
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import reference_key
from hub.kernel.ports import Terms
from hub.kernel.types import Json
from hub.store import tokens
from hub.store.criteria import Bind, Clause, Defines, Either, Ids, Members, Missing, Query, Target, Tokens
from hub.store.resource_types import type_number
from hub.store.targets import aimed_at, any_of, targets_of

#: More codes than this are no longer looked for.
MOST: Final = 20_000
_UNLISTED: Final = "not-expandable"
_CODE_SYSTEM: Final = "CodeSystem"


#: Gives a ValueSet that is stored, by id, if it may be seen.
Stored = Callable[[str], Awaitable[Json | None]]


class _Glossary:
    """What is asked: the terminology by URL, and the store by id."""

    def __init__(self, terms: Terms | None, stored: Stored) -> None:
        self._terms: Final = terms
        self._stored: Final = stored

    async def kinds(self, system: str, code: str, *, up: bool) -> Collection[str]:
        """See `Terms.kinds`."""
        return await self._known.kinds(system, code, up=up, most=MOST)

    async def members(self, name: str) -> Collection[tuple[str, str]]:
        """By `url`, `url|version` or `ValueSet/id`."""
        local = parse_reference(name)
        if local is None or local.type != "ValueSet":
            return await self._known.members(name, MOST)
        resource = await self._stored(local.id)
        if resource is None:
            raise HubError(Category.UNSUPPORTED, "cannot be expanded: the hub does not hold it", code=_UNLISTED)
        return await self._known.members(resource, MOST)

    async def defining(self, codes: Collection[str] | None) -> Collection[str]:
        """See `Terms.defining`."""
        return () if self._terms is None else await self._terms.defining(codes)

    @property
    def _known(self) -> Terms:
        if self._terms is None:
            raise HubError(Category.UNSUPPORTED, "nothing here knows value sets", where="URL", code=_UNLISTED)
        return self._terms


async def resolved(terms: Terms | None, query: Query, stored: Stored) -> Query:
    """The query with every such clause as what it stands for.

    Raises HubError UNSUPPORTED, naming the parameter, for what cannot be enumerated; TOO_LARGE beyond MOST codes.
    """
    if not any_of(query.clauses, _asks):
        return query
    return replace(query, clauses=await _all(_Glossary(terms, stored), query.clauses))


def _asks(clause: Clause) -> bool:
    return isinstance(clause, Members | Defines)


async def _all(terms: _Glossary, clauses: Sequence[Clause]) -> tuple[Clause, ...]:
    return tuple([await _one(terms, clause) for clause in clauses])


async def _one(terms: _Glossary, clause: Clause) -> Clause:
    if isinstance(clause, Members):
        return await _tokens(terms, clause)
    if isinstance(clause, Defines):
        return await _defining(terms, clause)
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
    return {(name, one) for one in await terms.kinds(name, code, up=asked.kind == "above")}


async def _defining(terms: _Glossary, asked: Defines) -> Clause:
    """What the index finds, and the code systems the terminology knows of; or what is neither."""
    ids, found = await terms.defining(asked.codes), asked.found
    if not ids:
        return found
    negated = found.missing if isinstance(found, Missing) else found.negated
    keys = Ids(Bind([reference_key(_CODE_SYSTEM, rid) for rid in sorted(ids)], "uuid[]"), negated)
    ways: list[tuple[Clause, ...]] = [(found, keys)] if negated else [(found,), (keys,)]
    return Either(tuple(Target(Bind(type_number(_CODE_SYSTEM), "smallint"), way) for way in ways))


def _hashes(param: int, codes: Iterable[tuple[str, str]]) -> list[UUID]:
    return [tokens.system_and_code(param, system, code) for system, code in sorted(codes)]
