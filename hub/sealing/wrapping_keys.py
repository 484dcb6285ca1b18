"""The wrapping keys of a database: the first one, made when a hub first starts on it with a master key."""

from __future__ import annotations

import secrets
from typing import Final

from hub.db.database import Tx
from hub.kernel.ids import RandomBytes
from hub.sealing.suites import Suite, suite_of
from hub.sealing.wrapping import unwrapped_by_master, wrapped_by_master

#: Number of the advisory lock of whoever makes or renews keys: "keys" in ASCII.
LOCK: Final = int.from_bytes(b"keys", "big")
_ADD: Final = "INSERT INTO wrapping_key (suite, wrapped) VALUES ($1, $2) RETURNING number"


async def ensure(tx: Tx, master: bytes, suite: Suite, random_bytes: RandomBytes = secrets.token_bytes) -> None:
    """See that there is a wrapping key; `tx` is a transaction, and of several starters one makes it."""
    await tx.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
    if not await tx.fetchval("SELECT EXISTS (SELECT FROM wrapping_key)"):
        await add(tx, master, suite, random_bytes)


async def check(tx: Tx, master: bytes) -> None:
    """See that the master key opens every wrapping key. Raises HubError FORBIDDEN (`other-master`)."""
    for row in await tx.fetch("SELECT suite, wrapped FROM wrapping_key"):
        unwrapped_by_master(master, suite_of(row["suite"]), row["wrapped"])


async def add(tx: Tx, master: bytes, suite: Suite, random_bytes: RandomBytes = secrets.token_bytes) -> int:
    """A new wrapping key, in use from now on; its number."""
    wrapped = wrapped_by_master(master, suite, random_bytes(suite.key_bytes), random_bytes)
    number: int = await tx.fetchval(_ADD, suite.code, wrapped)
    return number
