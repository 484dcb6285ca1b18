"""Which nodes prove that a leaf is in a tree, and that one tree continues another (RFC 6962, sections 2.1.1, 2.1.2).

A proof is a list of hashes, each over a range of leaves; a range is made of perfect subtrees, each found in one tile.
Pure: `tiles_for` says which tiles are needed, `hashes` gives the proof out of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from typing import Final

from hub.audit.merkle import TILE_HASHES, TILE_LEVELS, Place, node_hash, root_of, split
from hub.kernel.errors import Category, HubError

#: Leaves [low, high).
Range = tuple[int, int]
#: A perfect subtree: its height, and its number among those of this height.
Node = tuple[int, int]

_WHERE: Final = "audit tree"


def inclusion(index: int, size: int) -> list[Range]:
    """Ranges that prove that the leaf at `index` is in the tree of `size` leaves. Raises HubError INVALID."""
    if not 0 <= index < size:
        raise HubError(Category.INVALID, "the tree has no such leaf", where=_WHERE, code="audit-proof")
    return _path(index, 0, size)


def consistency(first: int, second: int) -> list[Range]:
    """Ranges that prove that the tree of `second` leaves begins with the tree of `first`. Raises HubError INVALID."""
    if not 0 < first <= second:
        raise HubError(Category.INVALID, "one tree cannot continue the other", where=_WHERE, code="audit-proof")
    return _subproof(first, 0, second, whole=True)


def tiles_for(ranges: Iterable[Range]) -> list[Place]:
    """The tiles in which the nodes of these ranges are found."""
    return sorted({_place(node)[0] for one in ranges for node in _nodes(one)})


def hashes(ranges: Iterable[Range], tiles: Mapping[Place, bytes]) -> list[bytes]:
    """The proof: the hash of each range. Raises HubError FAULT where a tile is missing or too short."""
    return [_hash(_nodes(one), tiles) for one in ranges]


def _path(index: int, low: int, high: int) -> list[Range]:
    if high - low == 1:
        return []
    middle = low + _half(high - low)
    if index < middle:
        return [*_path(index, low, middle), (middle, high)]
    return [*_path(index, middle, high), (low, middle)]


def _subproof(first: int, low: int, high: int, *, whole: bool) -> list[Range]:
    if first == high:
        return [] if whole else [(low, high)]
    middle = low + _half(high - low)
    if first <= middle:
        return [*_subproof(first, low, middle, whole=whole), (middle, high)]
    return [*_subproof(first, middle, high, whole=False), (low, middle)]


def _half(size: int) -> int:
    """The largest power of two below `size` (at least 2)."""
    return 1 << (size - 1).bit_length() - 1


def _nodes(one: Range) -> list[Node]:
    """The perfect subtrees of a range of a tree, from the left."""
    low, high = one
    found = []
    while low < high:
        height = (high - low).bit_length() - 1
        found.append((height, low >> height))
        low += 1 << height
    return found


def _place(node: Node) -> tuple[Place, int, int]:
    """The tile of a node, and the entries of that tile which the node covers."""
    height, index = node
    level, within = divmod(height, TILE_LEVELS)
    start = index << within
    offset = start % TILE_HASHES
    return Place(level, start >> TILE_LEVELS), offset, offset + (1 << within)


def _hash(nodes: Sequence[Node], tiles: Mapping[Place, bytes]) -> bytes:
    found = [_of_tile(node, tiles) for node in reversed(nodes)]
    return reduce(lambda right, left: node_hash(left, right), found)


def _of_tile(node: Node, tiles: Mapping[Place, bytes]) -> bytes:
    place, start, end = _place(node)
    entries = split(tiles.get(place, b""))[start:end]
    if len(entries) < end - start:
        raise HubError(Category.FAULT, f"tile {place.level}/{place.index} is short", where=_WHERE, code="audit-tree")
    return root_of(entries)
