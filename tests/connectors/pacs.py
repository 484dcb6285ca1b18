"""A DICOM feed on a real socket with an inbox in memory, and a sender of objects."""

from __future__ import annotations

import asyncio
import io
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ssl import SSLContext
from typing import Any

from pydicom import dcmread
from pynetdicom import AE, evt

from connectors.pacs.server import PDU, PacsServer
from connectors.pacs.steps import Puller
from hub.kernel.clock import fixed_clock
from hub.kernel.consortium import Feed
from hub.kernel.log import Log
from hub.kernel.ports import WorklistAnswerer
from mappings.dicom.feed import envelope_reader
from mappings.dicom.profile import DEFAULT
from tests.connectors.harness import NOW, MemoryInbox

VERIFICATION = "1.2.840.10008.1.1"


@dataclass
class Listening:
    """A feed that listens."""

    port: int
    inbox: MemoryInbox
    log: io.StringIO

    async def send(self, *files: bytes, title: str = "CT01", tls: SSLContext | None = None) -> list[int]:
        """Send objects over one association; their statuses, [] where the association was refused."""
        return await asyncio.to_thread(send, self.port, files, title, tls)


def send(port: int, files: Sequence[bytes], title: str = "CT01", tls: SSLContext | None = None) -> list[int]:
    """As `Listening.send`, from the thread of the caller; no file: one C-ECHO."""

    def work(association: Any) -> list[int]:
        if not files:
            return [association.send_c_echo().Status]
        return [association.send_c_store(dcmread(io.BytesIO(raw))).Status for raw in files]

    return associated(port, work, title, sorted({str(dcmread(io.BytesIO(raw)).SOPClassUID) for raw in files}), tls)


def associated(
    port: int, work: Callable[[Any], list[int]], title: str, classes: Sequence[str], tls: SSLContext | None = None
) -> list[int]:
    """What a piece of work with an association gives; [] where the association was refused."""
    entity = AE(title)
    entity.maximum_pdu_size = PDU
    for each in classes or [VERIFICATION]:
        entity.add_requested_context(each)
    opened: list[socket.socket] = []
    handlers: list[Any] = [(evt.EVT_CONN_OPEN, _without_delay, [opened])]
    shown = None if tls is None else (tls, "127.0.0.1")
    association = entity.associate("127.0.0.1", port, evt_handlers=handlers, tls_args=shown)
    try:
        return work(association) if association.is_established else []
    finally:
        if association.is_established:
            association.release()
        for connection in opened:
            connection.close()  # the library leaves those of refused associations open


def _without_delay(event: Any, opened: list[socket.socket]) -> None:
    connection = event.assoc.dul.socket.socket
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    opened.append(connection)


@asynccontextmanager
async def listening(
    inbox: MemoryInbox | None = None,
    seconds: float = 5,
    worklist: WorklistAnswerer | None = None,
    pull: Puller | None = None,
    **feed: Any,
) -> AsyncIterator[Listening]:
    """Run a feed for the length of a block; the clock stands at `NOW`."""
    inbox, log = inbox or MemoryInbox(), io.StringIO()
    server = PacsServer(
        Feed(name="f01-pacs", facility="F01", transport="dicom", **feed),
        inbox=inbox,
        read_envelope=envelope_reader(DEFAULT),
        log=Log("dicom", level="DEBUG", stream=log, clock=fixed_clock(NOW)),
        clock=fixed_clock(NOW),
        seconds=seconds,
        worklist=worklist,
        pull=pull,
        pauses=(0.01, 0.01),
    )
    sock = socket.create_server(("127.0.0.1", 0))
    port = await server.start(sock)
    try:
        yield Listening(port, inbox, log)
    finally:
        await server.drain()
