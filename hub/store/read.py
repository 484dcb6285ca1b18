"""Reading by id: current versions in bulk, one version, an instance's history."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import UUID

from asyncpg import Record

from hub.db.database import Tx
from hub.kernel.ids import reference_key
from hub.sealing.envelope import is_sealed
from hub.sealing.keyring import keyring_of
from hub.store import codec
from hub.store.resource_types import type_name
from hub.store.sealed import unsealed
from hub.store.values import Facts, Stored

#: The columns a `Stored` is made of, in the order `stored` takes them.
COLUMNS: Final = (
    "type, id, version, updated, deleted, body, pkey, patient, author_org, authors, labels, clinical_start, "
    "clinical_end, flags, source, cleared, coded"
)
#: How many they are.
WIDTH: Final = COLUMNS.count(",") + 1


def columns_of(row: str) -> str:
    """The columns of a row of `resource` or `history`."""
    return ", ".join([f"{row}.{name}" for name in COLUMNS.split(", ")])


_OF_R: Final = columns_of("r")
_WITHOUT_BODY: Final = _OF_R.replace("r.body", "''::bytea")

#: A bare id is looked up in resource_home, which says whose rows hold it.
_LOAD: Final = """
SELECT {columns} FROM resource_home h JOIN resource r ON r.pkey = h.pkey AND r.key = h.key
WHERE h.key = ANY($1::uuid[])
"""
_LOAD_ALL: Final = _LOAD.format(columns=_OF_R)
_LOAD_FACTS: Final = _LOAD.format(columns=_WITHOUT_BODY)
_CHANGED: Final = f"{_LOAD_ALL} AND NOT pg_visible_in_snapshot(r.xid, (SELECT $2::text::pg_snapshot))"
#: Home rows change by moves alone, and whoever waits for one reads what stands after it.
_LOCK: Final = "SELECT 1 FROM resource_home WHERE key = ANY($1::uuid[]) ORDER BY key FOR NO KEY UPDATE"

_HISTORY: Final = f"""
SELECT {_OF_R} FROM resource_home h JOIN resource r ON r.pkey = h.pkey AND r.key = h.key
WHERE h.key = $1 AND r.version < $2
UNION ALL
SELECT {_OF_R} FROM resource_home h JOIN history r ON r.pkey = h.pkey AND r.key = h.key
WHERE h.key = $1 AND r.version < $2
UNION ALL
SELECT {_OF_R} FROM former_home f JOIN resource_home h ON h.key = f.key AND h.pkey <> f.pkey
JOIN history r ON r.pkey = f.pkey AND r.key = f.key
WHERE f.key = $1 AND r.version < $2
ORDER BY 3 DESC LIMIT $3
"""
_HISTORIES: Final = f"""
SELECT {_OF_R} FROM resource_home h JOIN resource r ON r.pkey = h.pkey AND r.key = h.key
WHERE h.key = ANY($1::uuid[])
UNION ALL
SELECT {_OF_R} FROM resource_home h JOIN history r ON r.pkey = h.pkey AND r.key = h.key
WHERE h.key = ANY($1::uuid[])
UNION ALL
SELECT {_OF_R} FROM former_home f JOIN resource_home h ON h.key = f.key AND h.pkey <> f.pkey
JOIN history r ON r.pkey = f.pkey AND r.key = f.key
WHERE f.key = ANY($1::uuid[])
ORDER BY 3
"""
_FORMERLY: Final = "SELECT pkey FROM former_home WHERE key = $1 ORDER BY pkey"
_NO_VERSION: Final = 2**31 - 1

Row = Record | tuple[Any, ...]


async def opened(tx: Tx, rows: Iterable[Row]) -> list[Stored]:
    """Rows that begin with COLUMNS as versions, in their order, without those whose key was erased."""
    rows = list(rows)
    sealed = [row[5] for row in rows if is_sealed(row[5])]
    keyring = keyring_of(tx)
    if keyring.strict:
        keyring.admit(len(sealed) == sum(1 for row in rows if row[5]))
    keys = await keyring.opened(tx, sealed) if sealed else None
    found: list[Stored] = []
    pkey: UUID | None = None
    for row in rows:
        if row[6] != pkey:
            pkey = row[6]  # rows of one patient share it: to hash a key costs ten times what comparing two does
        body = row[5] if keys is None else unsealed(row[5], keys, row[0], row[1], row[2], row[6])
        if body is not None:
            found.append(_stored(row, body, pkey))
    return found


def _stored(row: Row, body: bytes, pkey: UUID) -> Stored:
    # At once: to ask for each column costs as much as to make the version of them.
    rtype, rid, version, updated, deleted, _, _, patient, author, authors, labels, start, end, *rest = row[:WIDTH]
    flags, source, cleared, coded = rest
    return Stored(
        type=type_name(rtype),
        id=rid,
        version=version,
        updated=updated,
        deleted=deleted,
        body=codec.decode(body),
        pkey=pkey,
        patient=patient,
        facts=Facts(
            author_org=author,
            authors=tuple(authors),
            labels=tuple(labels),
            clinical_start=start,
            clinical_end=end,
            flags=flags,
        ),
        source=source,
        cleared=tuple(cleared),
        coded=coded,
    )


async def load(tx: Tx, refs: Sequence[tuple[str, str]], *, lock: bool) -> dict[tuple[str, str], Stored]:
    """Current versions by (type, id); with `lock`, after waiting for whoever changes one of them now."""
    keys: list[UUID] = [reference_key(*ref) for ref in dict.fromkeys(refs)]
    if not keys:
        return {}
    if lock:
        await tx.execute(_LOCK, keys)
    return await _by_reference(tx, await tx.fetch(_LOAD_ALL, keys))


async def load_facts(tx: Tx, refs: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Stored]:
    """Current versions by (type, id), their bodies left out."""
    if not refs:
        return {}
    return await _by_reference(tx, await tx.fetch(_LOAD_FACTS, [reference_key(*ref) for ref in refs]))


async def _by_reference(tx: Tx, rows: Iterable[Record]) -> dict[tuple[str, str], Stored]:
    return {version.reference: version for version in await opened(tx, rows)}


async def changed_since(tx: Tx, refs: Sequence[tuple[str, str]], horizon: str) -> dict[tuple[str, str], Stored]:
    """Current versions by (type, id) that the snapshot `horizon` does not see."""
    return await _by_reference(tx, await tx.fetch(_CHANGED, [reference_key(*ref) for ref in refs], horizon))


async def load_version(tx: Tx, rtype: str, rid: str, version: int) -> Stored | None:
    """One version of a resource, current or not."""
    found = await versions(tx, rtype, rid, below=version + 1, limit=1)
    return found[0] if found and found[0].version == version else None


async def versions(tx: Tx, rtype: str, rid: str, *, below: int | None, limit: int) -> list[Stored]:
    """Versions of a resource, newest first, those under `below`; each with the patient it was about."""
    key, top = reference_key(rtype, rid), min(_NO_VERSION if below is None else below, _NO_VERSION)
    found: list[Stored] = []
    while (left := limit - len(found)) > 0:
        rows = await tx.fetch(_HISTORY, key, top, left)
        found += await opened(tx, rows)
        if len(rows) < left:
            break
        top = rows[-1]["version"]  # erased versions are no page's end: more may stand below them
    return found


async def all_versions(tx: Tx, refs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], list[Stored]]:
    """Every version of each of some resources by (type, id), oldest first, each with the patient it was about."""
    found: dict[tuple[str, str], list[Stored]] = {}
    for version in await opened(tx, await tx.fetch(_HISTORIES, [reference_key(*ref) for ref in refs])):
        found.setdefault(version.reference, []).append(version)
    return found


async def formerly(tx: Tx, rtype: str, rid: str) -> list[UUID]:
    """The source patients a resource was about before it moved."""
    return [row[0] for row in await tx.fetch(_FORMERLY, reference_key(rtype, rid))]
