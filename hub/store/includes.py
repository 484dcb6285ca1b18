"""What is sent along with matches: `_include` and `_revinclude` (R4 search.html 3.1.1.5.4)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from asyncpg import Record
from msgspec import Struct
from msgspec.structs import replace

from hub.db.database import Tx
from hub.fhir.search_parameters import RESOURCE_TYPES, parameters
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import reference_key
from hub.store import tokens
from hub.store.canonical_includes import canonicals, definitions, names_of, of_definitions, of_referring
from hub.store.criteria import Bind, Include, People, Query, Tokens
from hub.store.emit import Emitter, Filled, every, reference_token, statement
from hub.store.followed import Followed, followed
from hub.store.predicate import Seen, may_see
from hub.store.promoted import leading_parameters
from hub.store.read import COLUMNS, opened
from hub.store.resource_types import type_number
from hub.store.scan import scan
from hub.store.tokens import param_number, reference_prefix
from hub.store.values import Stored

#: More than this along with one page is refused: the client narrows the search or asks for fewer matches.
MOST: Final = 10_000

#: Each hash is one descent in the index.
_MOST_HASHES: Final = 50_000

#: How often `:iterate` follows from what it found.
_ROUNDS: Final = 8


class _Follow(Struct, frozen=True):
    """References of one type by some parameters, to one type (None: any)."""

    type: Bind
    prefixes: Bind
    target: Bind | None


class _Forward(Struct, frozen=True):
    """What the given resources refer to."""

    pkeys: Bind
    keys: Bind
    follows: tuple[_Follow, ...]
    seen: Seen
    limit: Bind


class _Backward(Struct, frozen=True):
    """What refers to the given resources; `type` None: of any type."""

    type: Bind | None
    refers: Tokens
    seen: Seen
    limit: Bind


def at_once(query: Query, count: int) -> Followed | None:
    """What comes along in the statement of a page of `count` matches; None where nothing does."""
    return followed(query, count, MOST + 1)


async def included(
    tx: Tx, query: Query, matches: Sequence[Stored], who: Seen, referred: list[Record] | None
) -> list[Stored]:
    """Everything the query includes for a page of matches, each resource once, matches left out.

    `referred` are the rows of what matches refer to where they came with the page (`at_once`).
    Raises HubError TOO_LARGE beyond MOST resources.
    """
    if not (query.includes or query.revincludes):
        return []
    known = {match.reference for match in matches}
    found: list[Stored] = []
    forward, backward, fresh = query.includes, query.revincludes, list(matches)
    for _ in range(_ROUNDS):
        if not fresh or not (forward or backward):
            break
        rows = referred if referred is not None else await _forward(tx, _of_types(forward, fresh), fresh, who)
        referred = None
        for include in backward:
            rows += await _backward(tx, include, fresh, who)
        defined = [one for include in _of_types(forward, fresh) for one in await _defined(tx, include, fresh, who)]
        defined += [one for include in backward for one in await _defining(tx, include, fresh, who)]
        fresh = _new([*await opened(tx, rows), *defined], known)
        found += fresh
        if len(found) > MOST:
            raise HubError(Category.TOO_LARGE, f"includes more than {MOST} resources", todo="ask for fewer with _count")
        forward = tuple(include for include in forward if include.iterate)
        backward = tuple(include for include in backward if include.iterate)
    return found


def _of_types(includes: Sequence[Include], fresh: Sequence[Stored]) -> list[Include]:
    """`*` as what it means for what was found."""
    types = sorted({version.type for version in fresh})
    return [
        replace(include, source=rtype)
        for include in includes
        for rtype in (types if include.source == "*" else [include.source])
    ]


def _key(version: Stored) -> UUID:
    return reference_key(version.type, version.id)


def _new(rows: Iterable[Stored], known: set[tuple[str, str]]) -> list[Stored]:
    """Those not known yet, which they are from now on, by type and id: where rows lie, beside which hidden ones, tells
    nothing.
    """
    fresh = []
    for version in rows:
        if version.reference not in known:
            known.add(version.reference)
            fresh.append(version)
    return sorted(fresh, key=lambda version: version.reference)


async def _forward(tx: Tx, includes: Sequence[Include], fresh: Sequence[Stored], who: Seen) -> list[Record]:
    follows = tuple(_follow(include) for include in includes)
    if not follows:
        return []
    pkeys, keys = [version.pkey for version in fresh], [_key(version) for version in fresh]
    plan = _Forward(Bind(pkeys, "uuid[]"), Bind(keys, "uuid[]"), follows, who, Bind(MOST + 1, "bigint"))
    return await _fetch(tx, _forward_sql(plan))


def _follow(include: Include) -> _Follow:
    known = parameters(include.source).values()
    every_one = [parameter.code for parameter in known if parameter.type == "reference"]
    codes = every_one if include.parameter == "*" else [include.parameter]
    return _Follow(
        Bind(type_number(include.source), "smallint"),
        Bind([reference_prefix(param_number(include.source, code)) for code in codes], "bytea[]"),
        Bind(type_number(include.target), "smallint") if include.target else None,
    )


async def _backward(tx: Tx, include: Include, fresh: Sequence[Stored], who: Seen) -> list[Record]:
    aimed = [version for version in fresh if include.target in {None, version.type}]
    if not aimed:
        return []
    if include.parameter == "*":
        return await _backward_by_all(tx, include, aimed, who)
    param = param_number(include.source, include.parameter)
    keys = [_key(version) for version in aimed]
    leads = include.parameter in leading_parameters(include.source) and all(v.type == "Patient" for v in aimed)
    refers = Tokens(
        Bind([tokens.reference(param, key) for key in keys], "uuid[]"),
        people=People(Bind(keys, "uuid[]")) if leads else None,
        lead=Bind(tokens.lead_number(include.source, include.parameter), "integer") if leads else None,
        selective=True,
    )
    plan = _Backward(Bind(type_number(include.source), "smallint"), refers, who, Bind(MOST + 1, "bigint"))
    return await _fetch(tx, _backward_sql(plan))


async def _backward_by_all(tx: Tx, include: Include, aimed: Sequence[Stored], who: Seen) -> list[Record]:
    """By every reference parameter of a type, or of all types."""
    sources = sorted(RESOURCE_TYPES) if include.source == "*" else [include.source]
    hashes = [
        tokens.reference(param_number(source, parameter.code), _key(version))
        for source in sources
        for parameter in parameters(source).values()
        for version in aimed
        if parameter.type == "reference" and version.type in parameter.targets
    ]
    if len(hashes) > _MOST_HASHES:
        raise HubError(Category.TOO_LARGE, "asks for too many references at once", todo="ask for fewer with _count")
    rtype = None if include.source == "*" else Bind(type_number(include.source), "smallint")
    plan = _Backward(rtype, Tokens(Bind(hashes, "uuid[]"), selective=True), who, Bind(MOST + 1, "bigint"))
    return await _fetch(tx, _backward_sql(plan))


async def _defined(tx: Tx, include: Include, fresh: Sequence[Stored], who: Seen) -> list[Stored]:
    """The definitions that the given resources name by canonical URLs."""
    types = definitions(include)
    named = canonicals(include, fresh) if types else set()
    found: list[Stored] = []
    for rtype in types if named else ():
        found += await _of_hashes(tx, rtype, of_definitions(rtype, named), who)
    return [one for one in found if not named.isdisjoint(names_of(one))]


async def _defining(tx: Tx, include: Include, fresh: Sequence[Stored], who: Seen) -> list[Stored]:
    """What names the given definitions by their canonical URLs."""
    types = definitions(include)
    named = {name for version in fresh if version.type in types for name in names_of(version)}
    found = await _of_hashes(tx, include.source, of_referring(include, named), who) if named else []
    return [one for one in found if not named.isdisjoint(canonicals(include, [one]))]


async def _of_hashes(tx: Tx, rtype: str, hashes: Sequence[UUID], who: Seen) -> list[Stored]:
    refers = Tokens(Bind(list(hashes), "uuid[]"), selective=True)
    plan = _Backward(Bind(type_number(rtype), "smallint"), refers, who, Bind(MOST + 1, "bigint"))
    return await opened(tx, await _fetch(tx, _backward_sql(plan)))


async def _fetch(tx: Tx, asked: Filled) -> list[Record]:
    text, values = asked
    return list(await tx.fetch(text, *values))


@statement(512)
def _forward_sql(emit: Emitter, plan: _Forward) -> str:
    given = f"unnest({emit.use(plan.pkeys)}, {emit.use(plan.keys)}) AS m (pkey, key)"
    of = f"{given} JOIN resource s ON s.pkey = m.pkey AND s.key = m.key CROSS JOIN LATERAL unnest(s.refs) AS k (key)"
    wanted = " UNION ".join(_followed(emit, follow, of, plan.seen) for follow in plan.follows)
    columns = ", ".join(f"r.{name}" for name in COLUMNS.split(", "))
    return (
        f"SELECT {columns} FROM ({wanted}) w (key, type) JOIN resource_home h ON h.key = w.key"
        " JOIN resource r ON r.pkey = h.pkey AND r.key = h.key"
        f" WHERE (w.type IS NULL OR r.type = w.type) AND NOT r.deleted AND {may_see(emit, plan.seen, 'r')}"
        f" LIMIT {emit.use(plan.limit)}"
    )


def _followed(emit: Emitter, follow: _Follow, of: str, who: Seen) -> str:
    conditions = [f"s.type = {emit.use(follow.type)}", "NOT s.deleted", may_see(emit, who, "s")]
    by_parameter = f"{reference_token('p.prefix', 'k.key')} = ANY(s.tokens)"
    conditions.append(f"EXISTS (SELECT FROM unnest({emit.use(follow.prefixes)}) AS p (prefix) WHERE {by_parameter})")
    target = emit.use(follow.target) if follow.target is not None else "NULL::smallint"
    # Once each, before they are looked up: the matches of a page refer to the same few.
    return f"SELECT DISTINCT k.key, {target} FROM {of} WHERE {every(conditions)}"


@statement(512)
def _backward_sql(emit: Emitter, plan: _Backward) -> str:
    found = scan(emit, plan.type, (plan.refers,), plan.seen)
    columns = ", ".join(f"{found.row}.{name}" for name in COLUMNS.split(", "))
    return f"{found.sql(columns)} LIMIT {emit.use(plan.limit)}"
