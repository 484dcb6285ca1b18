"""A feed finds what its own facility wrote, by the criterion of a write: that it is there, and under which id.

The role reads no records, so no content leaves, and it asks by identifier alone: what a system may look for is what it
sent. Beside that it meets what is about no patient, as everybody does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from consent.decision import Reason
from consent.tables import NON_PATIENT_TYPES, RECORD_TYPES
from hub.auth.actor import Actor
from hub.auth.scopes import allows
from hub.gate.ceiling import ceiling
from hub.gate.door import Door
from hub.gate.reach import within
from hub.gate.recorder import Asked, Basis
from hub.gate.released import ReleasedPage, released
from hub.gate.unplaced import UNPLACED
from hub.kernel.errors import Category, HubError
from hub.store.criteria import Query
from hub.store.query import parse_query
from hub.store.values import Found, Visible

#: The role of a system of a facility.
FEED: Final = "feed"
_BASIS: Final = Basis(grounds=frozenset({Reason.AUTHOR_ORGANISATION.value}))
_BY: Final = frozenset({"identifier", "_id"})


async def find_own(door: Door, asked: Asked, params: Sequence[tuple[str, str]], count: int) -> ReleasedPage:
    """At most `count` matches, without content.

    Raises HubError FORBIDDEN where the scopes leave it out, UNSUPPORTED for another criterion than an identifier.
    """
    refusal = _refusal(asked, params)
    if refusal is not None:
        await door.recorder.refused(asked, refusal.code)
        raise refusal
    custom = await door.custom()
    query = within(parse_query(asked.type, list(params), base_url=door.base_url, custom=custom), asked.actor.scopes)
    found = await _found(door, asked.actor, query, count)
    await door.recorder.released(asked, found.matches, _BASIS)
    bare = tuple(msgspec.structs.replace(released(row), body=b"") for row in found.matches)
    return ReleasedPage(matches=bare, partial=custom.finds_too_little(query.asked))


def _refusal(asked: Asked, params: Sequence[tuple[str, str]]) -> HubError | None:
    if not allows(asked.actor.scopes, asked.type or "*", "s"):
        what, where, todo = "the token's scopes do not cover this", "access token", "ask for a wider scope"
        return HubError(Category.FORBIDDEN, what, where=where, todo=todo, code="scope-not-allowed")
    strange = sorted({name for name, _ in params} - _BY)
    if strange:
        what, todo = "is no criterion of a feed", f"use {' or '.join(sorted(_BY))}"
        return HubError(Category.UNSUPPORTED, what, where=strange[0], todo=todo, code="criterion-of-feed")
    return None


async def _found(door: Door, actor: Actor, query: Query, count: int) -> Found:
    visible = Visible(
        types=NON_PATIENT_TYPES,
        authored=UNPLACED,
        organizations=door.rules.directory.same_entity(actor.organization),
        withheld=RECORD_TYPES,
        ceiling=ceiling(actor.scopes),
    )
    async with door.database.connection() as tx:
        return await door.store.search(tx, query, visible, count=count, after=None, total="none")
