"""What is worked with from the command line: the accounts of the pages, and the applications that may ask for access;
what is done to them is in the trail first."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

from hub.audit.deeds import Scribe
from hub.audit.trail import Trail
from hub.auth.accounts import Accounts
from hub.auth.directory import Directory
from hub.auth.external.identities import Identities
from hub.auth.oauth.clients import Clients
from hub.db import schema
from hub.db.database import Database
from hub.kernel.clock import system_clock
from hub.kernel.consortium import Consortium
from hub.kernel.errors import Category, HubError
from hub.kernel.log import Log

Book = TypeVar("Book")


@dataclass(frozen=True, slots=True)
class Desk(Generic[Book]):
    """Accounts or applications, as an account of the machine works on them."""

    book: Book
    trail: Trail
    who: str

    async def record(self, said: Mapping[str, str]) -> None:
        """Return once it is durable that this is about to be done. Raises HubError UNAVAILABLE."""
        await self.trail.record(Scribe(system_clock).at_the_machine("administrator", self.who, said))


def accounts(url: str, consortium: Consortium, who: str) -> AbstractAsyncContextManager[Desk[Accounts]]:
    """The accounts of the pages in the database at `url`, for the command line."""
    return _desk(url, who, lambda database: Accounts(database, Directory(consortium), system_clock))


def identities(url: str, consortium: Consortium, who: str) -> AbstractAsyncContextManager[Desk[Identities]]:
    """Who signs in by the provider of the consortium, for the command line. Raises HubError INVALID without one."""
    provider = consortium.sign_in
    if provider is None:
        todo = "name the provider under sign_in in consortium.yaml"
        raise HubError(Category.INVALID, "the consortium has no provider", where="sign_in", todo=todo)
    return _desk(url, who, lambda database: Identities(database, system_clock, provider.issuer))


def clients(url: str, consortium: Consortium, who: str) -> AbstractAsyncContextManager[Desk[Clients]]:
    """The applications in the database at `url`, for the command line."""
    return _desk(url, who, lambda database: Clients(database, Directory(consortium), system_clock))


async def recorded(url: str, who: str, said: Mapping[str, str]) -> None:
    """Return once a deed of an account of the machine is durable. Raises HubError UNAVAILABLE."""
    async with _desk(url, who, lambda database: database) as desk:
        await desk.record(said)


@asynccontextmanager
async def _desk(url: str, who: str, opened: Callable[[Database], Book]) -> AsyncIterator[Desk[Book]]:
    database = await Database.connect(url, size=1, name="yilian-desk")
    trail = Trail(database, Log("desk"))
    try:
        await schema.check(database)
        yield Desk(opened(database), trail, who)
    finally:
        await trail.close()
        await database.close()
