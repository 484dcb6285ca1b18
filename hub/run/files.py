"""The files process: what is fetched, from watched folders, imaging archives that are polled, and MQTT brokers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Final

from connectors.files.folder import Folder
from hub.bootstrap.brokers import subscriptions
from hub.bootstrap.feeds import facilities_of
from hub.bootstrap.foundation import Foundation
from hub.bootstrap.imaging import accession_readers, archives_of, polled, pulls_of
from hub.bootstrap.takers import takers
from hub.db.database import Database
from hub.kernel.clock import system_clock
from hub.kernel.consortium import Feed
from hub.kernel.types import Accession
from hub.pipeline.bell import Bell
from hub.pipeline.hints import Hints
from hub.pipeline.inbox import PostgresInbox
from hub.pipeline.queue import SETTLED
from hub.pipeline.wakeup import Wakeup
from hub.run.child import Child

if TYPE_CHECKING:
    from connectors.pacs.polling import Polling


#: How often an archive is asked that is asked when there is reason only: what was missed is found.
_DAY: Final = 86_400


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
            readers = accession_readers(consortium)
            for source, polling in polled(foundation, archives, pulls):
                tellers = {name: readers[name] for name in source.told_by}
                watching.create_task(_polled(source, polling, tellers, database, bell, child.stop))
            watching.create_task(child.stop.wait())
        for archive in archives.values():
            await archive.close()
        await inbox.close()


async def _polled(
    feed: Feed,
    polling: Polling,
    tellers: Mapping[str, Callable[[bytes], Iterable[Accession]]],
    database: Database,
    bell: Bell,
    stop: asyncio.Event,
) -> None:
    """Ask an archive every so often, and at once for what the feeds that tell of it have brought the numbers of."""
    pause = feed.poll_seconds or _DAY
    if not tellers:
        await polling.watch(stop, pause)
        return
    wakeup = Wakeup(database, SETTLED, bell)
    try:
        await polling.watch(stop, pause, Hints(database, tellers, wakeup.wait).within)
    finally:
        await wakeup.close()
