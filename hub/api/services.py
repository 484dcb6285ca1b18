"""What the API needs, handed in by whoever wires the hub. There are no globals."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from hub.api.authorization import Verify
from hub.api.deliveries import DocumentDoor
from hub.api.remembered import Remembered
from hub.bulk.desk import Desk
from hub.events.desk import EventsDesk
from hub.events.operations import Operations
from hub.events.subscriptions import Subscriptions
from hub.fhir.search_parameters import SearchParameter
from hub.fhir.validator import Validator
from hub.gate.gate import Gate
from hub.kernel.clock import Clock
from hub.kernel.errors import Category, HubError
from hub.kernel.log import Log
from hub.kernel.ports import DocumentWriter, Refresh, nothing_changes
from hub.kernel.types import Issue, Json
from hub.outbound.desk import OutboundDesk
from hub.pipeline.feeds import Feeds
from hub.records.client import ClientWrites
from hub.records.definitions import Definitions
from hub.records.indexing import Indexing
from hub.records.reviews import Reviews
from terminology.closure_tables import ClosureTables
from terminology.service import Terminology


async def _no_statement() -> bytes:
    raise HubError(Category.UNAVAILABLE, "no application serves it", where="CapabilityStatement")


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Doors and facts of one API process.

    `verify` turns a bearer token into an actor or raises HubError UNAUTHENTICATED. `new_id` gives a fresh random id.
    `ready` returns when the process can serve, and raises HubError UNAVAILABLE saying what is away. `searchable`
    gives the search parameters of a type that the store answers. `canonical_base` is that of the topics. `base_url` is
    the public base of the FHIR API without a slash at its end. `examine` says all there is to say of a resource, by R4
    and by the profiles named; `refresh` takes up, before a request, what it goes by. `domains` are the systems of
    identifiers that the configuration names. `images`: whether the hub answers for an imaging archive. `documents`
    takes submissions (IHE MHD); without it they are transactions like others. `remembered`: answers about codes that
    were given before. `write_document` writes CDA. `statement` gives the CapabilityStatement as ready JSON; the
    application, which has it, hands it in.
    """

    gate: Gate
    writes: ClientWrites
    bulk: Desk
    definitions: Definitions
    indexing: Indexing
    subscriptions: Subscriptions
    operations: Operations
    desk: EventsDesk
    feeds: Feeds
    outbound: OutboundDesk
    terminology: Terminology
    closures: ClosureTables
    reviews: Reviews
    write_document: DocumentWriter
    verify: Verify
    new_id: Callable[[], str]
    ready: Callable[[], Awaitable[None]]
    searchable: Callable[[str], Mapping[str, SearchParameter]]
    clock: Clock
    log: Log
    base_url: str
    canonical_base: str
    version: str
    max_body_bytes: int
    domains: frozenset[str] = frozenset()
    images: bool = False
    examine: Callable[[Json, Sequence[str]], list[Issue]] = Validator().examine
    refresh: Refresh = nothing_changes
    documents: DocumentDoor | None = None
    statement: Callable[[], Awaitable[bytes]] = _no_statement
    remembered: Remembered = field(default_factory=Remembered)
