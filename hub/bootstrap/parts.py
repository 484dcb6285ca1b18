"""What one API process is made of, each part once; opened in the order they need each other, closed in the reverse."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from hub.api.deliveries import DocumentDoor
from hub.audit.trail import Trail
from hub.auth.directory import Directory
from hub.bootstrap.authorisation import AuthorisationServer, authorisation_server
from hub.bootstrap.consequences import consequences
from hub.bootstrap.events import ApiParts, api_parts
from hub.bootstrap.feeds import facilities_of
from hub.bootstrap.foundation import Foundation, bell_of
from hub.bootstrap.gates import gate_of
from hub.bootstrap.imaging import archives_of
from hub.bootstrap.submissions import document_door
from hub.bootstrap.takers import takers
from hub.bootstrap.terminology import Vocabulary
from hub.bootstrap.watched_feeds import watched_feeds
from hub.bootstrap.workbench import Workbench
from hub.db.database import Database
from hub.gate.authorisations import Authorisations
from hub.gate.gate import Gate
from hub.kernel.clock import system_clock
from hub.kernel.ports import FileTaker, ImageArchive
from hub.outbound.desk import OutboundDesk
from hub.pipeline.bell import Bell
from hub.pipeline.feeds import Feeds
from hub.pipeline.inbox import PostgresInbox
from hub.pipeline.outcomes import Outcomes
from hub.pipeline.settlements import Settlements
from hub.records.client import ClientWrites
from hub.records.deliveries import Deliveries
from hub.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The parts of one process. `sent` takes the files of feeds of transport http, `archives` hold images, by name."""

    foundation: Foundation
    database: Database
    terms: Vocabulary
    directory: Directory
    store: Store
    trail: Trail
    gate: Gate
    writes: ClientWrites
    bell: Bell
    inbox: PostgresInbox
    sent: Mapping[str, FileTaker]
    documents: DocumentDoor
    auth: AuthorisationServer
    events: ApiParts
    workbench: Workbench
    feeds: Feeds
    outbound: OutboundDesk
    archives: Mapping[str, ImageArchive]

    @property
    def receivers(self) -> Mapping[str, str]:
        """The facility of each outbound feed."""
        return {name: feed.facility for name, feed in self.foundation.consortium.outbound.items()}


@asynccontextmanager
async def opened_parts(foundation: Foundation, database: Database, terms: Vocabulary) -> AsyncIterator[Parts]:
    """The parts of one process over `database`. Raises HubError INVALID for what the configuration has wrong."""
    consortium, directory = foundation.consortium, Directory(foundation.consortium)
    store = foundation.store(terms.answers)
    async with AsyncExitStack() as closing:
        trail = Trail(database, foundation.log)
        closing.push_async_callback(trail.close)
        gate = gate_of(foundation, database, store, trail, directory)
        writes = _writes(foundation, database, store, trail, gate, directory, terms)
        closing.push_async_callback(writes.close)
        events = api_parts(foundation, database, gate, trail, directory, terms.validator)
        closing.push_async_callback(events.close)
        bell = bell_of(foundation.settings.redis_url, foundation.log)
        closing.push_async_callback(bell.close)
        outcomes = Outcomes(database, Settlements(database, bell))
        closing.push_async_callback(outcomes.close)
        inbox = PostgresInbox(database, facilities_of(consortium), bell=bell)
        closing.push_async_callback(inbox.close)
        sent = takers(consortium, "http", inbox, system_clock)
        archives = archives_of(consortium)
        for archive in archives.values():
            closing.push_async_callback(archive.close)
        yield Parts(
            foundation=foundation,
            database=database,
            terms=terms,
            directory=directory,
            store=store,
            trail=trail,
            gate=gate,
            writes=writes,
            bell=bell,
            inbox=inbox,
            sent=sent,
            documents=document_door(foundation, directory, sent, outcomes, Deliveries(trail, system_clock)),
            auth=authorisation_server(foundation, database, directory, Authorisations(trail, system_clock)),
            events=events,
            workbench=Workbench(foundation, database, trail, bell, terms),
            feeds=watched_feeds(foundation, database),
            outbound=OutboundDesk(database),
            archives=archives,
        )


def _writes(
    foundation: Foundation,
    database: Database,
    store: Store,
    trail: Trail,
    gate: Gate,
    directory: Directory,
    terms: Vocabulary,
) -> ClientWrites:
    follows = consequences(foundation, store, terms.terminology.catalogues.forget)
    return ClientWrites(
        database,
        store,
        directory,
        terms.validator,
        trail,
        system_clock,
        follows,
        sight=gate.sight,
        labelling=terms.labelling,
        refresh=terms.sets.refresh,
    )
