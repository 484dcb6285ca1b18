"""The MLLP process: every feed's listener on the sockets the supervisor bound."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping

from connectors.mllp.limits import Limits
from connectors.mllp.server import FeedServer
from hub.bootstrap.feeds import facilities_of
from hub.bootstrap.foundation import Foundation
from hub.bootstrap.listening import ListeningProfiles
from hub.bootstrap.queries import answerers
from hub.pipeline.inbox import PostgresInbox
from hub.pipeline.settlements import Settlements
from hub.run.child import Child


async def run_mllp(foundation: Foundation, child: Child, sockets: Mapping[str, int]) -> None:
    """Listen until the child is told to stop; what was taken is answered first."""
    consortium, limits = foundation.consortium, Limits.of(foundation.settings)
    readers = ListeningProfiles(consortium, foundation.log).readers()
    async with (
        foundation.database("mllp", size=4) as database,
        foundation.bell() as bell,
        answerers(foundation, database) as answering,
    ):
        facilities = facilities_of(consortium)
        inbox = PostgresInbox(database, facilities, seconds=None, bell=bell)  # each listener keeps the time
        waiter = Settlements(database, bell)
        servers = {
            name: FeedServer(
                feed,
                inbox=inbox,
                read_envelope=readers[name],
                waiter=waiter,
                log=foundation.log,
                limits=limits,
                answerer=answering.get(name),
            )
            for name, feed in consortium.feeds.items()
            if feed.transport == "mllp"
        }
        for name, server in servers.items():
            await server.start(socket.socket(fileno=sockets[name]))
        child.ready()
        await child.stop.wait()
        await asyncio.gather(*(server.drain() for server in servers.values()))
        await waiter.close()
        await inbox.close()
