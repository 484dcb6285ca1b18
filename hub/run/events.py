"""The events process: gathers events, delivers notifications, messages and alerts, sequences the audit trail."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from hub.bootstrap.audit import alarming_of, sequencer_of
from hub.bootstrap.events import telling_parts
from hub.bootstrap.foundation import Foundation
from hub.care.watch import CHANNEL as ALERTS
from hub.db.database import Database
from hub.events.kept import CHANNEL
from hub.events.running import deliver, gather, tidy
from hub.kernel.clock import system_clock
from hub.outbound import queue as outbound
from hub.pipeline.bell import Bell
from hub.pipeline.queue import SETTLED
from hub.pipeline.wakeup import Wakeup
from hub.run.child import Child
from hub.run.sequencing import run_sequencing

#: Outbound feeds that may be at work at the same time: more than a consortium has, so that none waits for another.
_FEEDS_AT_ONCE: Final = 1000


async def run_events(foundation: Foundation, child: Child) -> None:
    """Work until the child is told to stop; deliveries in hand are given some seconds."""
    log, days = foundation.log, foundation.settings.subscription_days
    async with (
        foundation.database("events", size=8) as database,
        foundation.bell() as bell,
        telling_parts(foundation, database) as parts,
    ):
        await parts.feeds.register(database)
        sequencer, alarming = sequencer_of(foundation, database), alarming_of(foundation, database, parts.trail)
        child.ready()
        async with asyncio.TaskGroup() as loops:
            loops.create_task(
                _heard(database, SETTLED, bell, child, lambda wait: gather(parts.gathering, wait, child.stop, log))
            )
            deliveries = (
                lambda wait: deliver(database, parts.courier, wait, child.stop, log),
                lambda wait: deliver(
                    database, parts.outbound, wait, child.stop, log, lock=b"outbound", at_once=_FEEDS_AT_ONCE
                ),
            )
            for delivery in deliveries:
                loops.create_task(_heard(database, CHANNEL, bell, child, delivery))
            loops.create_task(
                _heard(
                    database,
                    ALERTS,
                    bell,
                    child,
                    lambda wait: deliver(database, parts.alerting, wait, child.stop, log, lock=b"alerts"),
                )
            )
            loops.create_task(run_sequencing(sequencer, alarming, log, child.stop))
            loops.create_task(tidy(database, system_clock, days, child.stop, log, forget=outbound.prune))


async def _heard(
    database: Database,
    channel: str,
    bell: Bell,
    child: Child,
    work: Callable[[Callable[[float], Awaitable[None]]], Awaitable[None]],
) -> None:
    """Run a loop that waits on a channel, and wake it for the last time when the process is to stop."""
    wakeup = Wakeup(database, channel, bell)
    ringer = asyncio.create_task(_ring(child, wakeup))
    try:
        await work(wakeup.wait)
    finally:
        ringer.cancel()
        await wakeup.close()


async def _ring(child: Child, wakeup: Wakeup) -> None:
    await child.stop.wait()
    wakeup.ring()
