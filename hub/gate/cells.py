"""Which counts may be told: enough persons, and not too near to what the same project was told before.

Two answers whose persons differ by fewer than `LEAST` would tell of the few by their difference. Each number told is
also moved by up to `MOVE`, always the same for the same persons, so that sums and differences of several cells tell
nothing exact (attack list, 59; the cell-key method of statistical offices).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import xor
from typing import Final

import zstandard

from hub.db.database import Tx
from hub.gate.disguises import LEAST, Project

MOVE: Final = 2

_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtextextended('aggregate ' || $1, 0))"
_NEAR: Final = "SELECT members FROM aggregate_cell WHERE project = $1 AND size BETWEEN $2 AND $3"
_PUT: Final = """
INSERT INTO aggregate_cell (project, digest, size, members, told) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Cell:
    """The persons of one cell, as numbers of the project."""

    members: frozenset[int]

    @property
    def packed(self) -> bytes:
        """The members in order."""
        return b"".join(one.to_bytes(8, "big") for one in sorted(self.members))


async def told(tx: Tx, project: Project, cells: Iterable[Cell], at: datetime) -> list[int | None]:
    """The number of persons of each cell, moved; None for one that is kept back. What is told is kept.

    Two requests of one project wait for each other: each sees what the other was told.
    """
    await tx.execute(_LOCK, project.id)
    return [await _told(tx, project, cell, at) for cell in cells]


async def _told(tx: Tx, project: Project, cell: Cell, at: datetime) -> int | None:
    size = len(cell.members)
    if size < LEAST:
        return None
    for row in await tx.fetch(_NEAR, project.id, size - LEAST + 1, size + LEAST - 1):
        if 0 < len(cell.members ^ _unpacked(row[0])) < LEAST:
            return None
    packed = cell.packed
    digest = hashlib.blake2b(packed, digest_size=16).digest()
    await tx.execute(_PUT, project.id, digest, size, zstandard.ZstdCompressor().compress(packed), at)
    return size + move(project, cell)


def move(project: Project, cell: Cell) -> int:
    """What the number of a cell is moved by."""
    key = reduce(xor, cell.members, 0)
    return project.number(key.to_bytes(8, "big")) % (2 * MOVE + 1) - MOVE


def _unpacked(content: bytes) -> frozenset[int]:
    packed = zstandard.ZstdDecompressor().decompress(content)
    return frozenset(int.from_bytes(packed[at : at + 8], "big") for at in range(0, len(packed), 8))
