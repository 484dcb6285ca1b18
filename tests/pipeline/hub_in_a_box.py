"""An inbox, an ingest and a worker over one database, for tests."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from connectors.files.intake import FileIntake
from hub.auth.directory import Directory
from hub.bootstrap.reading import Reading
from hub.db.database import Database
from hub.fhir.json import loads
from hub.kernel.clock import fixed_clock
from hub.kernel.log import Log
from hub.kernel.ports import Translator
from hub.kernel.types import Accepted, Edition, Json
from hub.mpi.index import PatientIndex
from hub.pipeline.claim import Share
from hub.pipeline.conversions import Changed, unchanged
from hub.pipeline.inbox import PostgresInbox
from hub.pipeline.worker import Worker
from hub.records.consequences import Consequences
from hub.records.contracts import Contracts
from hub.records.ingest import Ingest
from hub.records.relationships import Relationships
from hub.sealing.keyring import Keyring
from hub.store.store import Store
from terminology.stored import StoredTerminology
from tests.auth.consortium import CONSORTIUM
from tests.pipeline.fake_feed import FACILITIES, FEED, IDS, NOON, received, translate

#: What the translators of these tests are; every feed has one.
EDITIONS = {feed: Edition(profile="test", digest="1") for feed in FACILITIES}


def consequences(store: Store) -> Consequences:
    """What follows from writes in a test."""
    facilities = frozenset(FACILITIES.values())
    relationships = Relationships(facilities=facilities, care=timedelta(days=30), canonical_base="https://hub.example")
    vocabulary = StoredTerminology(fixed_clock(NOON))
    contracts = Contracts(Directory(CONSORTIUM))
    return Consequences(store, PatientIndex(fixed_clock(NOON)), relationships, contracts, vocabulary)


class Box:
    """The pipeline of a test."""

    def __init__(self, database: Database, translators: Mapping[str, Translator] | None = None) -> None:
        self.database = database
        self.store = Store(fixed_clock(NOON))
        self.inbox = PostgresInbox(database, FACILITIES)
        self.ingest = Ingest(self.store, IDS, FACILITIES.values(), consequences(self.store))
        self.log = io.StringIO()
        self.editions: Mapping[str, Edition] = EDITIONS
        self.translators: Mapping[str, Translator] = translators or {
            feed: lambda raw, facility=facility: translate(raw, facility) for feed, facility in FACILITIES.items()
        }

    def worker(
        self,
        *,
        batch_size: int = 16,
        max_attempts: int = 3,
        changed: Changed = unchanged,
        share: Share | None = None,
    ) -> Worker:
        return Worker(
            self.database,
            self.ingest,
            self.translators,
            Log("worker", level="DEBUG", stream=self.log),
            fixed_clock(NOON),
            batch_size=batch_size,
            max_attempts=max_attempts,
            editions=self.editions,
            changed=changed,
            share=share,
        )

    def taker(self, reading: Reading, at: datetime) -> FileIntake:
        """What takes files of the feed of these tests, which are read as `reading` says and come at an instant."""
        return FileIntake(
            FEED,
            inbox=self.inbox,
            read_envelope=reading.envelope_reader(),
            split=reading.split,
            to_mend=reading.to_mend,
            clock=fixed_clock(at),
        )

    async def accept(self, *raws: bytes) -> list[Accepted]:
        """Accept one after the other."""
        return [await self.inbox.accept(received(raw)) for raw in raws]

    async def send(self, *raws: bytes) -> list[str]:
        """Accept and process; the states reached."""
        accepted = await self.accept(*raws)
        await self.drain()
        return await self.states([a.message for a in accepted])

    async def drain(self, worker: Worker | None = None, turns: int = 10_000) -> None:
        """Let a worker work until nothing is left to do."""
        worker = worker or self.worker()
        for _ in range(turns):
            if not await worker.turn():
                return
        raise AssertionError("the worker never came to an end")

    async def states(self, messages: Sequence[int]) -> list[str]:
        async with self.database.connection() as connection:
            rows = await connection.fetch("SELECT id, state FROM inbox WHERE id = ANY($1::bigint[])", messages)
        by_number = {row["id"]: row["state"] for row in rows}
        return [by_number[number] for number in messages]

    async def reason(self, message: int) -> Any:
        async with self.database.connection() as connection:
            return loads(await connection.fetchval("SELECT reason FROM inbox WHERE id = $1", message) or "null")

    async def read(self, rtype: str, rid: str, version: int | None = None) -> Json | None:
        """A stored resource without its times."""
        async with self.database.connection() as connection:
            if version is None:
                stored = (await self.store.load(connection, [(rtype, rid)])).get((rtype, rid))
            else:
                stored = await self.store.load_version(connection, rtype, rid, version)
        return None if stored is None or stored.deleted else loads(stored.body)


@asynccontextmanager
async def box(
    url: str, translators: Mapping[str, Translator] | None = None, keys: Keyring | None = None
) -> AsyncIterator[Box]:
    database = await Database.connect(url, size=4, attached=keys)
    made = Box(database, translators)
    try:
        yield made
    finally:
        await made.inbox.close()
        await database.close()


def run(coroutine: Any) -> Any:
    """Run a test's coroutine."""
    return asyncio.run(coroutine)
