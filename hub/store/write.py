"""Saving a batch: a constant number of round trips, whatever its size.

Superseded versions are moved to history inside the database. Everything new goes in by COPY, one for each table.
A lost race shows as a version that has moved on, or as a key that exists already: HubError CONFLICT, after which the
transaction must be rolled back and the batch tried again from `load`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg
from sqlalchemy import Table

from hub.db.binary_copy import copy_rows
from hub.db.database import Tx
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import reference_key
from hub.sealing.envelope import DataKey
from hub.sealing.keyring import keyring_of
from hub.store import row_copy, tables
from hub.store.batch import RESOURCE_COLUMNS, VERSION_COLUMNS, Batch, plan
from hub.store.phrases import Phrases
from hub.store.registry import Registry
from hub.store.sealed import seal_batch
from hub.store.values import Saved, Stored, Write

#: The tables beside `resource` that hold its index.
INDEX_TABLES: Final = (
    tables.coding,
    tables.string_value,
    tables.date_value,
    tables.number_value,
    tables.position_value,
    tables.text_value,
)
_COLUMNS: Final = {table.name: tuple(table.columns.keys()) for table in (tables.resource_home, *INDEX_TABLES)}


def clearing(emptied: Iterable[Table]) -> str:
    """Named parts of a statement that delete the rows of `given` (pkey, key) from some tables."""
    return ",\n".join(
        f"no_{t.name} AS (DELETE FROM {t.name} s USING given g WHERE s.pkey = g.pkey AND s.key = g.key)"
        for t in emptied
    )


#: One statement: takes the current rows away if their version is the expected one, keeps them as history, clears
#: their index rows and what followed from them. Its answer is the number of versions moved. A row that was reindexed
#: while this waited for it counts as changed: index rows that came with that would not be seen here, and stay.
_SUPERSEDE: Final = """
WITH given AS (SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::integer[]) AS g (pkey, key, version)),
old AS (DELETE FROM resource r USING given g
        WHERE r.pkey = g.pkey AND r.key = g.key AND r.version = g.version
          AND pg_visible_in_snapshot(r.reindexed, pg_current_snapshot()) IS NOT FALSE RETURNING r.*),
{sides},
moved AS (INSERT INTO history ({columns}, xid) SELECT {columns}, xid FROM old RETURNING 1)
SELECT count(*) FROM moved
""".format(columns=", ".join(VERSION_COLUMNS), sides=clearing((*INDEX_TABLES, tables.relation)))

#: Where resources are that moved to another patient's record.
_REHOME: Final = """
WITH former AS (
    INSERT INTO former_home (key, pkey)
    SELECT h.key, h.pkey FROM resource_home h JOIN unnest($1::uuid[], $2::uuid[]) AS g (key, pkey) ON g.key = h.key
    WHERE h.pkey <> g.pkey ON CONFLICT DO NOTHING
)
UPDATE resource_home SET pkey = g.pkey FROM unnest($1::uuid[], $2::uuid[]) AS g (key, pkey)
WHERE resource_home.key = g.key
"""

#: The changes, and then the version of the registry. The transaction has written before: whoever registers a parameter
#: that this does not see finds it at work (reindexing.py).
_NOTE: Final = """
WITH noted AS (
    INSERT INTO outbox (pkey, type, id, version, outcome, updated)
    SELECT * FROM unnest($1::uuid[], $2::smallint[], $3::text[], $4::integer[], $5::text[], $6::timestamptz[])
)
SELECT version FROM search_registry
"""


#: Long batches lock what they will supersede before they begin, in the order everybody does.
_HOLD: Final = """
SELECT FROM resource r JOIN unnest($1::uuid[], $2::uuid[]) AS g (pkey, key) USING (pkey, key)
ORDER BY pkey, key FOR UPDATE OF r
"""

#: Writes whose rows are in memory at once; one message may state a hundred thousand resources.
_PORTION: Final = 1024


async def save(
    tx: Tx,
    writes: Sequence[Write],
    now: datetime,
    phrases: Phrases,
    registry: Registry,
    *,
    full_text: bool = True,
    answered: bool = True,
) -> list[Saved]:
    """Apply writes in order, in `tx`; several to one resource make a version each. Errors as `Store.save` says.

    Not `answered`: nothing is kept of what was written, and no answers are given.
    """
    custom = await registry.current(tx)
    answers: list[Saved] = []
    texts: dict[UUID, tuple[int, str]] = {}
    keys: dict[int, DataKey] = {}
    standing: dict[UUID, Stored] = {}
    if len(writes) > _PORTION:
        await _hold(tx, writes)
    for begin in range(0, len(writes), _PORTION):
        part = writes[begin : begin + _PORTION]
        batch, saved = plan(part, now, full_text=full_text, custom=custom, standing=standing)
        keys |= {key.number: key for key in await _put(tx, batch, registry)}
        texts |= batch.phrases
        if answered:
            answers += saved
        if begin + _PORTION < len(writes):
            _let_go(standing, writes, begin + _PORTION)
    await keyring_of(tx).confirm(tx, list(keys.values()))
    await phrases.add(tx, texts)
    return answers


def _let_go(standing: dict[UUID, Stored], writes: Sequence[Write], rest: int) -> None:
    """Forget what no write from `rest` on asks for."""
    later = {reference_key(writes[at].type, writes[at].id) for at in range(rest, len(writes))}
    for key in standing.keys() - later:
        del standing[key]


async def _hold(tx: Tx, writes: Sequence[Write]) -> None:
    held = [(w.current.pkey, reference_key(w.type, w.id)) for w in writes if w.current is not None]
    if held:
        await tx.execute(_HOLD, *map(list, zip(*held, strict=True)))


async def _put(tx: Tx, batch: Batch, registry: Registry) -> list[DataKey]:
    """Write one portion; the keys its bodies are sealed by."""
    await _supersede(tx, batch.superseded)
    keys = await seal_batch(tx, batch)
    try:
        await copy(tx, batch)
    except asyncpg.UniqueViolationError:
        raise HubError(
            Category.CONFLICT, "was created by somebody else meanwhile", where="store", todo="try again", code="race"
        ) from None
    if batch.rehomed:
        await tx.execute(_REHOME, *map(list, zip(*sorted(batch.rehomed.items()), strict=True)))
    await _note(tx, batch, registry)
    return keys


async def _supersede(tx: Tx, superseded: Sequence[tuple[UUID, UUID, int]]) -> None:
    if not superseded:
        return
    # Rows are locked in one order by everybody, so that two batches wait instead of deadlocking.
    pkeys, keys, versions = zip(*sorted(superseded), strict=True)
    if await tx.fetchval(_SUPERSEDE, pkeys, keys, versions) != len(superseded):
        raise HubError(
            Category.CONFLICT, "was changed by somebody else meanwhile", where="store", todo="try again", code="race"
        )


async def copy(tx: Tx, batch: Batch) -> None:
    """Write every new row of resources and their index, one COPY a table."""
    await copy_rows(tx, "resource_home", _COLUMNS["resource_home"], row_copy.home_rows(batch.home))
    await copy_rows(tx, "resource", RESOURCE_COLUMNS, map(row_copy.resource_row, batch.resource.values()))
    index = row_copy.index_copies(batch.indexed)
    for table in INDEX_TABLES:
        await copy_rows(tx, table.name, _COLUMNS[table.name], getattr(index, table.name))
    await copy_rows(tx, "history", VERSION_COLUMNS, map(row_copy.history_row, batch.history))


async def _note(tx: Tx, batch: Batch, registry: Registry) -> None:
    """Raises HubError UNAVAILABLE (code `race`) if the batch was made for search parameters that changed meanwhile."""
    if batch.outbox:
        registry.hold(batch.custom, await tx.fetchval(_NOTE, *zip(*batch.outbox, strict=True)))
