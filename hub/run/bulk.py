"""The bulk process: runs exports, imports and reindexing, apart from those that answer or translate."""

from __future__ import annotations

import asyncio

from hub.bootstrap.bulk_worker import bulk_worker
from hub.bootstrap.foundation import Foundation
from hub.records.indexing import Indexing
from hub.run.child import Child
from hub.run.reindexing import run_reindexing


async def run_bulk(foundation: Foundation, child: Child) -> None:
    """Work until the child is told to stop; a job in hand is left, and goes on after the next start."""
    async with foundation.database("bulk", size=5) as database, bulk_worker(foundation, database) as worker:
        child.ready()
        index = Indexing(database, full_text=foundation.settings.full_text)
        async with asyncio.TaskGroup() as loops:
            loops.create_task(worker.run(child.stop))
            loops.create_task(run_reindexing(index, foundation.log, child.stop))
