"""The bulk process: runs exports, imports and reindexing, and fills the terminology, apart from those that answer."""

from __future__ import annotations

import asyncio

from hub.bootstrap.bulk_worker import bulk_worker
from hub.bootstrap.foundation import Foundation
from hub.records.indexing import Indexing
from hub.run.built_in import ensure_built_in
from hub.run.child import Child
from hub.run.reindexing import run_reindexing


async def run_bulk(foundation: Foundation, child: Child) -> None:
    """Work until the child is told to stop; a job in hand is left, and goes on after the next start.

    Before it is ready, the terminology has what comes with the hub.
    """
    await ensure_built_in(foundation)
    async with foundation.database("bulk", size=5) as database, bulk_worker(foundation, database) as worker:
        child.ready()
        index = Indexing(database, full_text=foundation.settings.full_text)
        async with asyncio.TaskGroup() as loops:
            loops.create_task(worker.run(child.stop))
            loops.create_task(run_reindexing(index, foundation.log, child.stop))
