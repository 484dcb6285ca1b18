"""A listening MLLP feed: who may connect, how many at once, and how it stops without losing an answer."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import secrets
import socket
from collections import Counter
from collections.abc import Callable

from connectors.mllp.connection import Connection
from connectors.mllp.intake import Intake
from connectors.mllp.limits import Limits
from connectors.mllp.outcomes import Outcomes
from connectors.mllp.peers import address_of, allowed, is_named, networks
from connectors.mllp.tls import server_context
from hub.kernel.clock import Clock, system_clock
from hub.kernel.consortium import Feed
from hub.kernel.errors import Category, HubError
from hub.kernel.log import Log
from hub.kernel.ports import AcknowledgementWaiter, EnvelopeReader, Inbox, QueryAnswerer

#: Seconds in which a TLS handshake must be done.
_HANDSHAKE = 10.0


def control_ids() -> Callable[[], str]:
    """Gives a fresh MSH-10 each time: 20 characters, as much as every version allows; the first ten by chance."""
    begin, numbers = secrets.token_hex(5).upper(), itertools.count()
    return lambda: f"{begin}{next(numbers):010X}"


class FeedServer:
    """Listens for one feed. Each connection is served by itself: what one does harms no other, on this feed or another.

    `control` gives a fresh control id for every acknowledgement; without `answerer` no query is answered.
    """

    def __init__(
        self,
        feed: Feed,
        *,
        inbox: Inbox,
        read_envelope: EnvelopeReader,
        waiter: AcknowledgementWaiter,
        log: Log,
        clock: Clock = system_clock,
        limits: Limits | None = None,
        control: Callable[[], str] | None = None,
        answerer: QueryAnswerer | None = None,
    ) -> None:
        self._feed = feed
        self._limits = limits or Limits()
        self._log = log
        self._waiter = waiter
        self._networks = networks(feed.peers, f"feed {feed.name}: peers")
        self._intake = Intake(
            feed,
            inbox=inbox,
            read_envelope=read_envelope,
            clock=clock,
            log=log,
            limits=self._limits,
            control=control or control_ids(),
            answerer=answerer,
        )
        self._server: asyncio.Server | None = None
        self._connections: dict[asyncio.Task[None], Connection] = {}

    async def start(self, sock: socket.socket | None = None) -> int:
        """Listen on `sock`, or else on the feed's host and port. Gives the port.

        Raises HubError INVALID for unusable certificates, UNAVAILABLE if the address cannot be bound.
        """
        tls = server_context(self._feed.tls) if self._feed.tls else None
        timeout = _HANDSHAKE if tls else None
        try:
            if sock is not None:
                self._server = await asyncio.start_server(self._met, sock=sock, ssl=tls, ssl_handshake_timeout=timeout)
            else:
                self._server = await asyncio.start_server(
                    self._met, self._feed.host, self._feed.port, ssl=tls, ssl_handshake_timeout=timeout
                )
        except OSError as error:
            where = f"feed {self._feed.name}"
            raise HubError(Category.UNAVAILABLE, f"cannot listen: {error.strerror}", where=where) from None
        port = int(self._server.sockets[0].getsockname()[1])
        self._log.event("mllp.listening", feed=self._feed.name, port=port)
        return port

    async def drain(self, seconds: float = 10) -> None:
        """Take no more, answer what was taken, close. What is not done within `seconds` is cut off, unanswered."""
        if self._server is not None:
            self._server.close()
        for connection in self._connections.values():
            connection.stop()
        if self._connections:
            _, late = await asyncio.wait(set(self._connections), timeout=seconds)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)
        self._log.event("mllp.drained", feed=self._feed.name)

    def _met(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        certificate = writer.get_extra_info("peercert")
        if not allowed(address_of(writer), self._networks):
            self._turn_away(writer, "peer")
        elif self._feed.tls is not None and not is_named(certificate, self._feed.tls.clients):
            self._turn_away(writer, "client")
        elif len(self._connections) >= self._limits.connections and not self._make_room():
            self._turn_away(writer, "connections")
        else:
            self._serve(reader, writer)

    def _make_room(self) -> bool:
        """End the connection that has been quiet longest, of the address that holds most of those that are quiet.

        So one host that opens connections and says nothing keeps nobody out, itself included.
        """
        quiet = [each for each in self._connections.values() if each.quiet_since is not None]
        if not quiet:
            return False
        held = Counter(each.address for each in quiet)
        longest = min(quiet, key=lambda each: (-held[each.address], each.quiet_since or 0.0))
        longest.stop()
        self._log.event("mllp.quiet-connection-ended", level="WARNING", feed=self._feed.name)
        return True

    def _turn_away(self, writer: asyncio.StreamWriter, code: str) -> None:
        self._log.event("mllp.turned-away", level="WARNING", feed=self._feed.name, code=code)
        writer.transport.abort()

    def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        outcomes = Outcomes(self._waiter, self._intake, self._log)
        connection = Connection(reader, writer, self._intake, self._limits, outcomes)
        task = asyncio.create_task(connection.serve())
        self._connections[task] = connection
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        del self._connections[task]
        with contextlib.suppress(asyncio.CancelledError):
            error = task.exception()
            if error is not None:
                self._log.failure("mllp.connection-failed", error, feed=self._feed.name)
