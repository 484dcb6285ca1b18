"""Adds to the index what a new search parameter finds in the resources that stand already, while others read and write.

A writer reads the version of the registry after it has written; so it either knows a definition, or it was at work
when the definition could first be seen. Those transactions are waited for, then every row is looked at once, in the
order of an index. What is written meanwhile has its values already.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from asyncpg import Record

from hub.db.database import Tx
from hub.fhir.custom import Defined, extractor
from hub.fhir.index_values import IndexValues
from hub.fhir.json import loads
from hub.fhir.search_parameters import SearchParameter
from hub.sealing.keyring import keyring_of
from hub.store import codec
from hub.store.batch import Batch, sort_columns
from hub.store.definitions import parameter_in
from hub.store.index_rows import FIRST, IndexRows, index_rows
from hub.store.phrases import Phrases
from hub.store.resource_types import type_number
from hub.store.sealed import unsealed
from hub.store.tokens import param_number
from hub.store.write import copy

#: Rows of one transaction: writers of those wait that long.
ROWS: Final = 100
#: Seconds the counting of what is to be looked at may take.
_PATIENCE: Final = 3600
#: Columns that name the place of a body.
_PLACE: Final = ("type", "id", "version", "pkey")
#: Before every key.
_NO_KEY: Final = "00000000-0000-0000-0000-000000000000"

_TAKE: Final = "SELECT * FROM search_definition WHERE NOT ready ORDER BY number LIMIT 1 FOR UPDATE SKIP LOCKED"
_BEGIN: Final = """
UPDATE search_definition SET horizon = pg_snapshot_xmax(pg_current_snapshot()),
    total = (SELECT count(*) FROM resource WHERE type = $2)
WHERE number = $1
"""
_SETTLED: Final = "SELECT pg_snapshot_xmin(pg_current_snapshot()) >= horizon FROM search_definition WHERE number = $1"
_NEXT: Final = """
SELECT pkey, key, type, id, version, patient, body, deleted, date_low FROM resource
WHERE type = $1 AND (date_low, key) > ($2::timestamptz, $3::uuid) ORDER BY date_low, key LIMIT $4
"""
#: Only the version that was looked at, and only if its writer did not know the parameter.
_ADD: Final = """
UPDATE resource SET tokens = tokens || $4::uuid[], params = params || $5::integer[],
    refs = refs || ARRAY(SELECT * FROM unnest($6::uuid[]) AS n (key) WHERE n.key <> ALL(refs)),
    sort_params = sort_params || $7::integer[], sort_texts = sort_texts || $8::text[],
    reindexed = pg_current_xact_id()
WHERE pkey = $1 AND key = $2 AND version = $3 AND NOT params && $5::integer[] RETURNING true
"""
_MOVE: Final = """
UPDATE search_definition SET done = done + $2, after_low = $3, after_key = $4, ready = $5 WHERE number = $1
"""


class Step(Enum):
    """What came of a step."""

    IDLE = "there is nothing to index"
    WAITS = "writers that do not know the parameter are still at work"
    MOVED = "some rows were looked at"


async def step(tx: Tx, phrases: Phrases, *, rows: int = ROWS) -> Step:
    """One step of the oldest definition that nobody else is at, in a transaction of its own."""
    work = await tx.fetchrow(_TAKE)
    if work is None:
        return Step.IDLE
    if work["horizon"] is None:
        await tx.execute(f"SET LOCAL statement_timeout = '{_PATIENCE}s'")
        await tx.execute(_BEGIN, work["number"], type_number(work["type"]), timeout=_PATIENCE)
        return Step.MOVED
    if not await tx.fetchval(_SETTLED, work["number"]):
        return Step.WAITS
    await _walk(tx, work, phrases, rows)
    return Step.MOVED


async def _walk(tx: Tx, work: Record, phrases: Phrases, rows: int) -> None:
    low, key = work["after_low"] or FIRST, work["after_key"] or _NO_KEY
    found = await tx.fetch(_NEXT, type_number(work["type"]), low, key, rows)
    batch = Batch()
    # Its values stand under another name than it is asked by.
    parameter = Defined(parameter=parameter_in(work), number=work["number"], ready=False).indexed
    keys = await keyring_of(tx).opened(tx, [row["body"] for row in found])
    bodies = {row["key"]: unsealed(row["body"], keys, *(row[name] for name in _PLACE)) for row in found}
    for row in sorted(found, key=lambda row: (row["pkey"], row["key"])):
        body = bodies[row["key"]]
        indexed = None if row["deleted"] or body is None else _rows(row["patient"], body, parameter)
        if indexed is not None and await _added(tx, row, indexed):
            batch.indexed[row["key"]] = (row["pkey"], type_number(parameter.base), indexed)
    await copy(tx, batch)
    await phrases.add(tx, {t: p for _, _, one in batch.indexed.values() for t, p in one.phrases.items()})
    if found:
        low, key = found[-1]["date_low"], found[-1]["key"]
    await tx.execute(_MOVE, work["number"], len(found), low, key, len(found) < rows)


def _rows(patient: str | None, body: bytes, parameter: SearchParameter) -> IndexRows | None:
    """What the index is to hold of a resource for the parameter; None for nothing."""
    values = IndexValues()
    extractor((parameter,))(loads(codec.decode(body)), values)
    found = index_rows(parameter.base, patient, values)
    return found if param_number(parameter.base, parameter.code) in found.params else None


async def _added(tx: Tx, row: Record, found: IndexRows) -> bool:
    columns = (list(found.tokens), list(found.params), list(found.refs), *sort_columns(found))
    return await tx.fetchval(_ADD, row["pkey"], row["key"], row["version"], *columns) is not None
