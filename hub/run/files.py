"""The files process: what is fetched, from watched folders, imaging archives that are polled, and MQTT brokers."""

from __future__ import annotations

import asyncio

from connectors.files.folder import Folder
from hub.bootstrap.brokers import subscriptions
from hub.bootstrap.feeds import facilities_of
from hub.bootstrap.foundation import Foundation
from hub.bootstrap.imaging import archives_of, polled, pulls_of
from hub.bootstrap.takers import takers
from hub.kernel.clock import system_clock
from hub.pipeline.inbox import PostgresInbox
from hub.run.child import Child


async def run_files(foundation: Foundation, child: Child) -> None:
    """Watch until the child is told to stop; the file in hand, and the study, are finished."""
    consortium, log = foundation.consortium, foundation.log
    async with foundation.database("files", size=2) as database, foundation.bell() as bell:
        inbox = PostgresInbox(database, facilities_of(consortium), bell=bell)
        taking = takers(consortium, "folder", inbox, system_clock)
        archives = archives_of(consortium)
        pulls = pulls_of(consortium, archives, inbox, log)
        child.ready()
        async with asyncio.TaskGroup() as watching:
            for name, take in taking.items():
                feed = consortium.feeds[name]
                if feed.folder is not None:
                    watching.create_task(Folder(feed.folder, name, take, log, feed.marker).watch(child.stop))
            for subscription in subscriptions(consortium, inbox, log):
                watching.create_task(subscription.run(child.stop))
            for source, polling in polled(foundation, archives, pulls):
                watching.create_task(polling.watch(child.stop, source.poll_seconds))
            watching.create_task(child.stop.wait())
        for archive in archives.values():
            await archive.close()
        await inbox.close()
