"""Seals the bodies that stand: those that are plain, of another suite, or sealed by a key that retired.

Others read and write meanwhile. A version that is superseded before its turn comes is met again in the history, which
is walked after the current ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from asyncpg import Record

from hub.db.database import Tx
from hub.kernel.errors import HubError
from hub.sealing import progress
from hub.sealing.envelope import DataKey, is_sealed, key_number, seal
from hub.sealing.keyring import Keyring, keyring_of
from hub.store.sealed import owner_of, place, unsealed

#: The tables, in the order they are walked.
PARTS: Final = ("resource", "history")
#: Rows of one transaction.
ROWS: Final = 500

_TOTAL: Final = "SELECT count(*) FROM {table} WHERE body <> ''"
_PAGE: Final = """
SELECT pkey, key, version, type, id, patient, author_org, body FROM {table}
WHERE (pkey, key, version) > ($1::uuid, $2::uuid, $3::int) ORDER BY pkey, key, version LIMIT $4
"""
_PUT: Final = """
UPDATE {table} AS r SET body = n.body
FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::bytea[]) AS n (pkey, key, version, body)
WHERE r.pkey = n.pkey AND r.key = n.key AND r.version = n.version
"""
_RETIRED: Final = "SELECT number FROM data_key WHERE number = ANY($1::bigint[]) AND retired IS NOT NULL"
_FIRST: Final = (UUID(int=0), UUID(int=0), 0)


async def totals(tx: Tx) -> dict[str, int]:
    """How many bodies there are, by table."""
    return {table: await tx.fetchval(_TOTAL.format(table=table)) for table in PARTS}


async def step(tx: Tx, part: str, *, rows: int = ROWS) -> bool:
    """Seal what needs it among the next rows of a table, in a transaction; False where there is nothing more.

    What does not open is left as it is, and told to whoever reads it.
    """
    after = await progress.after(tx, part)
    if after is None:
        return False
    found = await tx.fetch(_PAGE.format(table=part), *_key(after), rows)
    changed = await _sealed_anew(tx, part, [row for row in found if row["body"]])
    last = (found[-1]["pkey"], found[-1]["key"], found[-1]["version"]) if found else None
    await progress.moved(tx, part, last, len(found), changed, ended=len(found) < rows)
    return True


async def retired(tx: Tx, numbers: set[int]) -> set[int]:
    """Which of some keys seal no more."""
    return {row[0] for row in await tx.fetch(_RETIRED, list(numbers))}


async def _sealed_anew(tx: Tx, table: str, rows: Sequence[Record]) -> int:
    keyring = keyring_of(tx)
    keys = await keyring.opened(tx, [row["body"] for row in rows])
    old = await retired(tx, {key_number(row["body"]) for row in rows if is_sealed(row["body"])})
    due = [row for row in rows if _is_due(row["body"], keyring, keys, old)]
    if not due or keyring.suite is None:
        return 0
    owners = dict(owner_of(row["pkey"], row["patient"], row["author_org"]) for row in due)
    new = await keyring.sealing(tx, owners, keyring.suite)
    keys = await keyring.opened(tx, [row["body"] for row in due])
    bodies = [(row, _anew(row, keys, new, keyring)) for row in due]
    put = [(row["pkey"], row["key"], row["version"], body) for row, body in bodies if body is not None]
    if put:
        await tx.execute(_PUT.format(table=table), *map(list, zip(*put, strict=True)))
    await keyring.confirm(tx, list(new.values()))
    return len(put)


def _is_due(body: bytes, keyring: Keyring, keys: Any, old: set[int]) -> bool:
    if not is_sealed(body):
        return True
    key: DataKey | None = keys[key_number(body)]
    return key is not None and (key.number in old or key.suite is not keyring.suite)


def _anew(row: Record, keys: Any, new: dict[UUID, DataKey], keyring: Keyring) -> bytes | None:
    where = (row["type"], row["id"], row["version"], row["pkey"])
    try:
        body = unsealed(row["body"], keys, *where)
    except HubError:
        return None
    owner, _ = owner_of(row["pkey"], row["patient"], row["author_org"])
    return None if body is None else seal(new[owner], body, place(*where), keyring.random_bytes)


def _key(after: str) -> tuple[UUID, UUID, int]:
    if not after:
        return _FIRST
    pkey, key, version = after.split()
    return UUID(pkey), UUID(key), int(version)
