"""Devices of one process: whose they are for who translates, and their doors for who serves."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from starlette.routing import BaseRoute

from hub.api.device_bindings import binding_doors
from hub.api.device_readings import Attempts, ReadingDoor, reading_route
from hub.api.device_senders import sender_doors
from hub.api.json_doors import Door
from hub.api.numbering import Numbering
from hub.audit.trail import Trail
from hub.auth.directory import Directory
from hub.auth.turnstile import Shared
from hub.bootstrap.device_format import Device
from hub.bootstrap.feeds import readings
from hub.bootstrap.foundation import Foundation
from hub.bootstrap.witness import TrailWitness
from hub.db.buckets import Buckets
from hub.db.database import Database
from hub.kernel.clock import system_clock
from hub.kernel.consortium import Consortium
from hub.kernel.ids import random_id
from hub.kernel.ports import FileTaker
from hub.pipeline.bell import SILENT, Bell
from hub.pipeline.devices.bindings import Bindings
from hub.pipeline.devices.senders import Senders
from hub.pipeline.devices.wearing import Wearing
from hub.records.registrations import Registrations


def device_feeds(consortium: Consortium) -> dict[str, str]:
    """The facility code of every feed whose messages are of devices, by feed."""
    feeds = consortium.feeds.items()
    return {name: feed.facility for name, feed in feeds if feed.format == "device" or feed.devices}


def wearing(foundation: Foundation, database: Database, *, releasing: bool = False) -> Wearing:
    """Whose the devices are, as a process holds it; `releasing` for a worker."""
    return Wearing(database, device_feeds(foundation.consortium), releasing=releasing)


@dataclass(frozen=True, slots=True)
class DeviceDesk:
    """Who has which device, and who may send for it; `refusals` counts who was refused, by kind."""

    bindings: Bindings
    senders: Senders
    refusals: Callable[[str], Shared]


def device_desk(foundation: Foundation, database: Database, trail: Trail, bell: Bell = SILENT) -> DeviceDesk:
    """The desk over a database; what is done at it is in the trail."""
    feeds, witness = device_feeds(foundation.consortium), TrailWitness(trail, system_clock)
    return DeviceDesk(
        Bindings(database, Registrations(foundation.store()), feeds, witness, system_clock, bell),
        Senders(database, feeds, foundation.keys.page_secret, witness, system_clock),
        partial(Shared, Buckets(database, system_clock)),
    )


@asynccontextmanager
async def opened_device_desk(foundation: Foundation) -> AsyncIterator[DeviceDesk]:
    """A desk with a database, a trail and a bell of its own, for the command line."""
    async with foundation.database("devices", size=2) as database, foundation.bell() as bell:
        trail = Trail(database, foundation.log)
        try:
            yield device_desk(foundation, database, trail, bell)
        finally:
            await trail.close()


def device_api(
    desk: DeviceDesk, foundation: Foundation, sent: Mapping[str, FileTaker], directory: Directory
) -> tuple[list[Door], list[BaseRoute]]:
    """The doors and the route of devices; none without a feed that has some. `sent`: who takes files of http feeds."""
    if not device_feeds(foundation.consortium):
        return [], []
    doors = {
        name: ReadingDoor(sent[name], reading.devices)
        for name, reading in readings(foundation.consortium).items()
        if isinstance(reading, Device) and name in sent
    }
    numbering = Numbering("d" + random_id()[:6])
    route = reading_route(
        doors, desk.senders.verified, Attempts(system_clock, desk.refusals), foundation.log, numbering
    )
    senders = sender_doors(desk.senders, directory)
    return [*binding_doors(desk.bindings, directory, system_clock), *senders], [route]
