"""Brings the index of what stands up to date, while others read and write: a step of one walk at a time.

New search parameters of the installation's own come first: they are not answered until they are complete. Then types
that an earlier release of the hub indexed.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from asyncpg import Record

from hub.db.database import Tx
from hub.store import reindexing_parameter, reindexing_type
from hub.store.index_walk import Walks
from hub.store.phrases import Phrases

#: Rows of one transaction: writers of those wait that long.
ROWS: Final = 100

_DEFINITIONS: Final = Walks("search_definition", "number")
_TYPES: Final = Walks("search_arrears", "type")


class Step(Enum):
    """What came of a step."""

    IDLE = "there is nothing to index"
    WAITS = "writers that do not know what for are still at work"
    MOVED = "some rows were looked at"


async def step(tx: Tx, phrases: Phrases, *, rows: int = ROWS, full_text: bool = True) -> Step:
    """One step of the oldest walk that nobody else is at, in a transaction of its own; `full_text`: it is kept."""
    definition = await reindexing_parameter.take(tx)
    if definition is not None:
        return await _step_of_definition(tx, definition, phrases, rows)
    behind = await reindexing_type.take(tx)
    if behind is None:
        return Step.IDLE
    return await _step_of_type(tx, behind, phrases, rows, full_text=full_text)


async def _step_of_definition(tx: Tx, work: Record, phrases: Phrases, rows: int) -> Step:
    found = await _page(tx, _DEFINITIONS, work, rows)
    if isinstance(found, Step):
        return found
    await reindexing_parameter.add(tx, work, found, phrases)
    await _DEFINITIONS.move(tx, work, found)
    if len(found) < rows:
        await reindexing_parameter.end(tx, work)
    return Step.MOVED


async def _step_of_type(tx: Tx, work: Record, phrases: Phrases, rows: int, *, full_text: bool) -> Step:
    found = await _page(tx, _TYPES, work, rows)
    if isinstance(found, Step):
        return found
    await reindexing_type.renew(tx, found, phrases, full_text=full_text)
    await _TYPES.move(tx, work, found)
    if len(found) < rows:
        await reindexing_type.end(tx, work)
    return Step.MOVED


async def _page(tx: Tx, walks: Walks, work: Record, rows: int) -> list[Record] | Step:
    """The next rows of a walk; what came of the step where it only begins, or waits."""
    if work["horizon"] is None:
        await walks.begin(tx, work)
        return Step.MOVED
    return await walks.page(tx, work, rows) if await walks.settled(tx, work) else Step.WAITS
