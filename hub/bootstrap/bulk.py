"""What bulk exports and imports stand on, for the processes that start them and those that run them."""

from __future__ import annotations

from pathlib import Path

from hub.bulk.jobs import Jobs
from hub.bulk.sources import Sources
from hub.bulk.vault import Vault
from hub.db.database import Database
from hub.kernel.settings import Settings


def jobs_of(settings: Settings, database: Database) -> Jobs:
    """The jobs of an installation."""
    return Jobs(database, most=settings.bulk_jobs)


def vault_of(settings: Settings) -> Vault:
    """The files of its jobs."""
    return Vault(settings.data_dir / "bulk")


def sources_of(settings: Settings) -> Sources:
    """The files it may import."""
    folder = Path(settings.import_folder) if settings.import_folder else None
    return Sources(folder, most_bytes=settings.max_body_bytes)
