"""An index over the database of one test."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from hub.db.database import Database, Tx
from hub.kernel.ids import reference_key
from hub.kernel.types import Json
from hub.mpi import lookup
from hub.mpi.index import PatientIndex
from hub.mpi.registration import Source, Statement
from hub.mpi.review_queue import Waiting, queue
from hub.mpi.stewardship import Steward

T = TypeVar("T")
NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)

#: The system of citizen ids.
CITIZEN = "urn:oid:2.16.156.10011.1.3"


def patient(rid: str, name: str, *, born: str = "", citizen_id: str = "", phone: str = "", **more: Any) -> Json:
    """A Patient resource that says what is given."""
    resource: Json = {"resourceType": "Patient", "id": rid, "name": [{"text": name}], **more}
    if born:
        resource["birthDate"] = born
    if citizen_id:
        resource["identifier"] = [{"system": CITIZEN, "value": citizen_id}]
    if phone:
        resource["telecom"] = [{"system": "phone", "value": phone}]
    return resource


class Registry:
    """The index and the hands that work on it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.now = NOW
        self.index = PatientIndex(lambda: self.now)
        self.steward = Steward(self.index)

    async def register(self, *resources: Json, facility: str = "F01", created: bool = False) -> None:
        """Register Patients of a facility in one transaction."""
        async with self.database.transaction() as tx:
            await self.index.register(tx, [Source(one["id"], facility, one, created=created) for one in resources])

    async def state(self, message: int, kind: str, survivor: str, loser: str, facility: str = "F01") -> None:
        """Let a facility speak of two of its numbers."""
        said = Statement(kind=kind, survivor=survivor, loser=loser, facility=facility, message=message)
        async with self.database.transaction() as tx:
            await self.index.register(tx, [], [said])

    async def decide(self, work: Callable[[Tx], Awaitable[T]]) -> T:
        """Do something in a transaction of its own."""
        async with self.database.transaction() as tx:
            return await work(tx)

    async def view(self) -> dict[str, str]:
        """The person of every source patient."""
        async with self.database.connection() as tx:
            return {row["patient"]: row["person"] for row in await tx.fetch("SELECT patient, person FROM member")}

    async def persons(self) -> list[list[str]]:
        """Who is one person with whom."""
        view = await self.view()
        return sorted(sorted(p for p, person in view.items() if person == one) for one in set(view.values()))

    async def reviews(self) -> Sequence[Waiting]:
        async with self.database.connection() as tx:
            return await queue(tx, "shao", NOW)

    async def history(self, of: str) -> list[lookup.Past]:
        async with self.database.connection() as tx:
            return await lookup.history(tx, of)

    async def person(self, rid: str) -> str:
        async with self.database.connection() as tx:
            key = reference_key("Patient", rid)
            return (await lookup.members(tx, [key]))[key]


def with_registry(url: str, story: Callable[[Registry], Awaitable[T]]) -> T:
    """Run a story over an index of its own."""

    async def run() -> T:
        database = await Database.connect(url, size=4)
        try:
            return await story(Registry(database))
        finally:
            await database.close()

    return asyncio.run(run())
