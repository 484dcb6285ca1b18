"""What is worked with from the command line: the accounts of the pages; what is done to them is in the trail first."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from hub.audit.deeds import Scribe
from hub.audit.trail import Trail
from hub.auth.accounts import Accounts
from hub.auth.directory import Directory
from hub.db import schema
from hub.db.database import Database
from hub.kernel.clock import system_clock
from hub.kernel.consortium import Consortium
from hub.kernel.log import Log


@dataclass(frozen=True, slots=True)
class AccountDesk:
    """The accounts, as an account of the machine works on them."""

    book: Accounts
    trail: Trail
    who: str

    async def record(self, said: Mapping[str, str]) -> None:
        """Return once it is durable that this is about to be done. Raises HubError UNAVAILABLE."""
        await self.trail.record(Scribe(system_clock).at_the_machine("administrator", self.who, said))


@asynccontextmanager
async def accounts(url: str, consortium: Consortium, who: str) -> AsyncIterator[AccountDesk]:
    """The accounts of the pages in the database at `url`, for the command line."""
    database = await Database.connect(url, size=1, name="yilian-accounts")
    trail = Trail(database, Log("accounts"))
    try:
        await schema.check(database)
        yield AccountDesk(Accounts(database, Directory(consortium), system_clock), trail, who)
    finally:
        await trail.close()
        await database.close()
