"""What the matches of a page refer to, in the statement of the page itself: `_include` (R4 search.html 3.1.1.5.4).

A reference is told from others by its hash among the tokens of who refers. Matches refer to the same few, so each is
hashed once, and only where it is of a type the parameter may refer to.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from hub.fhir.search_parameters import SearchParameter, parameters
from hub.store.criteria import Bind, Include, Query
from hub.store.emit import Emitter, every, reference_token, some
from hub.store.predicate import Seen, may_see
from hub.store.read import columns_of
from hub.store.resource_types import type_number
from hub.store.tokens import param_number, reference_prefix


class Follow(Struct, frozen=True):
    """References by some parameters (`bytea[]`: prefixes of their hashes) to some types (`smallint[]`; None: any)."""

    prefixes: Bind
    targets: Bind | None


class Followed(Struct, frozen=True):
    """What is followed from the matches of a page: those before `last`; at most `most` resources come along."""

    follows: tuple[Follow, ...]
    last: Bind
    most: Bind


def followed(query: Query, count: int, most: int) -> Followed | None:
    """What a page of `count` matches of one type follows; None where it follows nothing, or matches are of any type."""
    if query.type is None or not count:
        return None
    follows = [_follow(query.type, one) for one in query.includes if one.source in {"*", query.type}]
    return Followed(tuple(follows), Bind(count, "bigint"), Bind(most, "bigint")) if follows else None


def _follow(rtype: str, include: Include) -> Follow:
    known = parameters(rtype)
    every_one = [code for code, parameter in known.items() if parameter.type == "reference"]
    codes = every_one if include.parameter == "*" else [include.parameter]
    targets = [include.target] if include.target is not None else _targets([known.get(code) for code in codes])
    return Follow(
        Bind([reference_prefix(param_number(rtype, code)) for code in codes], "bytea[]"),
        None if targets is None else Bind([type_number(name) for name in targets], "smallint[]"),
    )


def _targets(aimed: Sequence[SearchParameter | None]) -> list[str] | None:
    """The types some parameters may refer to; None for any, as parameters of the installation's own may."""
    found = [None if parameter is None else parameter.targets for parameter in aimed]
    return sorted({name for names in found for name in names or ()}) if all(found) else None


def referred(emit: Emitter, asked: Followed, who: Seen, matches: str, nothing: str) -> str:
    """Rows of what the first of `matches` (a query with `refs` and `tokens`) refer to, as far as they may be seen.

    `nothing` stands behind the columns of `read.COLUMNS`.
    """
    page = f"FROM {matches} LIMIT {emit.use(asked.last)}"
    # An array: looked up key by key, where the planner might read a whole table for a set.
    keys = f"ARRAY(SELECT k.key FROM (SELECT refs {page}) s CROSS JOIN LATERAL unnest(s.refs) AS k (key))"
    conditions = ["NOT r.deleted", some([_leads_to(emit, follow, page) for follow in asked.follows])]
    return (
        f"SELECT {columns_of('r')}, {nothing} FROM resource_home h JOIN resource r ON r.pkey = h.pkey AND r.key = h.key"
        f" WHERE h.key = ANY({keys}) AND {every(conditions)} AND {may_see(emit, who, 'r')} LIMIT {emit.use(asked.most)}"
    )


def _leads_to(emit: Emitter, follow: Follow, page: str) -> str:
    """Whether one of the matches refers to a row by one of the parameters."""
    hashes = (
        f"ARRAY(SELECT {reference_token('p.prefix', 'h.key')} FROM unnest({emit.use(follow.prefixes)}) AS p (prefix))"
    )
    refers = f"EXISTS (SELECT FROM (SELECT tokens {page}) s WHERE s.tokens && {hashes})"
    return refers if follow.targets is None else f"(r.type = ANY({emit.use(follow.targets)}) AND {refers})"
