"""Criteria of conditional interactions, judged in what the actor may see and nowhere else.

https://hl7.org/fhir/R4/http.html#cond-update. A match that is hidden is no match, so a criterion tells nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlencode

from hub.api.fhir.exchange import Ask, Params
from hub.api.fhir.parameters import asked
from hub.api.query import read_query
from hub.api.services import Services
from hub.gate.door import being_indexed
from hub.gate.own import FEED
from hub.gate.released import Released
from hub.kernel.errors import Category, HubError

#: Underscore parameters that select; the others only shape the answer and are no criteria.
_SELECTING: Final = frozenset({"_id", "_lastUpdated", "_tag", "_profile", "_security", "_source", "_has"})


def read_criterion(query: str, where: str, rtype: str) -> Params:
    """The parameters of a criterion as text (`identifier=s|v`, with or without `Type?` before it), to find an `rtype`.

    Raises what `select` raises, and HubError INVALID for the search of another type.
    """
    path, mark, rest = query.partition("?")
    if not mark or "=" in path:  # a value may have a question mark, too
        return select(read_query(query), where)
    if path.rpartition("/")[2] not in ("", rtype):
        raise HubError(
            Category.INVALID,
            "searches another type than the one to be found or made",
            where=where,
            todo=f"send parameters of {rtype}, such as identifier=",
            code="criterion",
        )
    return select(read_query(rest), where)


def select(params: Params, where: str) -> Params:
    """`params` as a criterion: sorted, so that equal criteria are one text.

    Raises HubError INVALID when there are none, one is empty, or one does not select.
    """
    stray = [name for name, _ in params if name.startswith("_") and name.split(":")[0] not in _SELECTING]
    if not params or stray or not all(value for _, value in params):
        raise HubError(
            Category.INVALID,
            "is not a search that selects",
            where=where,
            todo="send parameters such as identifier=",
            code="criterion",
        )
    return tuple(sorted(params))


def canonical(params: Params) -> str:
    """One text for a criterion."""
    return urlencode(params)


async def find(services: Services, ask: Ask, rtype: str, params: Params) -> Sequence[Released]:
    """Up to two matches the actor of `ask` may see: two mean several. A feed finds its facility's own, without content.

    Raises HubError UNAVAILABLE while the index finds too little by a criterion: what is there must not be made again.
    """
    criteria = [*params, ("_count", "2"), ("_total", "none")]
    if ask.actor.role == FEED:
        page = await asked(services.gate.own(ask.actor, rtype, params, count=2, origin=ask.origin))
    else:
        page = await asked(services.gate.search(ask.actor, rtype, criteria, conditional=True, origin=ask.origin))
    if page.partial:
        raise being_indexed(*page.partial[0])
    return page.matches


def at_most_one(matches: Sequence[Released], where: str) -> Released | None:
    """The match, or None. Raises HubError PRECONDITION (412) when several match."""
    if len(matches) > 1:
        raise HubError(
            Category.PRECONDITION,
            "several resources match",
            where=where,
            todo="narrow the criterion",
            code="several-matches",
        )
    return matches[0] if matches else None


def no_match_at_version(where: str) -> HubError:
    """What a condition on a version is told where nothing is there that could be at it."""
    return HubError(
        Category.PRECONDITION,
        "nothing matches, so nothing is at the version named",
        where=where,
        todo="leave out the version",
        code="no-match",
    )
