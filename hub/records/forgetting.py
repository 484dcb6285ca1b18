"""A source patient taken out of the record for good: the resources, what was laid down about them, the index."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from hub.auth.consent_rules import raise_epoch
from hub.db.database import Tx
from hub.kernel.ids import reference_key
from hub.mpi import forgetting as index
from hub.store import claims
from hub.store import forgetting as store

_LAID_DOWN: Final = (
    "DELETE FROM consent_rule WHERE pkey = $1",
    "DELETE FROM proxy_entry WHERE pkey = $1",
    "DELETE FROM matter WHERE pkey = $1",
    "DELETE FROM notice WHERE pkey = $1",
)


async def owners(tx: Tx, patient: str) -> list[UUID]:
    """The keys of a source patient (resource id) under every id it comes by: messages are sealed for the id they make,
    before anybody knows for whom it stands.
    """
    return [reference_key("Patient", each) for each in (patient, *await claims.standing_for(tx, patient))]


async def messages(tx: Tx, pkey: UUID) -> set[int]:
    """Numbers of the messages that made what is kept of a source patient."""
    return await store.messages(tx, pkey)


async def forget(tx: Tx, pkey: UUID) -> int:
    """Delete what is kept of a source patient, in a transaction; how many versions of resources there were.

    What an erased consent allowed is allowed no more from the next release on.
    """
    for statement in _LAID_DOWN:
        await tx.execute(statement, pkey)
    await raise_epoch(tx)
    await index.forget(tx, pkey)
    return await store.forget(tx, pkey)


async def is_kept(tx: Tx, patient: str) -> bool:
    """Whether anything is kept of a source patient (resource id)."""
    return await store.is_kept(tx, reference_key("Patient", patient))
