"""The Merkle tree of RFC 6962 (section 2.1), kept in tiles of 256 hashes (C2SP tlog-tiles). Pure.

Level 0 of the tiles holds the hashes of leaves; an entry of level L+1 is the root of a full tile of level L. So a tree
of any size is known by the tiles at its right edge, one of each level, and a node of it by one tile.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Final

HASH_BYTES: Final = 32
#: A tile covers so many levels of the tree, and holds 2**8 hashes when it is full.
TILE_LEVELS: Final = 8
TILE_HASHES: Final = 1 << TILE_LEVELS
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()


def leaf_hash(leaf: bytes) -> bytes:
    """Hash of a leaf."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of a node over its two halves."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(hashes: Sequence[bytes]) -> bytes:
    """Root over nodes of one level, of which the last may be incomplete: pairs from the left, an odd one goes up."""
    if not hashes:
        return EMPTY_ROOT
    while len(hashes) > 1:
        odd = hashes[-1:] if len(hashes) % 2 else []
        hashes = [*map(node_hash, hashes[::2], hashes[1::2]), *odd]
    return hashes[0]


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a tile stands: its level, and its number there."""

    level: int
    index: int


@dataclass(slots=True)
class Edge:
    """The right edge of a tree: its size, and the tile not yet full of each level (no hashes where it is empty)."""

    size: int = 0
    tiles: list[list[bytes]] = field(default_factory=list)

    @classmethod
    def of(cls, size: int, tiles: dict[Place, bytes]) -> Edge:
        """The edge of a tree of `size` leaves out of the tiles `edge_places` names. Raises ValueError where one is
        missing or too short."""
        edge = cls(size)
        for place, length in _partial(size):
            found = split(tiles.get(place, b""))[:length]
            if len(found) < length:
                raise ValueError(f"tile {place.level}/{place.index} is short")
            edge.tiles.append(found)
        return edge

    def root(self) -> bytes:
        """Root of the tree."""
        rest: list[bytes] = []
        for tile in self.tiles:
            if tile or rest:
                rest = [root_of([*tile, *rest])]
        return root_of(rest)

    def append(self, hashes: Iterable[bytes]) -> dict[Place, bytes]:
        """Add leaves, by their hashes; gives the tiles that are new or have changed."""
        full: dict[Place, bytes] = {}
        touched: set[int] = set()
        for one in hashes:
            self._add(one, 0, full, touched)
            self.size += 1
        begun = {place: b"".join(self.tiles[place.level]) for place in edge_places(self.size) if place.level in touched}
        return full | begun

    def _add(self, one: bytes, level: int, full: dict[Place, bytes], touched: set[int]) -> None:
        if level == len(self.tiles):
            self.tiles.append([])
        tile = self.tiles[level]
        tile.append(one)
        touched.add(level)
        if len(tile) == TILE_HASHES:
            full[Place(level, self.size >> TILE_LEVELS * (level + 1))] = b"".join(tile)
            self.tiles[level] = []
            self._add(root_of(tile), level + 1, full, touched)


def edge_places(size: int) -> list[Place]:
    """The tiles at the right edge of a tree of `size` leaves that are begun and not full."""
    return [place for place, length in _partial(size) if length]


def split(tile: bytes) -> list[bytes]:
    """The hashes of a tile."""
    return [tile[at : at + HASH_BYTES] for at in range(0, len(tile), HASH_BYTES)]


def _partial(size: int) -> Iterator[tuple[Place, int]]:
    """The last tile of each level and how many hashes it holds; none where the tiles of a level are all full."""
    for level in count():
        entries = size >> TILE_LEVELS * level
        if not entries:
            return
        yield Place(level, entries >> TILE_LEVELS), entries % TILE_HASHES
