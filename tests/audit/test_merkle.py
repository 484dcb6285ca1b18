"""The tree against its definition in RFC 6962, and the proofs against the verifier that shares no line with them."""

from __future__ import annotations

import hashlib
import random
from functools import cache

import pytest

from hub.audit import proofs, verify
from hub.audit.merkle import EMPTY_ROOT, TILE_HASHES, Edge, Place, edge_places, leaf_hash, node_hash
from hub.kernel.errors import HubError

LEAVES = [str(n).encode() for n in range(70_000)]


@cache
def defined(low: int, high: int) -> bytes:
    """MTH(D[low:high]) word for word (section 2.1)."""
    if high == low:
        return hashlib.sha256(b"").digest()
    if high - low == 1:
        return leaf_hash(LEAVES[low])
    middle = 1
    while middle * 2 < high - low:
        middle *= 2
    return node_hash(defined(low, low + middle), defined(low + middle, high))


def built(size: int, step: int = 1000) -> tuple[Edge, dict[Place, bytes]]:
    """A tree grown in steps, each from the tiles the last one left."""
    tiles: dict[Place, bytes] = {}
    for low in range(0, size, step):
        edge = Edge.of(low, {place: tiles[place] for place in edge_places(low)})
        tiles |= edge.append(map(leaf_hash, LEAVES[low : min(size, low + step)]))
    return Edge.of(size, tiles), tiles


@pytest.mark.parametrize("size", [*range(20), 255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537, 66_000])
def test_a_tree_grown_tile_by_tile_has_the_root_the_rfc_defines(size: int) -> None:
    edge, tiles = built(size, step=7 if size < 600 else 9999)
    assert edge.root() == defined(0, size)
    assert all(len(tile) == TILE_HASHES * 32 for place, tile in tiles.items() if place not in edge_places(size))


def test_known_roots_of_the_certificate_transparency_test_vectors() -> None:
    """From google/certificate-transparency, merkletree tests: the same eight inputs, quoted as facts."""
    inputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    edge = Edge()
    edge.append(leaf_hash(bytes.fromhex(one)) for one in inputs)
    assert edge.root().hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_every_proof_of_small_trees_and_some_of_large_ones_is_accepted_and_no_other() -> None:
    chance = random.Random(5)
    _, tiles = built(66_000, step=9999)
    pairs = [(first, second) for second in range(1, 18) for first in range(1, second + 1)]
    pairs += [(chance.randint(1, 33_000), chance.randint(33_000, 66_000)) for _ in range(40)]
    pairs += [(256, 65_536), (65_536, 65_537), (1, 66_000), (66_000, 66_000)]
    for first, second in pairs:
        old, new = verify.Head("log", first, defined(0, first)), verify.Head("log", second, defined(0, second))
        ranges = proofs.consistency(first, second)
        proof = proofs.hashes(ranges, tiles)
        assert verify.continues(old, new, proof)
        assert not verify.continues(old, new, [*proof, bytes(32)])
        if first != second:
            assert not verify.continues(verify.Head("log", first, bytes(32)), new, proof)
            assert not verify.continues(old, new, proof[:-1])
        index = first - 1
        path = proofs.hashes(proofs.inclusion(index, second), tiles)
        assert verify.includes(new, index, LEAVES[index], path)
        assert not verify.includes(new, index, b"other", path)
        assert not verify.includes(new, index + 1, LEAVES[index], path)


def test_what_no_tree_can_prove_is_refused() -> None:
    for first, second in ((0, 4), (5, 4)):
        with pytest.raises(HubError, match="cannot continue"):
            proofs.consistency(first, second)
    with pytest.raises(HubError, match="no such leaf"):
        proofs.inclusion(4, 4)
    with pytest.raises(HubError, match="is short"):
        proofs.hashes(proofs.inclusion(0, 4), {Place(0, 0): bytes(64)})
