"""The only wiring: builds what a process needs from settings, the consortium and a database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Final
from urllib.parse import urlencode
from uuid import uuid4

from fastapi import FastAPI

from consent.configuration import Configuration
from hub.api.app import create_app
from hub.api.consents import consent_doors
from hub.api.json_doors import Door, door_routes
from hub.api.messages import message_routes
from hub.api.numbering import Numbering
from hub.api.openapi import openapi_route
from hub.api.services import Services
from hub.api.standing import approval_doors, proxy_doors
from hub.audit.entry import Entry, Interaction, Outcome, Requester
from hub.audit.trail import Trail
from hub.auth.accounts import Accounts
from hub.auth.directory import Directory
from hub.auth.keys import KeyStore
from hub.auth.sessions import Sessions
from hub.auth.tokens import Issuer
from hub.db import migrate as schema
from hub.db.database import Database
from hub.fhir.search_parameters import parameters
from hub.fhir.validate import validate
from hub.gate.gate import Gate
from hub.gate.persons import Persons
from hub.kernel.clock import system_clock
from hub.kernel.consortium import Consortium, load
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import keyed_ids, random_id
from hub.kernel.log import Log
from hub.kernel.ports import EnvelopeReader, Translator
from hub.kernel.settings import Settings
from hub.kernel.types import Json
from hub.mpi.index import PatientIndex
from hub.pipeline.bell import SILENT, Bell
from hub.pipeline.messages import Messages, Unmasking
from hub.pipeline.repair import Repairs
from hub.portal.portal import portal_routes
from hub.portal.services import PortalServices
from hub.records.approvals import Approvals
from hub.records.client import ClientWrites
from hub.records.consent_reading import ConsentReads
from hub.records.consents import Consents
from hub.records.consequences import Consequences
from hub.records.proxies import Proxies
from hub.records.relationships import Relationships
from hub.store.store import Store
from mappings.hl7v2 import profile as hl7v2_profile
from mappings.hl7v2.convert import convert
from mappings.hl7v2.envelope import envelope_reader
from mappings.hl7v2.translator import translator

VERSION: Final = version("yilian-hub")


@dataclass(frozen=True, slots=True)
class Foundation:
    """What every process stands on. Consortium and keys are read when first asked for."""

    settings: Settings
    log: Log

    @property
    def consortium(self) -> Consortium:
        return load(self.settings.config)

    @property
    def keys(self) -> KeyStore:
        return KeyStore(self.settings.data_dir / "keys")

    def store(self) -> Store:
        return Store(system_clock)

    @asynccontextmanager
    async def database(self, process: str, *, size: int) -> AsyncIterator[Database]:
        """Connections to the database, whose schema must be the one this version knows."""
        database = await Database.connect(self.settings.database_url, size=size, name=f"yilian-{process}")
        try:
            await schema.check(database)
            yield database
        finally:
            await database.close()

    @asynccontextmanager
    async def bell(self) -> AsyncIterator[Bell]:
        """The bell between processes: that of the Redis in the settings, or a silent one."""
        bell = bell_of(self.settings.redis_url, self.log)
        try:
            yield bell
        finally:
            await bell.close()


def bell_of(redis_url: str, log: Log) -> Bell:
    """The bell of the Redis at `redis_url`, a silent one for "". Opens no connection.

    Raises HubError INVALID for a URL that is none, or when the package for Redis is not installed.
    """
    if not redis_url:
        return SILENT
    try:
        from hub.pipeline.redis_bell import RedisBell
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "redis":
            raise
        raise HubError(
            Category.INVALID,
            "Redis is configured and the package redis is not installed",
            where="YILIAN_REDIS_URL",
            todo='install it (pip install "yilian-hub[redis]"), or leave the setting empty',
        ) from None
    return RedisBell(redis_url, log)


@asynccontextmanager
async def application(foundation: Foundation, database: Database) -> AsyncIterator[FastAPI]:
    """The HTTP application of one API process."""
    settings, keys = foundation.settings, foundation.keys
    directory, store = Directory(foundation.consortium), foundation.store()
    trail = Trail(database, foundation.log)
    gate = Gate(
        database,
        store,
        trail,
        directory,
        keys.page_secret,
        system_clock,
        foundation.log,
        page_size=settings.page_size,
        page_limit=settings.page_limit,
        panel_limit=settings.panel_limit,
        base_url=settings.base_url,
        canonical_base=settings.canonical_base,
        installation=f"urn:yilian:{keys.installation}",
    )
    writes = ClientWrites(database, store, directory, validate, trail, system_clock, consequences(foundation, store))

    async def ready() -> None:
        await schema.check(database)

    services = Services(
        gate=gate,
        writes=writes,
        verify=Issuer(keys, directory, system_clock).verify,
        new_id=random_id,
        ready=ready,
        searchable=parameters,
        clock=system_clock,
        log=foundation.log,
        base_url=settings.base_url,
        version=VERSION,
        max_body_bytes=settings.max_body_bytes,
    )
    app = create_app(services)
    app.router.routes += message_routes(services, Messages(database, unmasking(trail)))
    doors = await consent_api(settings, database, store, directory, trail)
    app.router.routes += [*door_routes(services, doors), openapi_route(doors, VERSION)]
    app.router.routes += portal_routes(pages(settings, database, directory, gate, foundation.log))
    try:
        yield app
    finally:
        await writes.close()
        await trail.close()


def pages(settings: Settings, database: Database, directory: Directory, gate: Gate, log: Log) -> PortalServices:
    """What the web pages of one API process need."""
    return PortalServices(
        gate=gate,
        persons=Persons(database),
        accounts=Accounts(database, directory, system_clock),
        sessions=Sessions(
            database,
            system_clock,
            idle=timedelta(seconds=settings.session_idle_seconds),
            longest=timedelta(seconds=settings.session_seconds),
        ),
        directory=directory,
        clock=system_clock,
        log=log,
        new_number=Numbering("p" + random_id()[:6]).next,
        version=VERSION,
        secure=settings.base_url.startswith("https://"),
    )


@asynccontextmanager
async def accounts(url: str, consortium: Consortium) -> AsyncIterator[Accounts]:
    """The accounts of the pages in the database at `url`, for the command line."""
    database = await Database.connect(url, size=1, name="yilian-accounts")
    try:
        await schema.check(database)
        yield Accounts(database, Directory(consortium), system_clock)
    finally:
        await database.close()


async def consent_api(
    settings: Settings, database: Database, store: Store, directory: Directory, trail: Trail
) -> list[Door]:
    """The doors for consents, proxies and approvals; consents compiled under other settings are compiled anew."""
    configuration = Configuration(base_urls=(settings.base_url,) if settings.base_url else ())
    common = (trail, system_clock, configuration)
    consents = Consents(database, store, directory, validate, *common, settings.canonical_base)
    await consents.renew()
    return [
        *consent_doors(consents, ConsentReads(database, store, *common), settings.base_url),
        *proxy_doors(Proxies(database, store, validate, *common)),
        *approval_doors(Approvals(database, directory, trail, system_clock)),
    ]


def consequences(foundation: Foundation, store: Store) -> Consequences:
    """What follows from writes, for either door of the records."""
    relationships = Relationships(
        facilities=frozenset(foundation.consortium.facilities),
        care=timedelta(days=foundation.settings.care_days),
        canonical_base=foundation.settings.canonical_base,
    )
    return Consequences(store, PatientIndex(system_clock), relationships)


async def migrate(url: str) -> None:
    """Bring a database to the newest schema. Raises HubError UNAVAILABLE."""
    await schema.upgrade(url)


def profiles(consortium: Consortium) -> Mapping[str, hl7v2_profile.Profile]:
    """The facility profile of every feed, by feed. Raises HubError INVALID with the lines that are wrong."""
    return {
        feed.name: hl7v2_profile.load(feed.profile) if feed.profile else hl7v2_profile.DEFAULT
        for feed in consortium.feeds.values()
    }


def translators(consortium: Consortium, secret: bytes, canonical_base: str) -> Mapping[str, Translator]:
    """A translator for every feed, by feed. Raises HubError INVALID for a profile that is wrong."""
    ids = keyed_ids(secret)
    return {
        name: translator(profile, consortium.feeds[name].facility, ids, canonical_base=canonical_base)
        for name, profile in profiles(consortium).items()
    }


@dataclass(frozen=True, slots=True)
class Engineering:
    """What an integration engineer works with."""

    messages: Messages
    repairs: Repairs


@asynccontextmanager
async def engineering(url: str, consortium: Consortium, redis_url: str = "") -> AsyncIterator[Engineering]:
    """The inbox of the database at `url`, for the command line."""
    log = Log("messages")
    bell = bell_of(redis_url, log)
    database = await Database.connect(url, size=2, name="yilian-messages")
    trail = Trail(database, log)
    try:
        await schema.check(database)
        readers = envelope_readers(consortium)
        yield Engineering(Messages(database, unmasking(trail)), Repairs(database, readers, system_clock, bell))
    finally:
        await bell.close()
        await trail.close()
        await database.close()


def unmasking(trail: Trail) -> Callable[[Unmasking], Awaitable[None]]:
    """Writes the audit row of an unmasking."""

    async def disclosed(unmasked: Unmasking) -> None:
        requester = Requester(
            role="integration-engineer",
            organization=unmasked.facility,
            client=unmasked.by,
            token_id="",
            purpose=("HSYSADMIN",),
            form="identified",
        )
        await trail.record(
            Entry(
                id=uuid4(),
                time=system_clock(),
                requester=requester,
                interaction=Interaction.OPERATION,
                outcome=Outcome.RELEASED,
                query=urlencode({"unmask": unmasked.message, "feed": unmasked.feed, "reason": unmasked.reason}),
            )
        )

    return disclosed


def envelope_readers(consortium: Consortium) -> Mapping[str, EnvelopeReader]:
    """The envelope reader of every feed, by feed."""
    return {name: envelope_reader(profile) for name, profile in profiles(consortium).items()}


def converter(source_format: str, profile: Path | None, canonical_base: str) -> Callable[[str, bytes], Iterator[Json]]:
    """The conversion of `yilian convert` for a format. Raises HubError for an unknown one or a wrong profile."""
    if source_format != "hl7v2":
        raise HubError(Category.UNSUPPORTED, "this format cannot be converted", where=source_format, todo="use hl7v2")
    loaded = hl7v2_profile.load(profile) if profile else hl7v2_profile.DEFAULT
    return lambda path, raw: convert(path, raw, loaded, canonical_base=canonical_base)
