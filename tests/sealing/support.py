"""A database with a wrapping key, and hubs that seal by it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

from hub.db.database import Database
from hub.sealing import wrapping_keys
from hub.sealing.keyring import Keyring
from hub.sealing.suites import Suite

T = TypeVar("T")

MASTER: Final = bytes(range(32))


def keyring(suite: Suite | None = Suite.AES_256_GCM, **options: Any) -> Keyring:
    """What a process of its own would hold."""
    return Keyring(MASTER, suite, **options)


async def connect(url: str, keys: Keyring | None = None, *, size: int = 4) -> Database:
    """A hub's connections; `keys` None: of a hub that has no master key."""
    return await Database.connect(url, size=size, attached=keys)


def run(
    url: str, work: Callable[[Database], Awaitable[T]], keys: Keyring | None = None, *, suite: Suite | None = None
) -> T:
    """Run a coroutine function on a database whose hub seals."""

    async def main() -> T:
        database = await connect(url, keys or keyring(suite or Suite.AES_256_GCM))
        try:
            async with database.transaction() as tx:
                await wrapping_keys.ensure(tx, MASTER, suite or Suite.AES_256_GCM)
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(main())
