"""Seals the messages that stand: plain ones wholly, those of a retired key by wrapping their own key anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from asyncpg import Record

from hub.db.database import Tx
from hub.kernel.ids import IdMaker, reference_key
from hub.pipeline import sealed
from hub.records.provenance import provenance_id
from hub.sealing import progress
from hub.sealing.envelope import key_number
from hub.sealing.keyring import Kind, keyring_of

PART: Final = "inbox"
#: Messages of one transaction.
ROWS: Final = 200

_TOTAL: Final = "SELECT count(*) FROM inbox WHERE raw_key IS DISTINCT FROM ''"
_PAGE: Final = """
SELECT id, feed, facility, raw, repaired, raw_key FROM inbox
WHERE id > $1 AND raw_key IS DISTINCT FROM '' ORDER BY id LIMIT $2 FOR UPDATE
"""
#: About whom the Provenances of messages are.
_ABOUT: Final = """
SELECT h.key, r.pkey FROM resource_home h JOIN resource r ON r.pkey = h.pkey AND r.key = h.key
WHERE h.key = ANY($1::uuid[]) AND r.patient IS NOT NULL
"""
_OWNERS: Final = "SELECT number, owner, kind, retired IS NOT NULL AS old FROM data_key WHERE number = ANY($1::bigint[])"
_PUT: Final = """
UPDATE inbox SET raw = coalesce(n.raw, inbox.raw), repaired = coalesce(n.repaired, inbox.repaired), raw_key = n.raw_key
FROM unnest($1::bigint[], $2::bytea[], $3::bytea[], $4::bytea[]) AS n (id, raw, repaired, raw_key)
WHERE inbox.id = n.id
"""
_Row = tuple[int, bytes | None, bytes | None, bytes]
Owners = dict[int, tuple[UUID, Kind]]


async def totals(tx: Tx) -> dict[str, int]:
    """How many messages there are."""
    return {PART: await tx.fetchval(_TOTAL)}


async def step(tx: Tx, ids: IdMaker, *, rows: int = ROWS) -> bool:
    """Seal what needs it among the next messages, in a transaction; False where there is nothing more."""
    after = await progress.after(tx, PART)
    if after is None:
        return False
    found = await tx.fetch(_PAGE, int(after or 0), rows)
    changed = await _sealed_anew(tx, found, ids)
    last = (found[-1]["id"],) if found else None
    await progress.moved(tx, PART, last, len(found), changed, ended=len(found) < rows)
    return True


async def _sealed_anew(tx: Tx, rows: Sequence[Record], ids: IdMaker) -> int:
    keyring = keyring_of(tx)
    suite = keyring.suite
    if suite is None or not rows:
        return 0
    wrapped = {row["id"]: row["raw_key"] for row in rows if row["raw_key"] is not None}
    plain = [row for row in rows if row["raw_key"] is None]
    old = await _old(tx, wrapped)
    owners: Owners = {**old, **await _about(tx, plain, ids)}
    keys = await keyring.sealing(tx, dict(owners.values()), suite)
    known = await keyring.opened(tx, [wrapped[message] for message in old])
    put: list[_Row] = []
    for row in plain:
        data_key = keys[owners[row["id"]][0]]
        put.append((row["id"], *sealed.whole(keyring, data_key, row["id"], row["raw"], row["repaired"])))
    for message in old:
        raw_key = wrapped[message]
        before, now = known[key_number(raw_key)], keys[owners[message][0]]
        key = None if before is None else sealed.rewrapped(keyring, before, now, message, raw_key)
        put += [] if key is None else [(message, None, None, key)]
    if put:
        await tx.execute(_PUT, *map(list, zip(*put, strict=True)))
    await keyring.confirm(tx, list(keys.values()))
    return len(put)


async def _old(tx: Tx, wrapped: Mapping[int, bytes]) -> Owners:
    """The owners of messages whose data key retired."""
    numbers = {message: key_number(key) for message, key in wrapped.items()}
    rows = {row["number"]: row for row in await tx.fetch(_OWNERS, list(set(numbers.values())))}
    found = {message: rows[number] for message, number in numbers.items() if number in rows}
    return {message: (row["owner"], row["kind"]) for message, row in found.items() if row["old"]}


async def _about(tx: Tx, rows: Sequence[Record], ids: IdMaker) -> Owners:
    """Whose the plain messages are: the patient's their Provenance is about, else their feed's."""
    keys = {row["id"]: reference_key("Provenance", provenance_id(ids, row["facility"], row["id"])) for row in rows}
    patients = {row["key"]: row["pkey"] for row in await tx.fetch(_ABOUT, list(keys.values()))}
    found: Owners = {}
    for row in rows:
        patient = patients.get(keys[row["id"]])
        found[row["id"]] = (reference_key("Feed", row["feed"]), "feed") if patient is None else (patient, "patient")
    return found
