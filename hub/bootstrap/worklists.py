"""What the feeds need whose modalities ask for a worklist."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from hub.audit.trail import Trail
from hub.auth.directory import Directory
from hub.bootstrap.foundation import Foundation
from hub.bootstrap.gates import gate_of
from hub.db.database import Database
from hub.kernel.clock import system_clock
from hub.kernel.ports import WorklistAnswerer
from hub.outbound.worklist import Worklist
from mappings.dicom import worklist


@asynccontextmanager
async def worklists(foundation: Foundation, database: Database) -> AsyncIterator[Mapping[str, WorklistAnswerer]]:
    """An answerer for every feed with a worklist, by feed; without such a feed nothing is opened."""
    consortium = foundation.consortium
    asked = [feed for feed in consortium.feeds.values() if feed.worklist]
    if not asked:
        yield {}
        return
    trail = Trail(database, foundation.log)
    gate = gate_of(foundation, database, foundation.store(), trail, Directory(consortium))
    try:
        yield {feed.name: Worklist(gate, feed, worklist, system_clock, foundation.log) for feed in asked}
    finally:
        await trail.close()
