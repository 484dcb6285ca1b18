"""The MQTT brokers of the consortium, each with who takes what is published there."""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import Iterator
from typing import TYPE_CHECKING

from hub.api.json_limits import parse
from hub.bootstrap.device_format import Device
from hub.bootstrap.feeds import readings
from hub.bootstrap.takers import takers
from hub.kernel.clock import system_clock
from hub.kernel.consortium import Consortium
from hub.kernel.log import Log
from hub.kernel.ports import FileTaker, Inbox
from hub.kernel.types import Taken

if TYPE_CHECKING:
    from connectors.devices.mqtt import Subscription


def subscriptions(consortium: Consortium, inbox: Inbox, log: Log) -> Iterator[Subscription]:
    """A subscription for every feed of transport mqtt; the library is loaded where there is one."""
    taking = takers(consortium, "mqtt", inbox, system_clock)
    if not taking:
        return
    from connectors.devices.mqtt import Subscription

    known = readings(consortium)
    for name, take in taking.items():
        reading, broker = known[name], consortium.feeds[name].broker
        if broker is not None and isinstance(reading, Device):
            yield Subscription(
                name, broker, take=limited(take), devices=reading.devices, inbox=inbox, clock=system_clock, log=log
            )


def limited(take: FileTaker) -> FileTaker:
    """As `take`, for JSON within the limits of the doors; it raises HubError UNREADABLE too."""

    async def run(raw: bytes, peer: str) -> Taken:
        await to_thread(parse, raw)
        return await take(raw, peer)

    return run
