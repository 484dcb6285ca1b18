"""Renewing keys while others seal and read by them: nothing is destroyed before nobody can need it any more."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from asyncpg import Record

from hub.db.database import Tx
from hub.kernel.errors import HubError
from hub.kernel.ids import RandomBytes
from hub.sealing import wrapping_keys
from hub.sealing.suites import Cipher, Suite, suite_of
from hub.sealing.wrapping import data_key_name, unwrap, unwrapped_by_master, wrap, wrapped_by_master

#: Data keys wrapped anew in one transaction.
KEYS: Final = 1000

_RETIRE: Final = "UPDATE data_key SET retired = now() WHERE retired IS NULL AND wrapped IS NOT NULL"
_ERASE_OF: Final = """
UPDATE data_key SET wrapped = NULL, erased = now(), retired = coalesce(retired, now())
WHERE owner = $1 AND wrapped IS NOT NULL
"""
_ERASE_RETIRED: Final = """
UPDATE data_key SET wrapped = NULL, erased = now() WHERE retired < $1 AND wrapped IS NOT NULL
"""
_HORIZON: Final = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text"
_SETTLED: Final = "SELECT pg_snapshot_xmin(pg_current_snapshot()) >= $1::text::xid8"
#: Waits for whoever makes a key under one of these, and keeps others from beginning to.
_HOLD: Final = "SELECT number, suite, wrapped FROM wrapping_key WHERE number <> $1 ORDER BY number FOR UPDATE"
_UNDER: Final = """
SELECT number, owner, suite, wrapping, wrapped FROM data_key
WHERE wrapping = ANY($1::int[]) AND wrapped IS NOT NULL LIMIT $2 FOR UPDATE
"""
_REWRAP: Final = """
UPDATE data_key SET wrapping = $3, wrapped = n.wrapped FROM unnest($1::bigint[], $2::bytea[]) AS n (number, wrapped)
WHERE data_key.number = n.number
"""


async def retire(tx: Tx) -> int:
    """Let every key that seals seal no more; how many. Wait for `horizon` before looking for what they sealed."""
    return _count(await tx.execute(_RETIRE))


async def erase(tx: Tx, owner: UUID) -> int:
    """Destroy the keys of an owner; how many. What they sealed is lost."""
    return _count(await tx.execute(_ERASE_OF, owner))


async def erase_retired(tx: Tx, before: object) -> int:
    """Destroy the keys that were retired before an instant; how many. Nothing may be sealed by them any more."""
    return _count(await tx.execute(_ERASE_RETIRED, before))


async def horizon(tx: Tx) -> str:
    """A mark: transactions that were at work now are over once it is `settled`.

    For those that must not have missed a change, ask for it after the change is committed, not within.
    """
    mark: str = await tx.fetchval(_HORIZON)
    return mark


async def settled(tx: Tx, mark: str) -> bool:
    """Whether every transaction that was at work at a mark is over."""
    return bool(await tx.fetchval(_SETTLED, mark))


async def new_wrapping_key(tx: Tx, master: bytes, suite: Suite, random_bytes: RandomBytes = secrets.token_bytes) -> int:
    """A wrapping key for the data keys that are made from now on; its number."""
    return await wrapping_keys.add(tx, master, suite, random_bytes)


async def rewrap(
    tx: Tx, master: bytes, newest: int, *, keys: int = KEYS, random_bytes: RandomBytes = secrets.token_bytes
) -> int:
    """Wrap some data keys anew by the newest wrapping key; how many. With none left, the older ones are destroyed."""
    old = await tx.fetch(_HOLD, newest)
    ciphers = {row["number"]: _opened(master, row) for row in old}
    rows = await tx.fetch(_UNDER, list(ciphers), keys)
    if not rows:
        await tx.execute("DELETE FROM wrapping_key WHERE number = ANY($1::int[])", list(ciphers))
        return 0
    (new,) = await tx.fetch("SELECT number, suite, wrapped FROM wrapping_key WHERE number = $1", newest)
    wrapped = _wrapped(rows, ciphers, _opened(master, new), newest, random_bytes)
    await tx.execute(_REWRAP, [row["number"] for row in rows], wrapped, newest)
    return len(rows)


async def under_new_master(tx: Tx, old: bytes, new: bytes, random_bytes: RandomBytes = secrets.token_bytes) -> int:
    """Wrap every wrapping key by another master key, those that are not yet; how many. No hub runs meanwhile.

    Raises HubError FORBIDDEN (`other-master`) for one that neither opens.
    """
    done = 0
    for row in await tx.fetch("SELECT number, suite, wrapped FROM wrapping_key ORDER BY number FOR UPDATE"):
        suite = suite_of(row["suite"])
        if _is_under(new, suite, row["wrapped"]):
            continue
        wrapped = wrapped_by_master(new, suite, unwrapped_by_master(old, suite, row["wrapped"]), random_bytes)
        await tx.execute("UPDATE wrapping_key SET wrapped = $2 WHERE number = $1", row["number"], wrapped)
        done += 1
    return done


def _is_under(master: bytes, suite: Suite, wrapped: bytes) -> bool:
    try:
        unwrapped_by_master(master, suite, wrapped)
    except HubError:
        return False
    return True


def _opened(master: bytes, row: Record) -> Cipher:
    suite = suite_of(row["suite"])
    return suite.cipher(unwrapped_by_master(master, suite, row["wrapped"]))


def _wrapped(
    rows: Sequence[Record], old: dict[int, Cipher], new: Cipher, number: int, random_bytes: RandomBytes
) -> list[bytes]:
    anew = []
    for row in rows:
        suite, owner = suite_of(row["suite"]), row["owner"]
        key = unwrap(old[row["wrapping"]], row["wrapped"], data_key_name(owner, suite, row["wrapping"]))
        anew.append(wrap(new, key, data_key_name(owner, suite, number), random_bytes))
    return anew


def _count(tag: str) -> int:
    return int(tag.rpartition(" ")[2])
