"""The MQTT brokers of the consortium, each with who takes what is published there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from hub.bootstrap.device_format import Device
from hub.bootstrap.feeds import readings
from hub.bootstrap.takers import takers
from hub.kernel.clock import system_clock
from hub.kernel.consortium import Consortium
from hub.kernel.log import Log
from hub.kernel.ports import Inbox

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
                name, broker, take=take, devices=reading.devices, inbox=inbox, clock=system_clock, log=log
            )
