"""The terminology of an installation: what the processes ask of it, and its database for the command line."""

from __future__ import annotations

import getpass
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from consent.labelling import Labelling
from hub.audit.deeds import Scribe
from hub.audit.entry import Entry
from hub.audit.trail import Trail
from hub.bootstrap.foundation import Foundation
from hub.db import schema
from hub.db.database import Database, Tx
from hub.fhir.validator import Validator
from hub.kernel.clock import system_clock
from hub.kernel.errors import HubError
from hub.kernel.log import Log
from hub.kernel.settings import Settings
from hub.kernel.types import Json
from hub.records.shelf import TerminologyShelf
from hub.sealing.keyring import Keyring
from hub.store.store import Store
from terminology import catalogue
from terminology.answers import Answers
from terminology.fhir_source import ResourceSource
from terminology.held import HeldMaps, HeldSets
from terminology.loading import Loaded, Loader, Progress
from terminology.model import CODE_SYSTEM
from terminology.service import Terminology
from terminology.soundness import refuse_unsound
from terminology.suggesting import Suggestions

#: Seconds a statement may take: indexing a large code system is one statement.
_LONG: Final = 3600


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The terminology of one process: the service, its answers to the hub, what is held of it, and who judges by it."""

    terminology: Terminology
    answers: Answers
    sets: HeldSets
    maps: HeldMaps
    suggestions: Suggestions
    validator: Validator
    labelling: Labelling

    async def refresh(self) -> None:
        """Take up what is in force now, for what is pure. Raises HubError UNAVAILABLE."""
        await self.maps.refresh()
        await self.sets.refresh()


def vocabulary(foundation: Foundation, database: Database) -> Vocabulary:
    """The terminology in a database, and what goes by it: validation by the FHIR profiles of this installation, and
    labels by its list.

    `database` is best one of its own: a search that holds a connection asks it, and shall not wait for its like.
    Raises HubError INVALID for profiles or a list that are wrong.
    """
    terminology, profiles = Terminology(database), foundation.profiles
    sets = HeldSets(terminology, profiles.undecided())
    labelling = foundation.labelling(sets)
    for url in labelling.sets.urls:
        sets.want(url)
    return Vocabulary(
        terminology,
        Answers(terminology),
        sets,
        HeldMaps(database, terminology),
        Suggestions(database, terminology),
        Validator(profiles.beside(sets)),
        labelling,
    )


class TerminologyDesk:
    """What administrators do to the terminology at the machine: each deed has its entry in the audit trail."""

    def __init__(self, database: Database, trail: Trail, account: str, store: Store) -> None:
        self.database: Final = database
        self.shelf: Final = TerminologyShelf(store)
        self.loader: Final = Loader(database, system_clock, shelf=self.shelf)
        self._trail: Final = trail
        self._account: Final = account
        self._scribe: Final = Scribe(system_clock)

    async def record(self, deed: str, kind: str, url: str, version: str) -> None:
        """Return once the entry is durable: of a load, which is many transactions, when it is whole."""
        await self._trail.record(self._entry(deed, kind, url, version))

    async def load(
        self, resource: Json, *, current: bool = True, modest: bool = False, progress: Progress | None = None
    ) -> Loaded | None:
        """Load a resource; None for a version that is there already.

        `current`: it is in force at once; not if it is `modest` and another version is. Raises HubError as `Loader`,
        INVALID for what is no resource of its kind.
        """
        refuse_unsound(resource)
        kind, url = resource["resourceType"], resource["url"]
        wanted = current and not (modest and await self._in_force(kind, url))
        try:
            if kind == CODE_SYSTEM:
                return await self.loader.code_system(ResourceSource(resource), current=wanted, progress=progress)
            return Loaded(await self.loader.resource(resource, current=wanted))
        except HubError as error:
            if error.code != "loaded":
                raise
            return None

    async def _in_force(self, kind: str, url: str) -> bool:
        """Whether some version of this is in force."""
        async with self.database.connection() as connection:
            return await catalogue.in_force(connection, kind, url)

    async def append(self, tx: Tx, deed: str, kind: str, url: str, version: str) -> None:
        """Write the entry in the transaction of the deed."""
        await self._trail.append(tx, [self._entry(deed, kind, url, version)])

    def _entry(self, deed: str, kind: str, url: str, version: str) -> Entry:
        said = {"terminology": deed, "kind": kind, "url": url, "version": version}
        return self._scribe.at_the_machine("administrator", self._account, said)


@asynccontextmanager
async def terminology_database(url: str, keys: Keyring | None = None) -> AsyncIterator[TerminologyDesk]:
    """The terminology in the database at `url`, with the schema this version knows. Raises HubError UNAVAILABLE.

    Loading takes `keys` where the hub has some: what stands as a resource is sealed.
    """
    name = "yilian-terminology"
    database = await Database.connect(url, size=2, name=name, statement_seconds=_LONG, attached=keys)
    trail = Trail(database, Log("terminology"))
    try:
        await schema.check(database)
        store = Store(system_clock, full_text=Settings.load(os.environ).full_text)
        yield TerminologyDesk(database, trail, getpass.getuser(), store)
    finally:
        await trail.close()
        await database.close()
