"""The tree as it stands in the database: its head, its tiles, its leaves, and proofs out of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from asyncpg import Record

from hub.audit import proofs
from hub.audit.leaves import Leaf, leaf_of
from hub.audit.merkle import TILE_HASHES, Edge, Place, edge_places, split
from hub.audit.tables import entry_of
from hub.db.database import Tx
from hub.kernel.errors import Category, HubError

_HEAD: Final = "SELECT size, root, note, signed, floor FROM audit_checkpoint ORDER BY size DESC LIMIT 1"
_AT: Final = "SELECT size, root, note, signed, floor FROM audit_checkpoint WHERE size = $1"
_AFTER: Final = """
SELECT size, root, note, signed, floor FROM audit_checkpoint WHERE size > $1 AND size <= $2 ORDER BY size
"""
_TILES: Final = """
SELECT t.level, t.index, t.hashes FROM unnest($1::smallint[], $2::bigint[]) AS w (level, index)
JOIN audit_tile t ON t.level = w.level AND t.index = w.index
"""
_LEAVES: Final = """
SELECT l.index, l.salt, l.text, l.items, a.* FROM audit_leaf l LEFT JOIN audit a ON a.number = l.number
WHERE l.index >= $1 AND l.index < $2 ORDER BY l.index
"""
_INDEX: Final = "SELECT l.index FROM audit a JOIN audit_leaf l ON l.number = a.number WHERE a.id = $1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A signed tree head; rows of transactions older than `floor` are in its tree, or are none."""

    size: int
    root: bytes
    note: str
    signed: datetime
    floor: int


async def head(tx: Tx) -> Checkpoint | None:
    """The newest checkpoint; None before the first."""
    row = await tx.fetchrow(_HEAD)
    return None if row is None else Checkpoint(**row)


async def checkpoint_at(tx: Tx, size: int) -> Checkpoint:
    """The checkpoint of a tree of `size` leaves. Raises HubError NOT_FOUND where none was signed at that size."""
    row = await tx.fetchrow(_AT, size)
    if row is None:
        raise HubError(Category.NOT_FOUND, "no checkpoint was signed at this size", where="size", code="audit-proof")
    return Checkpoint(**row)


async def checkpoints(tx: Tx, after: int, until: int) -> list[Checkpoint]:
    """The checkpoints of trees larger than `after` and not larger than `until`, smallest first."""
    return [Checkpoint(**row) for row in await tx.fetch(_AFTER, after, until)]


async def edge(tx: Tx, size: int) -> Edge:
    """The right edge of the tree of `size` leaves. Raises ValueError where tiles are missing or too short."""
    return Edge.of(size, await _tiles(tx, edge_places(size)))


async def leaf_hashes(tx: Tx, low: int, high: int) -> list[bytes]:
    """The hashes of the leaves [low, high) as the tree has them; fewer where it has no more."""
    places = [Place(0, tile) for tile in range(low // TILE_HASHES, -(-high // TILE_HASHES))]
    tiles = await _tiles(tx, places)
    start = low // TILE_HASHES * TILE_HASHES
    return split(b"".join(tiles.get(place, b"") for place in places))[low - start : high - start]


async def inclusion(tx: Tx, index: int, size: int) -> list[bytes]:
    """The proof that the leaf at `index` is in the tree of `size` leaves. Raises HubError INVALID."""
    return await _proof(tx, proofs.inclusion(index, size))


async def consistency(tx: Tx, first: int, second: int) -> list[bytes]:
    """The proof that the tree of `second` leaves continues that of `first`. Raises HubError INVALID."""
    return await _proof(tx, proofs.consistency(first, second))


async def index_of(tx: Tx, entry: UUID) -> int | None:
    """Where an entry stands in the tree; None while it does not."""
    found: int | None = await tx.fetchval(_INDEX, entry)
    return found


async def leaves(tx: Tx, low: int, high: int) -> list[tuple[int, Leaf]]:
    """The leaves [low, high) as their rows give them now, each with its index.

    A row that is gone leaves a gap, and one that was changed another leaf: the reader compares it with its hash.
    """
    found = [(row["index"], _leaf(row)) for row in await tx.fetch(_LEAVES, low, high)]
    return [(index, leaf) for index, leaf in found if leaf is not None]


def _leaf(row: Record) -> Leaf | None:
    if row["text"] is not None:
        return Leaf(row["text"], tuple(row["items"] or ()))
    if row["id"] is None or row["salt"] is None:
        return None
    return leaf_of(entry_of(dict(row)), row["index"], row["salt"])


async def _proof(tx: Tx, ranges: Sequence[proofs.Range]) -> list[bytes]:
    return proofs.hashes(ranges, await _tiles(tx, proofs.tiles_for(ranges)))


async def _tiles(tx: Tx, places: Collection[Place]) -> dict[Place, bytes]:
    if not places:
        return {}
    rows = await tx.fetch(_TILES, [place.level for place in places], [place.index for place in places])
    return {Place(row["level"], row["index"]): row["hashes"] for row in rows}
