"""What every process stands on: settings, consortium, keys, store, database, bell."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Final

from consent.labelling import Labelling, read_labelling
from hub.auth.keys import KeyStore
from hub.bootstrap.keys import master_key, strictly, suite_in
from hub.db import schema
from hub.db.database import Database
from hub.fhir.profiles.registry import Profiles, loaded
from hub.kernel.clock import system_clock
from hub.kernel.consortium import Consortium, load
from hub.kernel.errors import Category, HubError
from hub.kernel.log import Log
from hub.kernel.ports import Terms, ValueSets
from hub.kernel.settings import Settings
from hub.pipeline.bell import SILENT, Bell
from hub.sealing.keyring import Keyring
from hub.store.store import Store

VERSION: Final = version("yilian-hub")


@dataclass(frozen=True, slots=True)
class Foundation:
    """What every process stands on. Consortium and keys are read when first asked for.

    `master` is the master key where the supervisor handed it on; else the settings say where it is.
    """

    settings: Settings
    log: Log
    master: bytes | None = field(default=None, repr=False)

    @property
    def consortium(self) -> Consortium:
        return load(self.settings.config)

    @property
    def keys(self) -> KeyStore:
        return KeyStore(self.settings.data_dir / "keys")

    @property
    def profiles(self) -> Profiles:
        """The FHIR profiles of this installation, read when asked for.

        Raises HubError INVALID with a line for each file that is wrong.
        """
        folder = self.settings.profiles
        return loaded(Path(folder) if folder else None)

    def labelling(self, sets: ValueSets) -> Labelling:
        """What is sensitive by its code or words. Raises HubError INVALID with the line of a list that is wrong."""
        return read_labelling(Path(self.settings.labels) if self.settings.labels else None, sets)

    def keyring(self) -> Keyring:
        """The data keys as one process holds them. Raises HubError as `master_key` and `strictly` do."""
        suite = suite_in(self.settings)
        strict = strictly(self.settings, suite)
        return Keyring(self.master or master_key(self.settings), suite, strict=strict)

    def store(self, terms: Terms | None = None) -> Store:
        return Store(system_clock, full_text=self.settings.full_text, terms=terms)

    @asynccontextmanager
    async def database(self, process: str, *, size: int) -> AsyncIterator[Database]:
        """Connections to the database, whose schema must be the one this version knows."""
        url, name = self.settings.database_url, f"yilian-{process}"
        database = await Database.connect(url, size=size, name=name, attached=self.keyring())
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


async def migrate(url: str) -> None:
    """Bring a database to the newest schema. Raises HubError UNAVAILABLE.

    Alembic is loaded only here: it takes a second of CPU, and most processes of a hub only check the schema.
    """
    from hub.db.migrate import upgrade

    await upgrade(url)
