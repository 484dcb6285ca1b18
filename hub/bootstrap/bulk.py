"""What bulk exports and imports stand on, for the processes that start them and those that run them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from hub.auth.keys import KeyStore
from hub.bulk.copies import Copies
from hub.bulk.jobs import Jobs
from hub.bulk.local import LocalImports
from hub.bulk.sources import Sources
from hub.bulk.vault import Vault
from hub.db import schema
from hub.db.database import Database
from hub.kernel.clock import system_clock
from hub.kernel.settings import Settings


def jobs_of(settings: Settings, database: Database) -> Jobs:
    """The jobs of an installation."""
    return Jobs(database, most=settings.bulk_jobs)


def vault_of(settings: Settings) -> Vault:
    """The files of its jobs."""
    return Vault(settings.data_dir / "bulk")


def import_folder(settings: Settings) -> Path:
    """Where the files lie that it may import, in a folder for each facility."""
    return Path(settings.import_folder) if settings.import_folder else settings.data_dir / "import"


def sources_of(settings: Settings) -> Sources:
    """The files it may import."""
    return Sources(import_folder(settings), most_bytes=settings.max_body_bytes)


def copies_of(settings: Settings, keys: KeyStore) -> Copies:
    """The copies of those that are imported from elsewhere on the machine."""
    return Copies(import_folder(settings), settings.data_dir, keys.installation)


@asynccontextmanager
async def local_imports(url: str, settings: Settings) -> AsyncIterator[LocalImports]:
    """Imports of the installation on a data folder, for the command line. Raises HubError UNAVAILABLE."""
    copies = copies_of(settings, KeyStore(settings.data_dir / "keys"))
    database = await Database.connect(url, size=1, name="yilian-import")
    try:
        await schema.check(database)
        yield LocalImports(jobs_of(settings, database), vault_of(settings), copies, system_clock)
    finally:
        await database.close()
