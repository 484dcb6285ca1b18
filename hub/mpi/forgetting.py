"""What the index holds of a source patient, taken away for good. Decisions stay: they name comparisons, no values."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from hub.db.database import Tx
from hub.mpi.index_read import keys_at_hand

_BY_NUMBER: Final = ("DELETE FROM mpi_key WHERE source = $1", "DELETE FROM mpi_edge WHERE $1 IN (first, second)")
_PROPOSALS: Final = """
DELETE FROM mpi_proposal WHERE patients && ARRAY(
    SELECT patient FROM mpi_source WHERE pkey = $1 UNION SELECT patient FROM member WHERE pkey = $1
)
"""
_BY_KEY: Final = (
    _PROPOSALS,  # by the id of the patient, so before what tells it
    "DELETE FROM mpi_source WHERE pkey = $1",
    "DELETE FROM mpi_review WHERE $1 IN (first, second)",
    "DELETE FROM mpi_note WHERE $1 IN (first, second)",
    "DELETE FROM member WHERE pkey = $1",
)


async def forget(tx: Tx, pkey: UUID) -> None:
    """Delete a source patient from the index, and from the person it belonged to.

    Raises HubError UNAVAILABLE (`rekeying`).
    """
    number = await tx.fetchval("SELECT number FROM mpi_source WHERE pkey = $1", pkey)
    for statement in _BY_NUMBER if number is not None else ():
        with keys_at_hand():
            await tx.execute(statement, number)
    for statement in _BY_KEY:
        await tx.execute(statement, pkey)
