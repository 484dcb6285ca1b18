"""Whatever somebody does to the trail, the verifier finds it, and says which leaf is the first that is wrong.

Five classes (changed, removed, inserted, moved, history written anew), each with one who changes the files only and one
who makes them agree with each other again. He who has the key of the log as well is found by what a witness kept.
"""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace

from hub.audit import verify
from hub.audit.export import CHECKPOINTS, HASHES, LEAVES, Export
from hub.audit.leaves import Leaf, leaf_of
from hub.audit.merkle import Edge
from hub.audit.notes import Signer, checkpoint_text
from hub.audit.tree import Checkpoint
from tests.audit.entries import NOW
from tests.audit.trees import SIGNER, keys_file, salt, some

SIZE: Final = 45
STEP: Final = 7
HEADS: Final = [*range(STEP, SIZE, STEP), SIZE]
TRIALS: Final = [pytest.param(20, id="short"), pytest.param(200, id="soak", marks=pytest.mark.soak)]
STRANGER: Final = Signer(SIGNER.name, Ed25519PrivateKey.from_private_bytes(b"\x07" * 32))


def history(count: int = SIZE, start: int = 1) -> list[Leaf]:
    return [leaf_of(entry, index, salt(32)) for index, entry in enumerate(some(count, start))]


def test_the_text_of_a_leaf_is_what_the_standard_library_writes_whatever_stands_in_it() -> None:
    odd = "".join(map(chr, [*range(0x20), *range(0x7E, 0xA1), 0x2028, 0x2029, 0xFEFF, 0x1F600, 0x20000])) + '"\\/高'
    leaf = leaf_of(replace(some(1)[0], resource_id=odd, query=odd, patients=(odd,), types={odd: 2}), 7, salt(32))
    for text in (leaf.text, *filter(None, leaf.items)):
        assert text == json.dumps(json.loads(text), ensure_ascii=False, separators=(",", ":"))


def heads(leaves: list[Leaf], signer: Signer = SIGNER) -> list[Checkpoint]:
    edge, made = Edge(), []
    for size in HEADS:
        edge.append(leaf.hash for leaf in leaves[edge.size : size])
        note = signer.note(checkpoint_text(signer.name, size, edge.root()))
        made.append(Checkpoint(size=size, root=edge.root(), note=note, signed=NOW, floor=0))
    return made


def written(folder: Path, leaves: list[Leaf], signed: list[Checkpoint]) -> Path:
    """An export of these leaves, whatever stood there before."""
    shutil.rmtree(folder, ignore_errors=True)
    files = Export(folder, SIGNER.verifier)
    files.add(leaves, [leaf.hash for leaf in leaves])
    files.add_heads(signed)
    return folder


def first_bad(folder: Path, witness: Path | None = None) -> int | None:
    """The first bad leaf; None if there is none."""
    try:
        verify.verify(folder, keys_file(folder.parent), witness)
    except verify.BadLeafError as bad:
        return bad.leaf
    return None


def block(leaf: int) -> range:
    """The leaves that are told from a leaf by no checkpoint."""
    low = max((size for size in HEADS if size <= leaf), default=0)
    return range(low, leaf + 1)


def _changed(lines: list[bytes], chance: random.Random) -> int:
    at = chance.randrange(SIZE)
    where = chance.randrange(len(lines[at]) - 1)
    lines[at] = lines[at][:where] + bytes([lines[at][where] ^ (1 << chance.randrange(7))]) + lines[at][where + 1 :]
    return at


def _removed(lines: list[bytes], chance: random.Random) -> int:
    at = chance.randrange(SIZE)
    del lines[at : at + chance.randint(1, 4)]
    return at


def _inserted(lines: list[bytes], chance: random.Random) -> int:
    at = chance.randrange(SIZE + 1)
    lines.insert(at, chance.choice([line for line in lines if at == SIZE or line != lines[at]]))
    return at


def _moved(lines: list[bytes], chance: random.Random) -> int:
    low, high = sorted(chance.sample(range(SIZE), 2))
    lines[low], lines[high] = lines[high], lines[low]
    return low


CLASSES: Final[dict[str, Callable[[list[bytes], random.Random], int]]] = {
    "changed": _changed,
    "removed": _removed,
    "inserted": _inserted,
    "moved": _moved,
}


def _only_in_a_soak(trials: int) -> None:
    if trials > 100 and not os.environ.get("YILIAN_SOAK"):
        pytest.skip("long run: make soak")


def change_the_leaves(folder: Path, how: str, trials: int) -> None:
    _only_in_a_soak(trials)
    chance = random.Random(how)
    export = written(folder / "export", leaves := history(), heads(leaves))
    sound = (export / LEAVES).read_bytes().splitlines(keepends=True)
    assert first_bad(export) is None
    for _ in range(trials):
        lines = list(sound)
        at = CLASSES[how](lines, chance)
        (export / LEAVES).write_bytes(b"".join(lines))
        assert first_bad(export) == at


def _anew(leaves: list[Leaf], how: str, at: int) -> list[Leaf]:
    """The leaves after a change at `at`, each with the index and the hash of its new place."""
    others = history(SIZE + 1, start=1000)
    if how == "changed":
        return [*leaves[:at], others[at], *leaves[at + 1 :]]
    if how == "removed":
        return [*leaves[:at], *others[at:SIZE]]
    if how == "inserted":
        return [*leaves[:at], *others[at:]]
    return [*leaves[:at], *reversed(leaves[at:])]


def make_the_files_agree(folder: Path, trials: int) -> None:
    _only_in_a_soak(trials)
    chance = random.Random("agree")
    leaves = history()
    for trial in range(trials):
        how, at = [*CLASSES][trial % 4], chance.randrange(SIZE - 1)
        export = written(folder / "export", _anew(leaves, how, at), heads(leaves))
        assert first_bad(export) in block(at), how


def forge_the_checkpoints(folder: Path, trials: int) -> None:
    """By one who has not the key, and by one who has it but not that of the witness."""
    _only_in_a_soak(trials)
    chance = random.Random("forge")
    leaves = history()
    signed, witness = heads(leaves), folder / "witness"
    for _ in range(trials):
        at = chance.randrange(SIZE)
        false = _anew(leaves, "changed", at)
        begun = [head for head in signed if head.size <= at]
        export = written(folder / "export", false, [*begun, *heads(false, STRANGER)[len(begun) :]])
        assert first_bad(export) in block(at)
        export = written(folder / "export", false, heads(false))
        assert first_bad(export) is None, "the log itself signed it"
        later = [head for head in signed if head.size > at]
        kept = sorted([*begun, chance.choice(later)], key=lambda head: head.size)
        witness.write_text("\n".join(head.note for head in kept), encoding="utf-8")
        assert first_bad(export, witness) in block(at)


@pytest.mark.parametrize("trials", TRIALS)
@pytest.mark.parametrize("how", CLASSES)
def test_leaves_that_were_changed_are_found(tmp_path: Path, how: str, trials: int) -> None:
    change_the_leaves(tmp_path, how, trials)


@pytest.mark.parametrize("trials", TRIALS)
def test_files_that_agree_with_each_other_do_not_agree_with_the_checkpoints(tmp_path: Path, trials: int) -> None:
    make_the_files_agree(tmp_path, trials)


@pytest.mark.parametrize("trials", TRIALS)
def test_history_written_anew_is_found_by_its_signature_or_by_a_witness(tmp_path: Path, trials: int) -> None:
    forge_the_checkpoints(tmp_path, trials)


def test_a_cut_end_is_found_by_the_last_checkpoint_or_by_a_witness(tmp_path: Path) -> None:
    leaves = history()
    signed = heads(leaves)
    export = written(tmp_path / "export", leaves[:30], signed)
    assert first_bad(export) == 30
    export = written(tmp_path / "export", leaves[:28], signed[:4])
    assert first_bad(export) is None
    (tmp_path / "witness").write_text(signed[-1].note, encoding="utf-8")
    assert first_bad(export, tmp_path / "witness") == 28
    export = written(tmp_path / "export", leaves, signed[:4])
    assert first_bad(export) == 28


@pytest.mark.parametrize("file", [CHECKPOINTS, HASHES, LEAVES])
def test_a_file_that_is_missing_is_no_finding(tmp_path: Path, file: str, capsys: pytest.CaptureFixture[str]) -> None:
    export = written(tmp_path / "export", leaves := history(), heads(leaves))
    (export / file).unlink()
    assert verify.main([str(export), "--keys", str(keys_file(tmp_path))]) == 2
    assert "cannot be verified" in capsys.readouterr().err


@pytest.mark.parametrize("keys", ["", "hub.example/log+00000000+AAAA", "# nothing\n"])
def test_keys_that_are_none_are_no_finding(tmp_path: Path, keys: str) -> None:
    export = written(tmp_path / "export", leaves := history(), heads(leaves))
    (tmp_path / "keys").write_text(keys, encoding="utf-8")
    assert verify.main([str(export), "--keys", str(tmp_path / "keys")]) == 2
