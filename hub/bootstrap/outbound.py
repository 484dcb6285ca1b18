"""Outbound feeds: what the process needs that sends, and the desk of the engineer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from connectors.mllp.delivery import transport
from hub.auth.directory import Directory
from hub.bootstrap.foundation import Foundation
from hub.db import schema
from hub.db.database import Database
from hub.gate.gate import Gate
from hub.kernel.clock import system_clock
from hub.kernel.consortium import Consortium
from hub.kernel.ids import control_ids
from hub.kernel.outbound_feed import OutboundFeed
from hub.outbound.courier import OutboundCourier, Route
from hub.outbound.desk import OutboundDesk
from mappings.hl7v2.outbound.messages import writer
from mappings.hl7v2.outbound.style import CHARSETS, Style
from mappings.hl7v2.profile import DEFAULT
from mappings.hl7v2.profiles.load import load

#: MSH-15 and MSH-16 by what ends a delivery (table 0155).
_ASKED = {"original": ("", ""), "accept": ("AL", "NE"), "application": ("AL", "AL")}


def style_of(feed: OutboundFeed) -> Style:
    """How a receiver is spoken to. Raises HubError INVALID with the lines of its profile that are wrong."""
    codec, declared = CHARSETS[feed.charset]
    application, facility = (feed.receiver or f"HIS|{feed.facility}").split("|")
    sender, sending = feed.sender.split("|")
    accept, outcome = _ASKED[feed.acknowledgement]
    return Style(
        sender=(sender, sending),
        application=application,
        facility=facility,
        version=feed.version,
        codec=codec,
        declared=declared,
        zone=feed.zone,
        accept=accept,
        outcome=outcome,
        profile=load(feed.profile) if feed.profile else DEFAULT,
    )


def routes(consortium: Consortium) -> list[Route]:
    """A route for every outbound feed. Raises HubError INVALID for a profile or a certificate that is wrong."""
    return [
        Route(feed=feed, write=writer(style_of(feed)), transport=transport(feed))
        for feed in consortium.outbound.values()
    ]


def outbound_courier(
    foundation: Foundation, database: Database, gate: Gate, directory: Directory, ways: list[Route]
) -> OutboundCourier:
    """Who delivers."""
    control = control_ids(foundation.keys.page_secret)
    return OutboundCourier(database, gate.dispatches, ways, directory, control, system_clock, foundation.log)


@asynccontextmanager
async def outbound_desk(url: str) -> AsyncIterator[OutboundDesk]:
    """Outbound messages in the database at `url`, for the command line."""
    database = await Database.connect(url, size=1, name="yilian-outbound")
    try:
        await schema.check(database)
        yield OutboundDesk(database)
    finally:
        await database.close()
