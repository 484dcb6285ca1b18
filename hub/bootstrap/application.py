"""The HTTP application of one API process: FHIR API, other doors, pages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import Final

from fastapi import FastAPI

from hub.api.aggregates import aggregate_doors
from hub.api.app import create_app
from hub.api.asked import at_work, engineer_of
from hub.api.audit import audit_doors
from hub.api.bulk_repairs import bulk_repair_doors
from hub.api.codes import code_doors
from hub.api.conversion_report import report_doors
from hub.api.feed_health import feed_health_doors
from hub.api.feeds import feed_doors
from hub.api.imaging.endpoint import imaging_route
from hub.api.imaging.notices import notice_doors
from hub.api.indexing import indexing_doors
from hub.api.json_doors import Door, door_routes
from hub.api.messages import message_doors
from hub.api.numbering import Numbering
from hub.api.openapi import openapi_route
from hub.api.outbound import outbound_doors
from hub.api.reviews import review_doors
from hub.api.services import Services
from hub.api.subscriptions import topic_doors, websocket_route
from hub.audit.trail import Trail
from hub.auth.accounts import Accounts
from hub.auth.directory import Directory
from hub.auth.sessions import Sessions
from hub.bootstrap.authorisation import AuthorisationServer, authorisation_server
from hub.bootstrap.bulk import jobs_of, sources_of, vault_of
from hub.bootstrap.cda_documents import document_writer
from hub.bootstrap.consents import consent_api, consent_doors_of
from hub.bootstrap.consequences import consequences
from hub.bootstrap.devices import device_api, device_desk
from hub.bootstrap.events import api_parts
from hub.bootstrap.external import external_sign_in
from hub.bootstrap.feeds import domains, facilities_of
from hub.bootstrap.foundation import VERSION, Foundation, bell_of
from hub.bootstrap.gates import gate_of
from hub.bootstrap.imaging import archives_of, pulls_of, sources, viewers
from hub.bootstrap.submissions import document_door
from hub.bootstrap.takers import takers
from hub.bootstrap.terminology import Vocabulary, vocabulary
from hub.bootstrap.watched_feeds import watched_feeds
from hub.bootstrap.workbench import Workbench
from hub.bulk.desk import Desk
from hub.db import schema
from hub.db.database import Database
from hub.fhir.search_parameters import answered
from hub.gate.authorisations import Authorisations
from hub.gate.persons import Persons
from hub.gate.sign_ins import SignIns
from hub.kernel.clock import system_clock
from hub.kernel.ids import random_id
from hub.kernel.ports import Names
from hub.mpi.model import chosen_model
from hub.outbound.desk import OutboundDesk
from hub.pipeline.feeds import Feeds
from hub.pipeline.inbox import PostgresInbox
from hub.pipeline.outcomes import Outcomes
from hub.pipeline.settlements import Settlements
from hub.portal.portal import portal_routes
from hub.portal.services import PortalServices
from hub.records.client import ClientWrites
from hub.records.consent_doors import ConsentDoors
from hub.records.definitions import Definitions
from hub.records.deliveries import Deliveries
from hub.records.indexing import Indexing
from hub.records.reviews import Reviews
from terminology.closure_tables import ClosureTables

#: Connections for questions to the terminology: a search asks them while it holds one of the others.
_ASKING: Final = 2


@asynccontextmanager
async def application(foundation: Foundation, database: Database) -> AsyncIterator[FastAPI]:
    """The HTTP application of one API process."""
    async with (
        foundation.database("terms", size=_ASKING) as asked,
        _application(foundation, database, vocabulary(foundation, asked)) as app,
    ):
        yield app


@asynccontextmanager
async def _application(foundation: Foundation, database: Database, terms: Vocabulary) -> AsyncIterator[FastAPI]:
    settings = foundation.settings
    directory, store = Directory(foundation.consortium), foundation.store(terms.answers)
    trail = Trail(database, foundation.log)
    gate = gate_of(foundation, database, store, trail, directory)
    follows, validator = consequences(foundation, store, terms.terminology.catalogues.forget), terms.validator
    writes = ClientWrites(
        database,
        store,
        directory,
        validator,
        trail,
        system_clock,
        follows,
        sight=gate.sight,
        labelling=foundation.labelling,
    )

    async def ready() -> None:
        await schema.check(database)

    bell = bell_of(settings.redis_url, foundation.log)
    inbox = PostgresInbox(database, facilities_of(foundation.consortium), bell=bell)
    sent = takers(foundation.consortium, "http", inbox, system_clock)
    outcomes = Outcomes(database, Settlements(database, bell))
    documents = document_door(foundation, directory, sent, outcomes, Deliveries(trail, system_clock))
    auth = authorisation_server(foundation, database, directory, Authorisations(trail, system_clock))
    events = api_parts(foundation, database, gate, trail, directory, validator)
    services = Services(
        gate=gate,
        writes=writes,
        bulk=Desk(gate, jobs_of(settings, database), vault_of(settings), sources_of(settings), directory, system_clock),
        definitions=Definitions(database, trail, system_clock, validator),
        subscriptions=events.subscriptions,
        operations=events.operations,
        desk=events.desk,
        feeds=watched_feeds(foundation, database),
        outbound=OutboundDesk(database),
        terminology=terms.terminology,
        closures=ClosureTables(database, terms.terminology, system_clock),
        reviews=Reviews(
            database, store, trail, system_clock, foundation.consortium.review, chosen_model(settings.mpi_model)
        ),
        write_document=document_writer(foundation.consortium),
        verify=auth.guard.verify,
        new_id=random_id,
        ready=ready,
        searchable=partial(answered, full_text=settings.full_text),
        clock=system_clock,
        log=foundation.log,
        base_url=settings.base_url,
        canonical_base=settings.canonical_base,
        version=VERSION,
        max_body_bytes=settings.max_body_bytes,
        images=any(archive.dicomweb for archive in foundation.consortium.archives.values()),
        domains=domains(foundation.consortium),
        examine=validator.examine,
        refresh=terms.sets.refresh,
        documents=documents,
    )
    app = create_app(services, auth.origins)
    app.router.routes.append(websocket_route(events.sockets))
    law = await consent_doors_of(foundation, database, store, directory, trail, validator, writes)
    doors = consent_api(law, gate, settings.base_url)
    doors += [*audit_doors(gate.tree, gate.alarms), *aggregate_doors(gate.aggregates)]
    doors += topic_doors(settings.canonical_base)
    workbench = Workbench(foundation, database, trail, bell, terms)
    doors += workbench_doors(workbench, services.feeds, directory)
    doors += feed_doors(sent, foundation.consortium, directory, documents.witness) if sent else []
    devices, readings = device_api(device_desk(foundation, database, trail, bell), foundation, sent, directory)
    doors += devices
    archives = archives_of(foundation.consortium)
    pulls = pulls_of(foundation.consortium, archives, inbox, foundation.log)
    doors += notice_doors(pulls, foundation.consortium, directory) if pulls else []
    receivers = {name: feed.facility for name, feed in foundation.consortium.outbound.items()}
    doors += outbound_doors(services.outbound, engineer_of(directory), receivers)
    doors += review_doors(services.reviews, gate)
    doors += indexing_doors(Indexing(database))
    app.router.routes += [*door_routes(services, doors), *readings, openapi_route(doors, VERSION)]
    if behind := sources(foundation, archives):
        app.router.routes.append(imaging_route(services, behind))
    told = pages(foundation, database, directory, services, law, trail, terms.answers, auth, workbench)
    app.router.routes += [*auth.routes, *portal_routes(told)]
    try:
        yield app
    finally:
        for archive in archives.values():
            await archive.close()
        await inbox.close()
        await outcomes.close()
        await bell.close()
        await events.close()
        await writes.close()
        await trail.close()


def workbench_doors(workbench: Workbench, feeds: Feeds, directory: Directory) -> list[Door]:
    """The doors of integration engineers."""
    engineer = engineer_of(directory)
    return [
        *message_doors(workbench, engineer),
        *bulk_repair_doors(workbench, engineer),
        *report_doors(workbench.reports, engineer),
        *code_doors(workbench, engineer),
        *feed_health_doors(feeds, engineer),
    ]


def pages(
    foundation: Foundation,
    database: Database,
    directory: Directory,
    services: Services,
    law: ConsentDoors,
    trail: Trail,
    names: Names,
    auth: AuthorisationServer,
    workbench: Workbench,
) -> PortalServices:
    """What the web pages of one API process need."""
    settings = foundation.settings
    return PortalServices(
        gate=services.gate,
        persons=Persons(database),
        accounts=Accounts(database, directory, system_clock),
        second_factors=auth.second_factors,
        sign_ins=SignIns(trail, system_clock),
        sessions=Sessions(
            database,
            system_clock,
            idle=timedelta(seconds=settings.session_idle_seconds),
            longest=timedelta(seconds=settings.session_seconds),
        ),
        authorisation=auth.page,
        launches=auth.launches,
        authorisations=auth.trail,
        directory=directory,
        names=names,
        law=law,
        feeds=services.feeds,
        outbound=services.outbound,
        receivers={name: feed.facility for name, feed in foundation.consortium.outbound.items()},
        clock=system_clock,
        log=foundation.log,
        new_number=Numbering("p" + random_id()[:6]).next,
        version=VERSION,
        secure=settings.base_url.startswith("https://"),
        external=external_sign_in(foundation, database),
        viewers=viewers(foundation),
        codes=workbench,
        engineer=partial(at_work, directory=directory),
    )
