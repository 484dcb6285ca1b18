"""What a write would be refused for, found out by the same rules in the same order, and nothing written.

A rehearsal tells a client no more than the write would: another facility's resource and an absent one get one answer.
"""

from __future__ import annotations

from hub.auth.actor import Actor
from hub.db.database import Database
from hub.records.about import about_persons
from hub.records.client_rules import writes_of
from hub.records.operations import Create, Whole
from hub.records.rights import Rights
from hub.store.store import Store


async def rehearse(database: Database, store: Store, rights: Rights, actor: Actor, operation: Whole) -> None:
    """Raises HubError FORBIDDEN, NOT_FOUND, PRECONDITION, INVALID as the write would; UNAVAILABLE."""
    async with database.transaction() as tx:
        for refusal in (await about_persons(tx, [operation])).values():
            raise refusal
        ref = operation.type, operation.id
        current = {} if isinstance(operation, Create) else await store.load(tx, [ref])
        writes_of(actor, operation, current.get(ref), rights)
