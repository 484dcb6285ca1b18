"""The worker of one bulk process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from hub.api.json_limits import parse
from hub.audit.trail import Trail
from hub.auth.directory import Directory
from hub.bootstrap.bulk import copies_of, jobs_of, sources_of, vault_of
from hub.bootstrap.consequences import consequences
from hub.bootstrap.foundation import Foundation
from hub.bootstrap.gates import gate_of
from hub.bootstrap.terminology import vocabulary
from hub.bulk.exporting import Exporter
from hub.bulk.importing import Importer
from hub.bulk.model import Kind
from hub.bulk.worker import Runner, Worker
from hub.db.database import Database
from hub.kernel.clock import system_clock
from hub.kernel.ids import keyed_ids
from hub.records.client import ClientWrites


@asynccontextmanager
async def bulk_worker(foundation: Foundation, database: Database) -> AsyncIterator[Worker]:
    """A worker for exports and imports; the database needs some connections more than one."""
    settings = foundation.settings
    terms = vocabulary(foundation, database)
    directory, store = Directory(foundation.consortium), foundation.store(terms.answers)
    trail = Trail(database, foundation.log)
    gate = gate_of(foundation, database, store, trail, directory)
    follows = consequences(foundation, store)
    writes = ClientWrites(
        database, store, directory, terms.validator, trail, system_clock, follows,
        labelling=terms.labelling, refresh=terms.sets.refresh,
    )  # fmt: skip
    jobs, vault, keep = jobs_of(settings, database), vault_of(settings), timedelta(seconds=settings.bulk_seconds)
    ids = keyed_ids(foundation.keys.id_secret)
    exporter = Exporter(gate, jobs, vault, system_clock, most_bytes=settings.bulk_bytes, keep=keep)
    importer = Importer(writes, vault, sources_of(settings), parse, ids, system_clock, keep=keep)
    runners: dict[Kind, Runner] = {"export": exporter, "import": importer}
    try:
        yield Worker(
            database, jobs, vault, copies_of(settings, foundation.keys), runners, foundation.log, system_clock,
            keep=keep,
        )  # fmt: skip
    finally:
        await writes.close()
        await trail.close()
