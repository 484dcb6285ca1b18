"""The terminology of an installation: what the processes ask of it, and its database for the command line."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from hub.bootstrap.foundation import Foundation
from hub.db import schema
from hub.db.database import Database
from hub.fhir.validator import Validator
from terminology.answers import Answers
from terminology.held import HeldMaps, HeldSets
from terminology.service import Terminology

#: Seconds a statement may take: indexing a large code system is one statement.
_LONG: Final = 3600


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The terminology of one process: the service, its answers to the hub, what is held of it, and who judges by it."""

    terminology: Terminology
    answers: Answers
    sets: HeldSets
    maps: HeldMaps
    validator: Validator

    async def refresh(self) -> None:
        """Take up what is in force now, for what is pure. Raises HubError UNAVAILABLE."""
        await self.maps.refresh()
        await self.sets.refresh()


def vocabulary(foundation: Foundation, database: Database) -> Vocabulary:
    """The terminology in a database, and validation with it and the FHIR profiles of this installation.

    `database` is best one of its own: a search that holds a connection asks it, and shall not wait for its like.
    Raises HubError INVALID for profiles that are wrong.
    """
    terminology, profiles = Terminology(database), foundation.profiles
    sets = HeldSets(terminology, profiles.undecided())
    return Vocabulary(
        terminology,
        Answers(terminology),
        sets,
        HeldMaps(database, terminology),
        Validator(profiles.beside(sets)),
    )


@asynccontextmanager
async def terminology_database(url: str) -> AsyncIterator[Database]:
    """The database at `url`, with the schema this version knows. Raises HubError UNAVAILABLE."""
    database = await Database.connect(url, size=2, name="yilian-terminology", statement_seconds=_LONG)
    try:
        await schema.check(database)
        yield database
    finally:
        await database.close()
