"""Adds to the index what a new search parameter of the installation's own finds in the rows of a walk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from asyncpg import Record

from hub.db.database import Tx
from hub.fhir.custom import Defined, extractor
from hub.fhir.index_values import IndexValues
from hub.fhir.json import loads
from hub.fhir.search_parameters import SearchParameter
from hub.store import codec
from hub.store.batch import Batch
from hub.store.definitions import parameter_in
from hub.store.index_composites import add_composites
from hub.store.index_rows import IndexRows, index_rows
from hub.store.index_walk import bodies
from hub.store.phrases import Phrases
from hub.store.resource_types import type_number
from hub.store.tokens import param_number
from hub.store.whole_index import hash_arguments, sort_columns
from hub.store.write import copy

_TAKE: Final = "SELECT * FROM search_definition WHERE NOT ready ORDER BY number LIMIT 1 FOR UPDATE SKIP LOCKED"
_END: Final = "UPDATE search_definition SET ready = true WHERE number = $1"
#: Only the version that was looked at, and only if its writer did not know the parameter.
_ADD: Final = """
UPDATE resource SET tokens = tokens || $4::uuid[], params = params || $5::integer[],
    refs = refs || ARRAY(SELECT * FROM unnest($6::uuid[]) AS n (key) WHERE n.key <> ALL(refs)),
    sort_params = sort_params || $7::integer[], sort_texts = sort_texts || $8::text[],
    reindexed = pg_current_xact_id()
WHERE pkey = $1 AND key = $2 AND version = $3 AND NOT params && $5::integer[] RETURNING true
"""


async def take(tx: Tx) -> Record | None:
    """The oldest definition that is not complete and that nobody else is at."""
    return await tx.fetchrow(_TAKE)


async def end(tx: Tx, work: Record) -> None:
    """It is complete."""
    await tx.execute(_END, work["number"])


async def add(tx: Tx, work: Record, found: Sequence[Record], phrases: Phrases) -> None:
    """Index the parameter of a definition in some rows."""
    batch = Batch()
    # Its values stand under another name than it is asked by.
    parameter = Defined(parameter=parameter_in(work), number=work["number"], ready=False).indexed
    for row, body in await bodies(tx, found):
        indexed = _rows(row["patient"], body, parameter)
        if indexed is not None and await _added(tx, row, indexed):
            batch.indexed[row["key"]] = (row["pkey"], type_number(parameter.base), indexed)
    await copy(tx, batch)
    await phrases.add(tx, batch.phrases)


def _rows(patient: str | None, body: bytes, parameter: SearchParameter) -> IndexRows | None:
    """What the index is to hold of a resource for the parameter; None for nothing."""
    values = IndexValues()
    extractor((parameter,))(loads(codec.decode(body)), values)
    found = index_rows(parameter.base, patient, values)
    add_composites(found, parameter.base, values)
    return found if param_number(parameter.base, parameter.code) in found.params else None


async def _added(tx: Tx, row: Record, found: IndexRows) -> bool:
    tokens, refs = hash_arguments(found.tokens, found.refs)
    columns = (tokens, list(found.params), refs, *sort_columns(found))
    return await tx.fetchval(_ADD, row["pkey"], row["key"], row["version"], *columns) is not None
