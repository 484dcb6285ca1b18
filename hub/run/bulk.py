"""The bulk process: runs exports and imports, apart from those that answer or translate."""

from __future__ import annotations

from hub.bootstrap.bulk_worker import bulk_worker
from hub.bootstrap.foundation import Foundation
from hub.run.child import Child


async def run_bulk(foundation: Foundation, child: Child) -> None:
    """Work until the child is told to stop; a job in hand is left, and goes on after the next start."""
    async with foundation.database("bulk", size=4) as database, bulk_worker(foundation, database) as worker:
        child.ready()
        await worker.run(child.stop)
