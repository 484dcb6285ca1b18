"""What is worked with from the command line: the accounts of the pages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hub.auth.accounts import Accounts
from hub.auth.directory import Directory
from hub.db import schema
from hub.db.database import Database
from hub.kernel.clock import system_clock
from hub.kernel.consortium import Consortium


@asynccontextmanager
async def accounts(url: str, consortium: Consortium) -> AsyncIterator[Accounts]:
    """The accounts of the pages in the database at `url`, for the command line."""
    database = await Database.connect(url, size=1, name="yilian-accounts")
    try:
        await schema.check(database)
        yield Accounts(database, Directory(consortium), system_clock)
    finally:
        await database.close()
