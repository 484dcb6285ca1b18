"""A hub with outbound feeds to hospital systems: real database, real gate, real sockets, a clock of ours."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from connectors.mllp.delivery import transport
from hub.auth.directory import Directory
from hub.bootstrap.outbound import style_of
from hub.events.gathering import Gathering
from hub.kernel.ids import control_ids
from hub.kernel.log import Log
from hub.kernel.outbound_feed import OutboundFeed
from hub.kernel.types import Json
from hub.outbound.audience import FeedAudience
from hub.outbound.courier import OutboundCourier, Route
from hub.outbound.desk import OutboundDesk, SeenMessage
from mappings.hl7v2.outbound.messages import writer
from tests.api.house import House, Ticking, house
from tests.auth.consortium import CONSORTIUM
from tests.mpi.people import citizen_id
from tests.outbound.hospital import Hospital, hospital

T = TypeVar("T")

CITIZEN: Final = "urn:oid:2.16.156.10011.1.3"
MR: Final = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}]}
PEOPLE: Final[dict[str, Json]] = {
    "a": {"name": [{"text": "沈桂兰"}], "gender": "female", "birthDate": "1958-04-12"},
    "b": {"name": [{"text": "赵国强"}], "gender": "male", "birthDate": "1971-09-30"},
    "c": {"name": [{"text": "马小云"}], "gender": "female", "birthDate": "1990-02-17"},
}
OWNERS: Final = {"F01": "hospital", "F05": "clinic"}


@dataclass
class Sending:
    """The parts of one test."""

    home: House
    hospital: Hospital
    gathering: Gathering
    courier: OutboundCourier
    desk: OutboundDesk

    async def put(self, resource: Json, facility: str = "F01") -> None:
        """Write as a facility."""
        path = f"/{resource['resourceType']}/{resource['id']}"
        answer = await self.home.ask("PUT", path, resource, who=OWNERS[facility])
        assert answer.status_code in (200, 201), answer.text

    async def known(self, who: str = "a", *, referred: bool = True) -> None:
        """A person of the hospital whom the clinic knows too; `referred` gives the clinic a relation."""
        await self.put(patient(who))
        await self.put(patient(who, "F05"), "F05")
        if referred:
            await self.put(referral(who))

    async def gather(self) -> None:
        """Look at all changes there are."""
        while await self.gathering.turn():
            pass

    async def deliver(self) -> None:
        """Send all that is due."""
        for name in await self.courier.due():
            await self.courier.serve(name)

    async def tell(self) -> None:
        """Gather and send."""
        await self.gather()
        await self.deliver()

    async def quiet(self) -> None:
        """Send all there is, and forget that it came."""
        await self.tell()
        self.hospital.messages.clear()
        self.hospital.connections = 0

    def skip(self, seconds: float) -> None:
        """Let time pass."""
        clock = self.home.services.clock
        assert isinstance(clock, Ticking)
        clock.skip(seconds)

    async def states(self) -> list[tuple[str, str, str]]:
        """Kind, state and error of every message there is, oldest first."""
        return [(one.kind, one.state, one.error) for one in reversed(await self.seen())]

    async def seen(self) -> list[SeenMessage]:
        """Every message there is, newest first."""
        return await self.desk.messages()


def patient(who: str, facility: str = "F01", **elements: Any) -> Json:
    """A person as a facility knows her: a number of its own, and the citizen's."""
    born = PEOPLE[who]["birthDate"]
    numbers = [
        {"system": f"urn:oid:2.999.{facility[1:].lstrip('0')}", "value": f"{facility}-{who}", "type": MR},
        {"system": CITIZEN, "value": citizen_id(born, ord(who))},
    ]
    return {"resourceType": "Patient", "id": f"{facility}-{who}", "identifier": numbers, **PEOPLE[who], **elements}


def referral(who: str, **elements: Any) -> Json:
    """A referral of a patient of the hospital to the clinic."""
    return {
        "resourceType": "ServiceRequest",
        "id": f"F01-{who}-ref",
        "status": "active",
        "intent": "order",
        "code": {"text": "随访"},
        "subject": {"reference": f"Patient/F01-{who}"},
        "performer": [{"reference": "Organization/F05"}],
        "occurrencePeriod": {"start": "2026-05-01", "end": "2026-06-30"},
        **elements,
    }


def result(who: str, name: str, value: str, **elements: Any) -> Json:
    """A laboratory value of the hospital."""
    return {
        "resourceType": "Observation",
        "id": f"F01-{who}-{name}",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "2345-7", "display": "血糖"}]},
        "subject": {"reference": f"Patient/F01-{who}"},
        "effectiveDateTime": "2026-05-19T08:30:00+08:00",
        "valueString": value,
        **elements,
    }


def report(who: str, name: str, *results: str, **elements: Any) -> Json:
    """A report of the hospital on some of its values."""
    return {
        "resourceType": "DiagnosticReport",
        "id": f"F01-{who}-{name}",
        "status": "final",
        "code": {"text": "生化"},
        "subject": {"reference": f"Patient/F01-{who}"},
        "result": [{"reference": f"Observation/F01-{who}-{one}"} for one in results],
        **elements,
    }


def in_sending(
    url: str, visit: Callable[[Sending], Awaitable[T]], *, feeds: Sequence[OutboundFeed] = (), **changes: Any
) -> T:
    """Run `visit` in a house with a feed to one hospital system; `changes` are those of its entry."""

    async def run() -> T:
        async with AsyncExitStack() as stack:
            system = await stack.enter_async_context(hospital())
            home = await stack.enter_async_context(house(url))
            return await visit(await sending(home, system, [system.feed(**changes), *feeds]))

    return asyncio.run(run())


async def sending(home: House, system: Hospital, feeds: Sequence[OutboundFeed]) -> Sending:
    """The parts over a house; the feeds are told of what comes after."""
    gate, clock, log = home.services.gate, home.services.clock, Log("events", stream=home.log)
    audience = FeedAudience(feeds, gate.dispatches)
    await audience.register(home.database)
    gathering = Gathering(home.database, gate.notices, log, [audience])
    routes = [Route(feed=feed, write=writer(style_of(feed)), transport=transport(feed)) for feed in feeds]
    directory = Directory(CONSORTIUM)
    courier = OutboundCourier(home.database, gate.dispatches, routes, directory, control_ids(bytes(32)), clock, log)
    await gathering.turn()
    return Sending(home, system, gathering, courier, OutboundDesk(home.database))
