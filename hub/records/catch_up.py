"""Patients that were stored before the index was: registered in bulk, then what facilities said of their numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from uuid import UUID

from hub.db.database import Database, Tx
from hub.fhir.json import loads
from hub.mpi.index import PatientIndex
from hub.mpi.packed import NOTHING
from hub.mpi.registration import Source, Statement
from hub.store.resource_types import type_number
from hub.store.store import Store

#: Patients in one transaction: others wait meanwhile for what they share with them.
BATCH: Final = 200

_FIRST: Final = UUID(int=0)

# A Patient is about itself, so its key is its own patient's.
_UNKNOWN: Final = f"""
SELECT resource.key, resource.id FROM resource_home AS home
JOIN resource ON resource.pkey = home.pkey AND resource.key = home.key
LEFT JOIN mpi_source AS known ON known.pkey = home.key
WHERE home.key > $1 AND home.key = home.pkey AND resource.type = {type_number("Patient")} AND NOT resource.deleted
    AND (known.pkey IS NULL OR known.digest = $2)
ORDER BY home.key LIMIT $3
"""

_SAID: Final = """
SELECT id, kind, survivor, loser, facility, message FROM identity_event
WHERE id > $1 AND NOT detail ? 'effect' ORDER BY id LIMIT $2
"""


async def catch_up(
    database: Database, store: Store, index: PatientIndex, progress: Callable[[int], None] = lambda _: None
) -> int:
    """Register every stored Patient the index does not know; returns how many. May be repeated, and run beside writers.

    `progress` is told, now and then, how many so far. Raises HubError UNAVAILABLE when others got in the way.
    """
    done, after = 0, _FIRST
    while True:
        async with database.transaction() as tx:
            rows = await tx.fetch(_UNKNOWN, after, NOTHING, BATCH)
            if not rows:
                break
            await index.register(tx, await _sources(tx, store, [row["id"] for row in rows]))
        after = rows[-1]["key"]
        done += len(rows)
        progress(done)
    await _say_again(database, index)
    return done


async def _sources(tx: Tx, store: Store, ids: list[str]) -> list[Source]:
    stored = await store.load(tx, [("Patient", rid) for rid in ids])
    return [Source(rid, version.facts.author_org, loads(version.body)) for (_, rid), version in sorted(stored.items())]


async def _say_again(database: Database, index: PatientIndex) -> None:
    """Tell the index what facilities said; what it heard before changes nothing."""
    after = 0
    while True:
        async with database.transaction() as tx:
            rows = [dict(row) for row in await tx.fetch(_SAID, after, BATCH)]
            if not rows:
                return
            after = [row.pop("id") for row in rows][-1]
            await index.register(tx, [], [Statement(**row) for row in rows])
