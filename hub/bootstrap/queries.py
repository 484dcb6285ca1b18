"""What the feeds need that answer patient queries."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from hub.audit.trail import Trail
from hub.auth.directory import Directory
from hub.bootstrap.feeds import readings
from hub.bootstrap.foundation import Foundation
from hub.bootstrap.gates import gate_of
from hub.db.database import Database
from hub.kernel.ports import QueryAnswerer
from hub.outbound.answering import Answering
from mappings.hl7v2.queries import QbpFormat


@asynccontextmanager
async def answerers(foundation: Foundation, database: Database) -> AsyncIterator[Mapping[str, QueryAnswerer]]:
    """An answerer for every feed that may be asked, by feed; without such a feed nothing is opened."""
    consortium, base = foundation.consortium, foundation.settings.canonical_base
    asked = [feed for feed in consortium.feeds.values() if feed.queries]
    if not asked:
        yield {}
        return
    trail, spoken = Trail(database, foundation.log), readings(consortium)
    gate = gate_of(foundation, database, foundation.store(), trail, Directory(consortium))
    try:
        yield {
            feed.name: Answering(
                gate,
                feed,
                QbpFormat(spoken[feed.name].profile, feed.facility, base),
                foundation.log,
            )
            for feed in asked
        }
    finally:
        await trail.close()
