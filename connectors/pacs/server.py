"""A listening application entity: who may associate, on which socket, and how it stops.

An association is known by its calling AE title and its address together: titles are names anybody can write.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import Sequence
from socketserver import BaseServer
from ssl import SSLContext, SSLSocket
from typing import Any, Final

from pynetdicom import AE, evt
from pynetdicom import _config as settings
from pynetdicom.presentation import (
    AllStoragePresentationContexts,
    PresentationContext,
    VerificationPresentationContexts,
)
from pynetdicom.transport import ThreadedAssociationServer

from connectors.mllp.peers import Network, allowed, is_named, networks
from connectors.mllp.tls import server_context
from connectors.pacs.finding import WORKLIST, Finding
from connectors.pacs.intake import MOST_BYTES, SUCCESS, Intake, Sent
from connectors.pacs.steps import PAUSES, STEP, Puller, Steps
from connectors.pacs.wire import quicken
from hub.kernel.clock import Clock, system_clock
from hub.kernel.consortium import Feed
from hub.kernel.errors import DIMSE, Category
from hub.kernel.log import Log
from hub.kernel.ports import EnvelopeReader, Inbox, WorklistAnswerer

#: Bytes of a PDU: with the usual 16 KiB a CT slice costs half as much again.
PDU: Final = 128 * 1024
#: Associations at once, and seconds in which a peer must go on.
ASSOCIATIONS: Final = 32
IDLE_SECONDS: Final = 60
TITLE: Final = "YILIAN"
#: A-ASSOCIATE-RJ: permanent, by the service user, calling AE title not recognised (PS3.8 9.3.4).
_UNKNOWN_CALLER: Final = (0x01, 0x01, 0x03)
#: Transfer syntaxes whose data sets are plain little endian, whatever their pixels are (PS3.5 A).
_SYNTAXES: Final = (
    "1.2.840.10008.1.2.1",
    "1.2.840.10008.1.2",
    *("1.2.840.10008.1.2.4." + end for end in ("50", "51", "57", "70", "80", "81", "90", "91", "92", "93", "100")),
    *("1.2.840.10008.1.2.4." + end for end in ("101", "102", "103", "104", "105", "106", "107", "108")),
    *("1.2.840.10008.1.2.4." + end for end in ("201", "202", "203")),
    "1.2.840.10008.1.2.5",
)
# The library writes associations and data sets to a log of its own, names of patients among them.
logging.getLogger("pynetdicom").addHandler(logging.NullHandler())
logging.getLogger("pynetdicom").propagate = False
settings.LOG_HANDLER_LEVEL = "none"
settings.LOG_REQUEST_IDENTIFIERS = False
settings.LOG_RESPONSE_IDENTIFIERS = False


class PacsServer:
    """Listens for one feed; each association has a thread of its own.

    `Feed.senders` are the calling AE titles taken, each with a network if need be (`CT01@10.1.2.0/24`); none: any
    from `Feed.peers`.
    """

    def __init__(
        self,
        feed: Feed,
        *,
        inbox: Inbox,
        read_envelope: EnvelopeReader,
        log: Log,
        clock: Clock = system_clock,
        seconds: float = 10,
        worklist: WorklistAnswerer | None = None,
        pull: Puller | None = None,
        pauses: Sequence[float] = PAUSES,
    ) -> None:
        self._pull: Final = pull
        self._pauses: Final = pauses
        self._steps: Steps | None = None
        self._worklist: Final = worklist
        self._feed: Final = feed
        self._inbox: Final = inbox
        self._read: Final = read_envelope
        self._log: Final = log
        self._clock: Final = clock
        self._seconds: Final = seconds
        self._networks: Final = networks(feed.peers, f"feed {feed.name}: peers")
        self._callers: Final = [_caller(sender) for sender in feed.senders]
        self._server: _Server | None = None
        self._intake: Intake | None = None

    @property
    def name(self) -> str:
        """The feed's."""
        return self._feed.name

    async def start(self, sock: socket.socket) -> int:
        """Serve a socket that listens. Gives the port."""
        loop = asyncio.get_running_loop()
        self._intake = Intake(
            self._feed.name,
            inbox=self._inbox,
            read_envelope=self._read,
            clock=self._clock,
            log=self._log,
            loop=loop,
            seconds=self._seconds,
        )
        tls = server_context(self._feed.tls) if self._feed.tls else None
        handlers, entity = self._handlers(), _entity()
        if self._worklist is not None:
            finding = Finding(self._feed.name, self._worklist, self._log, loop, self._seconds)
            handlers.append((evt.EVT_C_FIND, finding))
            entity.add_supported_context(WORKLIST)
        if self._pull is not None:
            self._steps = Steps(self._feed.name, self._pull, self._log, loop, self._pauses)
            handlers += [(evt.EVT_N_CREATE, self._steps.begun), (evt.EVT_N_SET, self._steps.changed)]
            entity.add_supported_context(STEP)
        self._server = _Server(entity, sock, self, handlers, tls)
        threading.Thread(target=self._server.serve_forever, args=(0.2,), name="dicom", daemon=True).start()
        port = int(sock.getsockname()[1])
        self._log.event("pacs.listening", feed=self._feed.name, port=port)
        return port

    async def drain(self) -> None:
        """Take no more, and end what goes on: an object without an answer is sent again."""
        if self._steps is not None:
            self._steps.stop()
        if self._server is not None:
            await asyncio.to_thread(self._server.stop)
            self._log.event("pacs.drained", feed=self._feed.name)

    def admits(self, address: str) -> bool:
        """Whether a connection from an address is taken at all."""
        taken = allowed(address, self._networks)
        if not taken:
            self._log.event("pacs.turned-away", level="WARNING", feed=self._feed.name, code="peer")
        return taken

    def _handlers(self) -> list[Any]:
        return [
            (evt.EVT_CONN_OPEN, lambda event: quicken(event.assoc, self._received, MOST_BYTES)),
            (evt.EVT_REQUESTED, self._requested),
            (evt.EVT_C_ECHO, lambda _: SUCCESS),
        ]

    def _requested(self, event: Any) -> None:
        """Refuse a caller nobody named, before anything is negotiated."""
        primitive = event.assoc.requestor.primitive
        title, address = str(primitive.calling_ae_title).strip(), event.assoc.requestor.address
        if self._callers and not any(name == title and (not at or allowed(address, at)) for name, at in self._callers):
            self._refuse(event, "calling-ae-title")
        elif self._feed.tls is not None and not is_named(_certificate(event), self._feed.tls.clients):
            self._refuse(event, "client")

    def _refuse(self, event: Any, code: str) -> None:
        self._log.event("pacs.turned-away", level="WARNING", feed=self._feed.name, code=code)
        event.assoc.acse.send_reject(*_UNKNOWN_CALLER)
        event.assoc.kill()

    def _received(self, sent: Sent) -> int:
        return DIMSE[Category.UNAVAILABLE] if self._intake is None else self._intake.receive(sent)


class _Server(ThreadedAssociationServer):
    """The library's server on a socket that listens already."""

    def __init__(
        self, entity: AE, sock: socket.socket, owner: PacsServer, handlers: list[Any], tls: SSLContext | None
    ) -> None:
        self._given: Final = sock
        self._owner: Final = owner
        self._tls: Final = tls
        super().__init__(entity, sock.getsockname()[:2], TITLE, entity.supported_contexts, evt_handlers=handlers)

    def server_bind(self) -> None:
        if self.socket is not None:
            self.socket.close()
        self.socket = self._given
        self._given.settimeout(IDLE_SECONDS)
        self.server_address = self._given.getsockname()

    def server_activate(self) -> None:
        """The supervisor listens."""

    def verify_request(self, _request: Any, client_address: Any) -> bool:
        return self._owner.admits(client_address[0])

    def get_request(self) -> tuple[socket.socket, Any]:
        """A connection; its TLS handshake is left to its own thread, so that a silent peer holds up nobody."""
        connection, address = self._given.accept()
        connection.settimeout(IDLE_SECONDS)
        if self._tls is not None:
            connection = self._tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, address

    def stop(self) -> None:
        """End the loop, then the associations; what they did not hear of they send again."""
        BaseServer.shutdown(self)
        for association in self.active_associations:
            association.abort()
        self._given.close()


def _certificate(event: Any) -> dict[str, Any] | None:
    """What the peer showed; None without TLS."""
    connection = event.assoc.dul.socket.socket
    found: dict[str, Any] | None = connection.getpeercert() if isinstance(connection, SSLSocket) else None
    return found


def _entity() -> AE:
    entity = AE(TITLE)
    entity.maximum_pdu_size = PDU
    entity.maximum_associations = ASSOCIATIONS
    entity.network_timeout = IDLE_SECONDS
    entity.dimse_timeout = IDLE_SECONDS
    stored = [_context(str(each.abstract_syntax)) for each in AllStoragePresentationContexts]
    entity.supported_contexts = [*stored, *VerificationPresentationContexts]
    return entity


def _context(storage: str) -> PresentationContext:
    context = PresentationContext()
    context.abstract_syntax = storage
    context.transfer_syntax = list(_SYNTAXES)
    return context


def _caller(sender: str) -> tuple[str, tuple[Network, ...]]:
    """Title and networks of a sender as the consortium file writes it. Raises HubError INVALID."""
    title, _, network = sender.partition("@")
    return title, networks([network], f"senders: {title}") if network else ()
