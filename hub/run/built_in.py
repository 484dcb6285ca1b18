"""The terminology that comes with the hub, put into its database where some of it is missing."""

from __future__ import annotations

from typing import Final

from hub.audit.trail import Trail
from hub.bootstrap.built_in import SOURCE, everything_built_in
from hub.bootstrap.foundation import Foundation
from hub.bootstrap.terminology import TerminologyDesk
from hub.db.database import Database
from hub.fhir.json import loads
from hub.kernel.types import Json
from terminology.built_in import VERSION
from terminology.editions import key_of
from terminology.reshelving import reshelve
from terminology.shelf import resource_id

#: Only one hub of several on a database loads. Any number nobody else locks.
_LOCK: Final = "SELECT pg_advisory_lock(hashtext('yilian-built-in'))"
_UNLOCK: Final = "SELECT pg_advisory_unlock(hashtext('yilian-built-in'))"
_IN_FORCE: Final = "SELECT url, head FROM term_edition WHERE kind = 'CodeSystem' AND current"
_LOADED: Final = "SELECT kind, url, version FROM term_edition WHERE ready"


async def ensure_built_in(foundation: Foundation) -> int:
    """Load what never was there; it takes the place of nothing that is in force. How many resources were loaded. And
    let what an earlier release loaded stand as resources too.

    What an administrator changed or deleted stays as he left it.

    Raises HubError UNAVAILABLE. What was cut off is taken up at the next start.
    """
    async with foundation.database("built-in", size=3) as database, database.connection() as lock:
        await lock.execute(_LOCK)
        try:
            return await _load(foundation, database)
        finally:
            await lock.execute(_UNLOCK)


async def _load(foundation: Foundation, database: Database) -> int:
    trail = Trail(database, foundation.log)
    try:
        desk = TerminologyDesk(database, trail, "yilian up", foundation.store())
        await reshelve(database, desk.shelf)
        missing = await _missing(desk)
        if not missing:
            return 0
        own = await _own(desk)
        for resource in missing:
            await desk.load(resource, modest=resource["url"] not in own)
        await desk.record("load", "built-in", "", VERSION)
    finally:
        await trail.close()
    return len(missing)


async def _own(desk: TerminologyDesk) -> set[str]:
    """Code systems of which codes that came with an earlier release are in force: a newer one takes their place."""
    async with desk.database.connection() as connection:
        return {row[0] for row in await connection.fetch(_IN_FORCE) if loads(row[1]).get("copyright") == SOURCE}


async def _missing(desk: TerminologyDesk) -> list[Json]:
    offered = {(one["resourceType"], resource_id(*key_of(one))): one for one in everything_built_in()}
    async with desk.database.connection() as connection:
        loaded = {tuple(row) for row in await connection.fetch(_LOADED)}
        stood = await desk.shelf.stood(connection, offered)
    return [one for place, one in offered.items() if place not in stood and key_of(one) not in loaded]
