"""Subscriptions: what the API needs of them, and what the process needs that tells them, outbound feeds and doctors."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from hub.audit.trail import Trail
from hub.auth.directory import Directory
from hub.bootstrap.alerts import alerting_of
from hub.bootstrap.consequences import consequences
from hub.bootstrap.foundation import Foundation
from hub.bootstrap.gates import gate_of
from hub.bootstrap.outbound import outbound_courier, routes
from hub.bootstrap.terminology import vocabulary
from hub.care.alerting import Alerting
from hub.db import schema
from hub.db.database import Database
from hub.events.courier import Courier
from hub.events.desk import EventsDesk
from hub.events.gathering import Audience, Gathering
from hub.events.headers import Seal
from hub.events.kept import CHANNEL
from hub.events.operations import Operations
from hub.events.receivers import Receivers
from hub.events.sockets import Sockets
from hub.events.subscribers import Subscribers
from hub.events.subscriptions import Subscriptions
from hub.events.telling import Telling
from hub.fhir.validator import Validator
from hub.gate.gate import Gate
from hub.kernel.clock import system_clock
from hub.outbound.audience import FeedAudience
from hub.outbound.courier import OutboundCourier
from hub.pipeline.wakeup import Wakeup
from hub.records.client import ClientWrites
from hub.records.subscribing import Subscribing


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiParts:
    """What one API process needs."""

    subscriptions: Subscriptions
    operations: Operations
    sockets: Sockets
    desk: EventsDesk
    wakeup: Wakeup

    async def close(self) -> None:
        """Stop listening for events."""
        await self.sockets.close()
        await self.wakeup.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class TellingParts:
    """What the process needs that gathers and delivers. `feeds` are made known before anything is gathered."""

    gathering: Gathering
    courier: Courier
    feeds: FeedAudience
    outbound: OutboundCourier
    alerting: Alerting
    trail: Trail


def api_parts(
    foundation: Foundation,
    database: Database,
    gate: Gate,
    trail: Trail,
    directory: Directory,
    validator: Validator,
) -> ApiParts:
    """The doors of subscriptions, and their WebSockets."""
    settings, log = foundation.settings, foundation.log
    bases = {"canonical_base": settings.canonical_base, "base_url": settings.base_url}
    subscribing, telling = Subscribing(database, trail, system_clock), Telling(database, gate.notices)
    subscriptions = Subscriptions(
        database,
        gate.notices,
        subscribing,
        Receivers(directory, foundation.consortium.receivers),
        Seal(foundation.keys.page_secret),
        validator,
        **bases,
    )
    base_url, wakeup = settings.base_url, Wakeup(database, CHANNEL)
    return ApiParts(
        subscriptions=subscriptions,
        operations=Operations(database, subscriptions, telling, subscribing, system_clock, base_url=base_url),
        sockets=Sockets(
            database, subscriptions, telling, directory, system_clock, log, base_url=base_url, wait=wakeup.wait
        ),
        wakeup=wakeup,
        desk=EventsDesk(database),
    )


@asynccontextmanager
async def telling_parts(foundation: Foundation, database: Database) -> AsyncIterator[TellingParts]:
    """Gathering and delivery."""
    settings, log = foundation.settings, foundation.log
    bases = {"canonical_base": settings.canonical_base, "base_url": settings.base_url}
    directory, trail = Directory(foundation.consortium), Trail(database, log)
    terms = vocabulary(foundation, database)
    store = foundation.store(terms.answers)
    gate = gate_of(foundation, database, store, trail, directory)
    writes = ClientWrites(
        database,
        store,
        directory,
        terms.validator,
        trail,
        system_clock,
        consequences(foundation, store),
        sight=gate.sight,
        labelling=terms.labelling,
        refresh=terms.sets.refresh,
    )
    courier = Courier(
        database,
        Telling(database, gate.notices),
        Receivers(directory, foundation.consortium.receivers),
        directory,
        Seal(foundation.keys.page_secret),
        system_clock,
        log,
        tries=settings.subscription_tries,
        **bases,
    )
    ways = routes(foundation.consortium)
    feeds = FeedAudience([way.feed for way in ways], gate.dispatches)
    audiences: list[Audience] = [Subscribers(system_clock, log, **bases), feeds]
    try:
        yield TellingParts(
            gathering=Gathering(database, gate.notices, log, audiences),
            courier=courier,
            feeds=feeds,
            trail=trail,
            outbound=outbound_courier(foundation, database, gate, directory, ways),
            alerting=alerting_of(foundation, database, gate, writes),
        )
    finally:
        await writes.close()
        await trail.close()


@asynccontextmanager
async def events_desk(url: str) -> AsyncIterator[EventsDesk]:
    """Subscriptions in the database at `url`, for the command line."""
    database = await Database.connect(url, size=1, name="yilian-subscriptions")
    try:
        await schema.check(database)
        yield EventsDesk(database)
    finally:
        await database.close()
