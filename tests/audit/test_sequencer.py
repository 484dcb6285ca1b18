"""The one writer of the tree, on a real database."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hub.audit import tree, verify
from hub.audit.erasure import erase
from hub.audit.merkle import leaf_hash
from hub.audit.notes import Signer
from hub.audit.sequencer import Sequencer
from hub.audit.trail import Trail
from hub.db.database import Database
from hub.kernel.errors import Category, HubError
from tests.audit.entries import read, search
from tests.audit.trees import SIGNER, exported, grown, keys_file, sequencer, some, with_database

OTHER: Final = Signer("hub.example/log", Ed25519PrivateKey.from_private_bytes(b"\x01" * 32))


def proved(folder: Path, *, witness: Path | None = None) -> str:
    return verify.verify(folder / "export", keys_file(folder), witness)


def test_rows_become_leaves_in_order_and_the_export_is_verified(database_url: str, tmp_path: Path) -> None:
    entries = some(300)

    async def work(database: Database, trail: Trail) -> list[int | None]:
        await grown(database, trail, entries, batch=70)
        await exported(database, tmp_path / "export")
        async with database.connection() as tx:
            return [await tree.index_of(tx, entry.id) for entry in entries]

    assert with_database(database_url, work) == list(range(300))
    assert proved(tmp_path) == "300 leaves are as 5 checkpoints sign"


def test_a_row_of_a_transaction_that_ends_late_is_not_passed_over(database_url: str) -> None:
    """Its number is lower than those of leaves there are already."""

    async def work(database: Database, trail: Trail) -> list[int | None]:
        one = sequencer(database)
        async with database.transaction() as tx:
            await trail.append(tx, [read(1)])
            await trail.record(read(2))
            assert await one.turn() == 1
            await trail.record(read(3))
            assert await one.turn() == 1
        assert await one.turn() == 1
        assert await sequencer(database).turn() == 0
        async with database.connection() as tx:
            return [await tree.index_of(tx, read(n).id) for n in (1, 2, 3)]

    assert with_database(database_url, work) == [2, 0, 1]


class _Fuse:
    """A database whose connection is cut at the statement number `left`."""

    def __init__(self, database: Database, left: int) -> None:
        self._database, self.left = database, left

    def transaction(self) -> Any:
        return self

    async def __aenter__(self) -> Any:
        self._lease = self._database.transaction()
        self._tx = await self._lease.__aenter__()
        return self

    async def __aexit__(self, *what: Any) -> None:
        await self._lease.__aexit__(*what)

    def __getattr__(self, name: str) -> Any:
        async def statement(*arguments: Any) -> Any:
            self.left -= 1
            if self.left == 0:
                self._tx.terminate()
            return await getattr(self._tx, name)(*arguments)

        return statement


def test_a_turn_cut_off_at_any_statement_is_kept_or_not_at_all(database_url: str, tmp_path: Path) -> None:
    async def work(database: Database, trail: Trail) -> int:
        cut = 0
        await grown(database, trail, some(3))
        for left in range(1, 20):
            await trail.record(read(100 + left))
            fuse: Any = _Fuse(database, left)
            try:
                await Sequencer(fuse, SIGNER, lambda: read().time, bytes).turn()
            except HubError as error:
                assert error.category is Category.UNAVAILABLE
                cut += 1
            assert await _next(database, wanted=fuse.left <= 0) == (1 if fuse.left <= 0 else 0)
            if fuse.left > 0:
                break
        await exported(database, tmp_path / "export")
        return cut

    cut = with_database(database_url, work)
    assert cut >= 6
    assert proved(tmp_path).startswith(f"{3 + cut + 1} leaves")


async def _next(database: Database, *, wanted: bool) -> int:
    """The next turn; while the server still undoes what was cut off, nothing younger is appended."""
    for _ in range(200):
        if (appended := await sequencer(database).turn()) or not wanted:
            return appended
        await asyncio.sleep(0.02)
    return 0


def test_two_sequencers_at_once_make_one_tree(database_url: str, tmp_path: Path) -> None:
    async def work(database: Database, trail: Trail) -> None:
        both = [sequencer(database, batch=5) for _ in range(2)]
        for entry in some(60):
            await trail.record(entry)
            await asyncio.gather(*(one.turn() for one in both))
        while await both[0].turn():
            pass
        await exported(database, tmp_path / "export")

    with_database(database_url, work)
    assert proved(tmp_path).startswith("60 leaves")


TAMPERINGS: Final = {
    "tile": "UPDATE audit_tile SET hashes = decode(repeat('00', length(hashes)), 'hex')",
    "no tile": "DELETE FROM audit_tile",
    "root": "UPDATE audit_checkpoint SET root = decode(repeat('00', 32), 'hex')",
    "note": "UPDATE audit_checkpoint SET note = replace(note, 'hub', 'bub')",
}


@pytest.mark.parametrize("how", TAMPERINGS)
def test_it_signs_nothing_over_a_tree_that_somebody_changed(database_url: str, how: str) -> None:
    async def work(database: Database, trail: Trail) -> None:
        one = await grown(database, trail, some(10))
        async with database.connection() as tx:
            await tx.execute(TAMPERINGS[how])
        await trail.record(read(99))
        with pytest.raises(HubError) as refused:
            await one.turn()
        assert refused.value.code == "audit-tree"

    with_database(database_url, work)


def test_it_signs_nothing_with_another_key_or_over_a_tree_that_became_smaller(database_url: str) -> None:
    async def work(database: Database, trail: Trail) -> None:
        one = await grown(database, trail, some(4), batch=2)
        await trail.record(read(99))
        with pytest.raises(HubError, match="not signed with this key"):
            await sequencer(database, signer=OTHER).turn()
        async with database.connection() as tx:
            await tx.execute("DELETE FROM audit_checkpoint WHERE size > 2")
            await tx.execute("DELETE FROM audit_leaf WHERE index >= 2")
            await tx.execute("UPDATE audit_tile SET hashes = substr(hashes, 1, 64)")
        with pytest.raises(HubError, match="has become smaller"):
            await one.turn()

    with_database(database_url, work)


def test_what_is_erased_leaves_the_tree_as_it_was_signed(database_url: str, tmp_path: Path) -> None:
    private = read(1, patients=("w",), query="name=secret")

    async def work(database: Database, trail: Trail) -> list[Any]:
        await grown(database, trail, [private, search(2), read(3, patients=("v",))])
        async with database.transaction() as tx:
            assert await erase(tx, "w") == 2
            assert await erase(tx, "v") == 2
        await exported(database, tmp_path / "export")
        async with database.connection() as tx:
            rows = await tx.fetch("SELECT array_to_json(array_agg(a)) FROM audit a")
            leaves = await tx.fetch("SELECT array_to_json(array_agg(a)) FROM audit_leaf a")
            return [rows[0][0], leaves[0][0]]

    kept = with_database(database_url, work)
    assert proved(tmp_path).startswith("3 leaves")
    text = (tmp_path / "export" / "leaves.ndjson").read_text(encoding="utf-8") + "".join(kept)
    assert "secret" not in text
    assert '"w"' not in text
    assert '"v"' not in text
    assert "Practitioner/fang" in text, "who acted is kept"


def test_each_leaf_is_proved_to_be_in_the_tree(database_url: str) -> None:
    async def work(database: Database, trail: Trail) -> None:
        await grown(database, trail, some(40), batch=9)
        async with database.connection() as tx:
            head = await tree.head(tx)
            assert head is not None
            for index, leaf in await tree.leaves(tx, 0, 40):
                proof = await tree.inclusion(tx, index, head.size)
                assert verify.includes(verify.Head("", head.size, head.root), index, leaf.text.encode(), proof)
                assert leaf.hash == leaf_hash(leaf.text.encode())
                assert verify.opens(leaf.text, leaf.items)
                shown = leaf.opened(("w",)).items
                assert shown[0] is None
                assert [one is not None for one in shown[1:]] == [
                    one is not None and '"w"' in one for one in leaf.items[1:]
                ]
                assert verify.opens(leaf.text, shown)
            first = await tree.checkpoint_at(tx, 9)
            proof = await tree.consistency(tx, 9, 40)
            assert verify.continues(verify.Head("", 9, first.root), verify.Head("", 40, head.root), proof)
            with pytest.raises(HubError, match="no checkpoint"):
                await tree.checkpoint_at(tx, 10)

    with_database(database_url, work)
