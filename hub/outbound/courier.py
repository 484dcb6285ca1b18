"""Delivery of outbound messages: judged, written, on record, sent, and settled by what the receiver says.

Only one courier works at a time, whatever the number of processes; everything it must remember stands in the database,
so another one goes on where it was killed. At least once: a message that was sent and not known to have arrived is sent
again, and as long as it says the same it is the same bytes under the same MSH-10.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from hub.auth.actor import Actor
from hub.auth.directory import Directory
from hub.db.database import Database
from hub.gate.dispatches import Dispatches, Shown
from hub.kernel.clock import Clock
from hub.kernel.errors import Category, HubError
from hub.kernel.log import Log
from hub.kernel.outbound_feed import OutboundFeed
from hub.kernel.ports import Carrier, MessageWriter, Transport
from hub.kernel.types import Outgoing, Reaction, Verdict, Written
from hub.outbound import queue
from hub.outbound.catalogue import is_for
from hub.outbound.queue import Message

#: Messages looked at in one turn, and turns over one connection before it is made anew.
_TURN: Final = 100
_IN_A_ROW: Final = 100
#: An actor that is judged long after it was made has its time from the clock of the gate; this one plays no part.
_EXPIRES: Final = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One feed with what belongs to it: how its messages are written and carried."""

    feed: OutboundFeed
    write: MessageWriter
    transport: Transport

    @property
    def actor(self) -> Actor:
        """Who is asked for at the gate: a clinician of the organisation that receives."""
        return Actor(
            role="clinician",
            purpose=("TREAT",),
            client=f"feed:{self.feed.name}",
            token_id="",
            expires=_EXPIRES,
            organization=self.feed.facility,
        )


class Unwritable(Exception):  # noqa: N818 -- says what the message is
    """A message that cannot be written in the receiver's format; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code: Final = code


class OutboundCourier:
    """Delivers what is due. `control` makes the MSH-10 of a message (hub.kernel.ids.control_ids)."""

    def __init__(
        self,
        database: Database,
        dispatches: Dispatches,
        routes: Sequence[Route],
        directory: Directory,
        control: Callable[[str, bytes], str],
        clock: Clock,
        log: Log,
    ) -> None:
        self._database: Final = database
        self._dispatches: Final = dispatches
        self._routes: Final[Mapping[str, Route]] = {route.feed.name: route for route in routes}
        self._directory: Final = directory
        self._control: Final = control
        self._clock: Final = clock
        self._log: Final = log

    async def due(self) -> list[str]:
        """Feeds for which there is something to do now."""
        async with self._database.connection() as tx:
            return await queue.due(tx, list(self._routes), self._clock())

    async def serve(self, name: str) -> None:
        """Send what one feed may be sent now, until its receiver fails or others have waited. Never raises."""
        route = self._routes[name]
        try:
            await self._serve(route)
        except HubError as error:
            if error.code.startswith("receiver-"):
                await self._missed(route, error.code)
            else:
                # The database is away, or consents change too fast: the next turn looks again.
                self._log.event("delivery-put-off", level="WARNING", feed=name, code=error.code)
        except Exception as error:
            self._log.failure("delivery-failed", error, feed=name)

    async def _serve(self, route: Route) -> None:
        batch = await self._chosen(route)
        if not batch:
            return  # nothing may be sent: not even a connection tells that something happened
        async with route.transport() as carrier:
            for _ in range(_IN_A_ROW):
                await self._send(route, carrier, batch)
                batch = await self._chosen(route)
                if not batch:
                    return

    async def _chosen(self, route: Route) -> list[Message]:
        """As many messages as may be under way at once, no two in one lane; those that are for nobody are forgotten."""
        while True:
            async with self._database.connection() as tx:
                ready = await queue.ready(tx, route.feed.name, self._clock(), _TURN)
            chosen = await self._wanted_of(route, ready)
            if chosen or len(ready) < _TURN:
                return chosen

    async def _wanted_of(self, route: Route, ready: Sequence[Message]) -> list[Message]:
        chosen: list[Message] = []
        lanes: set[str] = set()
        for message in ready:
            if len(chosen) == route.feed.window:
                break
            in_order = lanes.isdisjoint(message.lanes)
            if in_order and not await self._is_wanted(route, message):
                continue
            # What shares a lane with one that is passed over waits with it.
            lanes.update(message.lanes)
            chosen += [message] if in_order else []
        return chosen

    async def _is_wanted(self, route: Route, message: Message) -> bool:
        try:
            wanted = await self._dispatches.weigh(route.actor, message.pointer, self._maker(route, message))
        except Unwritable as unwritable:
            await self._dead(route, message, unwritable.code)
            return False
        if not wanted:
            async with self._database.connection() as tx:
                await queue.forget(tx, message.seq)
        return wanted

    async def _send(self, route: Route, carrier: Carrier, batch: Sequence[Message]) -> None:
        """Judge once more, record, send and settle. Raises HubError UNAVAILABLE when the receiver fails."""
        left = [(message, written) for message in batch if (written := await self._recorded(route, message))]
        try:
            async with aclosing(carrier.carry([written for _, written in left])) as reactions:
                async for reaction in reactions:
                    await self._settle(route, *left.pop(0), reaction)
        except HubError as error:
            if left and error.code.startswith("receiver-"):
                # The first without an answer may be what the receiver stumbles over; those behind it are not to blame.
                await self._again(route, *left[0], error.code)
            raise

    async def _recorded(self, route: Route, message: Message) -> Written | None:
        """The message as it may be sent now, on record; None for one that may not be sent any more."""
        make = self._maker(route, message)
        try:
            written = await self._dispatches.dispatch(route.actor, message.pointer, make, feed=route.feed.name)
        except HubError as error:
            if error.category is not Category.FAULT:
                raise
            await self._dead(route, message, error.code)
            return None
        if written is None:
            async with self._database.connection() as tx:
                await queue.forget(tx, message.seq)
        return written

    def _maker(self, route: Route, message: Message) -> Callable[[Shown], Written | None]:
        receiver = self._directory.same_entity(route.feed.facility)
        # Nothing that counts: what is hidden must not show in the control ids of the rest.
        about = f"{route.feed.name} {message.kind} {message.type}/{message.rid}"

        def make(shown: Shown) -> Written | None:
            if not is_for(message.kind, shown, receiver):
                return None
            outgoing = Outgoing(
                kind=message.kind,
                focus=shown.focus,
                about=shown.about,
                own=shown.own,
                others=shown.others,
                happened=message.happened,
            )
            try:
                return route.write(outgoing, lambda content: self._control(about, content))
            except HubError as error:
                raise Unwritable(error.code) from None
            except Exception as error:
                self._log.failure("message-unwritable", error, feed=route.feed.name)
                raise Unwritable(Category.FAULT) from None

        return make

    async def _settle(self, route: Route, message: Message, written: Written, reaction: Reaction) -> None:
        self._log.event("message-answered", level="DEBUG", feed=route.feed.name, kind=message.kind, code=reaction.code)
        if reaction.verdict is Verdict.AGAIN:
            await self._again(route, message, written, f"receiver-{reaction.code}")
        elif reaction.verdict is Verdict.REFUSED:
            await self._dead(route, message, f"receiver-{reaction.code}", written)
        else:
            async with self._database.connection() as tx:
                await queue.settle(tx, message.seq, queue.DONE, self._clock(), sent=True, control=written.control)
        async with self._database.connection() as tx:
            await queue.reached(tx, route.feed.name, self._clock())

    async def _again(self, route: Route, message: Message, written: Written, code: str) -> None:
        """Wait before the next try, or lay aside what was tried for the last time."""
        tried = message.tries + 1
        if tried >= route.feed.retry.tries:
            await self._dead(route, message, code, written)
            return
        when = self._clock() + route.feed.retry.pause(tried)
        async with self._database.connection() as tx:
            await queue.again(tx, message.seq, when, error=code, control=written.control)

    async def _dead(self, route: Route, message: Message, code: str, sent: Written | None = None) -> None:
        control, now = sent.control if sent else "", self._clock()
        async with self._database.connection() as tx:
            await queue.settle(tx, message.seq, queue.DEAD, now, sent=sent is not None, error=code, control=control)
        self._log.event("message-dead", level="ERROR", feed=route.feed.name, kind=message.kind, code=code)

    async def _missed(self, route: Route, code: str) -> None:
        """The receiver is away: all its messages wait, none has failed, and nobody else's do."""
        try:
            async with self._database.connection() as tx:
                pause = route.feed.retry.pause(await queue.tries(tx, route.feed.name) + 1)
                await queue.missed(tx, route.feed.name, self._clock() + pause, code)
        except HubError as error:
            code = error.code
        self._log.event("receiver-missed", level="WARNING", feed=route.feed.name, code=code)
