"""A hub with subscriptions, and a receiver that is told: real database, real gate, real sockets, a clock of ours."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from hub.auth.directory import Directory
from hub.events.courier import Courier
from hub.events.desk import EventsDesk
from hub.events.gathering import Gathering
from hub.events.headers import Seal
from hub.events.receivers import Receivers
from hub.events.subscribers import Subscribers
from hub.events.telling import Telling
from hub.kernel.addresses import Resolve, resolve
from hub.kernel.log import Log
from hub.kernel.types import Json
from tests.api.house import BASE, CANONICAL, House, Ticking, body, house
from tests.auth.consortium import CONSORTIUM
from tests.events.receiver import Receiver, receiving

T = TypeVar("T")

BACKPORT: Final = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/"
TRIES: Final = 3

#: A transaction of another test that began before a change holds up what is told of it: xids are of all databases.
_END: Final = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
_IS_PAST: Final = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint >= $1"
#: How often others are waited for, a hundredth of a second each time.
_PATIENCE: Final = 1000


@dataclass
class Telled:
    """The parts of one test."""

    home: House
    receiver: Receiver
    gathering: Gathering
    courier: Courier
    desk: EventsDesk

    async def subscribe(self, resource: Json | None = None, *, who: str = "clinic") -> Json:
        """Make a Subscription and let it be active."""
        answer = await self.home.ask("POST", "/Subscription", resource or self.wanted(), who=who)
        assert answer.status_code == 201, answer.text
        await self.deliver()
        made: Json = body(await self.home.ask("GET", f"/Subscription/{body(answer)['id']}", who=who))
        return made

    def wanted(self, topic: str = "resource-changed", *filters: str, **changes: Any) -> Json:
        """A Subscription to a topic, told at our receiver."""
        return subscription(topic, *filters, endpoint=self.receiver.url, **changes)

    async def gather(self) -> None:
        """Look at all changes there are, also those that transactions of other tests still hold up."""
        async with self.home.database.connection() as connection:
            end = await connection.fetchval(_END)
            for _ in range(_PATIENCE):
                if await connection.fetchval(_IS_PAST, end):
                    break
                await asyncio.sleep(0.01)
        while await self.gathering.turn():
            pass

    async def deliver(self) -> None:
        """Deliver all that is due."""
        for sid in await self.courier.due():
            await self.courier.serve(sid)

    async def tell(self) -> None:
        """Gather and deliver."""
        await self.gather()
        await self.deliver()

    def skip(self, seconds: float) -> None:
        """Let time pass."""
        clock = self.home.services.clock
        assert isinstance(clock, Ticking)
        clock.skip(seconds)

    async def standing(self, sid: str, *, who: str = "clinic") -> Json:
        """A Subscription as its owner reads it."""
        answer: Json = body(await self.home.ask("GET", f"/Subscription/{sid}", who=who))
        return answer


def subscription(
    topic: str = "resource-changed",
    *filters: str,
    endpoint: str = "",
    content: str = "id-only",
    channel: str = "rest-hook",
    header: Sequence[str] = (),
    heartbeat: int | None = None,
    timeout: int | None = None,
    max_count: int | None = None,
    **elements: Any,
) -> Json:
    """A Subscription as a client writes it."""
    told = [
        *([{"url": BACKPORT + "backport-heartbeat-period", "valueUnsignedInt": heartbeat}] if heartbeat else []),
        *([{"url": BACKPORT + "backport-timeout", "valueUnsignedInt": timeout}] if timeout else []),
        *([{"url": BACKPORT + "backport-max-count", "valuePositiveInt": max_count}] if max_count else []),
    ]
    criteria = [{"url": BACKPORT + "backport-filter-criteria", "valueString": text} for text in filters]
    return {
        "resourceType": "Subscription",
        "status": "requested",
        "reason": "test",
        "criteria": f"{CANONICAL}/SubscriptionTopic/{topic}",
        **({"_criteria": {"extension": criteria}} if criteria else {}),
        "channel": {
            **({"extension": told} if told else {}),
            "type": channel,
            **({"endpoint": endpoint} if endpoint else {}),
            **({"header": list(header)} if header else {}),
            "payload": "application/fhir+json",
            "_payload": {"extension": [{"url": BACKPORT + "backport-payload-content", "valueCode": content}]},
        },
        **elements,
    }


def in_telling(url: str, visit: Callable[[Telled], Awaitable[T]], *, resolver: Resolve = resolve, **changes: Any) -> T:
    """Run `visit` in a house of its own; `changes` are those of the receiver's entry."""

    async def run() -> T:
        async with receiving() as receiver:
            receivers = [receiver.allowed(**({"facility": "F05"} | changes)), receiver.allowed("F01")]
            async with house(url, receivers=receivers) as home:
                return await visit(await telling(home, receiver, receivers, resolver))

    return asyncio.run(run())


async def telling(home: House, receiver: Receiver, receivers: Sequence[Any], resolver: Resolve = resolve) -> Telled:
    """The parts over a house."""
    notices, clock, log = home.services.gate.notices, home.services.clock, Log("events", stream=home.log)
    directory = Directory(CONSORTIUM)
    gathering = Gathering(
        home.database, notices, log, [Subscribers(clock, log, canonical_base=CANONICAL, base_url=BASE)]
    )
    courier = Courier(
        home.database,
        Telling(home.database, notices),
        Receivers(directory, receivers),
        directory,
        Seal(bytes(32)),
        clock,
        log,
        canonical_base=CANONICAL,
        base_url=BASE,
        tries=TRIES,
        resolver=resolver,
    )
    await gathering.turn()
    return Telled(home, receiver, gathering, courier, EventsDesk(home.database))
