"""The files process: watches the folders of feeds that come as files."""

from __future__ import annotations

import asyncio

from connectors.files.folder import Folder
from hub.bootstrap.feeds import facilities_of
from hub.bootstrap.foundation import Foundation
from hub.bootstrap.takers import takers
from hub.kernel.clock import system_clock
from hub.pipeline.inbox import PostgresInbox
from hub.run.child import Child


async def run_files(foundation: Foundation, child: Child) -> None:
    """Watch until the child is told to stop; the file in hand is finished."""
    consortium = foundation.consortium
    async with foundation.database("files", size=2) as database, foundation.bell() as bell:
        inbox = PostgresInbox(database, facilities_of(consortium), bell=bell)
        taking = takers(consortium, "folder", inbox, system_clock)
        child.ready()
        async with asyncio.TaskGroup() as watching:
            for name, take in taking.items():
                folder = consortium.feeds[name].folder
                if folder is not None:
                    watching.create_task(Folder(folder, name, take, foundation.log).watch(child.stop))
            watching.create_task(child.stop.wait())
        await inbox.close()
