"""The DICOM process: every imaging feed's application entity on the sockets the supervisor bound."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping

from connectors.pacs.server import PacsServer
from hub.bootstrap.feeds import facilities_of
from hub.bootstrap.foundation import Foundation
from hub.bootstrap.imaging import archives_of, pulls_of
from hub.bootstrap.listening import ListeningProfiles
from hub.bootstrap.worklists import worklists
from hub.pipeline.inbox import PostgresInbox
from hub.run.child import Child


async def run_dicom(foundation: Foundation, child: Child, sockets: Mapping[str, int]) -> None:
    """Listen until the child is told to stop."""
    consortium, seconds = foundation.consortium, foundation.settings.accept_seconds
    readers = ListeningProfiles(consortium, foundation.log).readers()
    async with (
        foundation.database("dicom", size=4) as database,
        foundation.bell() as bell,
        worklists(foundation, database) as lists,
    ):
        inbox = PostgresInbox(database, facilities_of(consortium), seconds=seconds, bell=bell)
        archives = archives_of(consortium)
        pulls = pulls_of(consortium, archives, inbox, foundation.log)
        servers = [
            PacsServer(
                feed,
                inbox=inbox,
                read_envelope=readers[name],
                log=foundation.log,
                seconds=seconds,
                worklist=lists.get(name),
                pull=pulls.get(name),
            )
            for name, feed in consortium.feeds.items()
            if feed.transport == "dicom"
        ]
        for server in servers:
            await server.start(socket.socket(fileno=sockets[server.name]))
        child.ready()
        await child.stop.wait()
        await asyncio.gather(*(server.drain() for server in servers))
        for archive in archives.values():
            await archive.close()
        await inbox.close()
