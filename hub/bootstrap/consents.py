"""The doors of consents: what patients lay down, what is asked of them, what they are told."""

from __future__ import annotations

from consent.configuration import Configuration
from hub.api.consent_requests import notice_doors, request_doors
from hub.api.consents import consent_doors
from hub.api.json_doors import Door
from hub.api.matters import glass_doors, objection_doors, second_doors
from hub.api.relationships import relationship_doors
from hub.api.standing import approval_doors, proxy_doors
from hub.audit.trail import Trail
from hub.auth.directory import Directory
from hub.bootstrap.foundation import Foundation
from hub.db.database import Database
from hub.fhir.validator import Validator
from hub.gate.gate import Gate
from hub.kernel.clock import system_clock
from hub.records.approvals import Approvals
from hub.records.client import ClientWrites
from hub.records.consent_doors import ConsentDoors
from hub.records.consent_reading import ConsentReads
from hub.records.consent_requests import ConsentRequests
from hub.records.consents import Consents
from hub.records.glass_reviews import GlassReviews
from hub.records.notice_board import NoticeBoard
from hub.records.objections import Objections
from hub.records.proxies import Proxies
from hub.records.second_requests import SecondRequests
from hub.records.ties import Ties
from hub.store.store import Store


async def consent_doors_of(
    foundation: Foundation,
    database: Database,
    store: Store,
    directory: Directory,
    trail: Trail,
    validator: Validator,
    writes: ClientWrites,
) -> ConsentDoors:
    """The doors; consents compiled under other settings are compiled anew."""
    settings = foundation.settings
    configuration = Configuration(base_urls=(settings.base_url,) if settings.base_url else ())
    common = (trail, system_clock, configuration)
    consents = Consents(database, store, directory, validator, *common, settings.canonical_base)
    await consents.renew()
    approvals = Approvals(database, directory, trail, system_clock)
    return ConsentDoors(
        consents=consents,
        reads=ConsentReads(database, store, *common),
        requests=ConsentRequests(database, store, directory, *common, consents),
        board=NoticeBoard(database, store, *common),
        proxies=Proxies(database, store, validator, *common),
        approvals=approvals,
        seconds=SecondRequests(database, store, directory, trail, system_clock, approvals),
        objections=Objections(database, store, *common),
        glass=GlassReviews(database, store, *common),
        ties=Ties(database, store, *common, writes),
    )


def consent_api(doors: ConsentDoors, gate: Gate, base_url: str) -> list[Door]:
    """Their doors under `/api`. Fixed addresses come before those with an id in their place."""
    return [
        *request_doors(doors.requests),
        *consent_doors(doors.consents, doors.reads, gate, base_url),
        *notice_doors(doors.board),
        *proxy_doors(doors.proxies),
        *second_doors(doors.seconds),
        *approval_doors(doors.approvals),
        *relationship_doors(doors.ties),
        *objection_doors(doors.objections, gate),
        *glass_doors(doors.glass),
    ]
