"""The verifier as a program of its own."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hub.audit import verify
from hub.audit.export import LEAVES, Export
from tests.audit.test_tampering import heads, history, written
from tests.audit.trees import SIGNER, keys_file


def test_it_needs_nothing_of_the_hub() -> None:
    tree = ast.parse(Path(verify.__file__).read_text(encoding="utf-8"))
    named = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    named += [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    roots = {name.partition(".")[0] for name in named}
    assert roots <= set(sys.stdlib_module_names) | {"cryptography"}


def test_a_copy_of_the_file_verifies_an_export_by_itself(tmp_path: Path) -> None:
    export = written(tmp_path / "export", leaves := history(), heads(leaves))
    program = shutil.copy(verify.__file__, tmp_path / "verify.py")
    command = [sys.executable, "-I", program, export, "--keys", keys_file(tmp_path)]
    good = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (good.returncode, good.stdout) == (0, "45 leaves are as 7 checkpoints sign\n")
    lines = (export / LEAVES).read_text(encoding="utf-8").replace("Practitioner/fang", "Practitioner/gang", 13)
    (export / LEAVES).write_text(lines, encoding="utf-8")
    bad = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (bad.returncode, bad.stdout) == (1, "first bad leaf: 0: another leaf was signed in its place\n")


def test_an_export_that_was_broken_off_is_continued(tmp_path: Path) -> None:
    leaves = history()
    export = written(tmp_path / "export", leaves, heads(leaves))
    whole = {path.name: path.read_bytes() for path in export.iterdir()}
    for cut in (1, 100, 2000):
        for path in export.iterdir():
            if path.name != "keys.txt":
                path.write_bytes(whole[path.name][: -cut % len(whole[path.name])])
        files = Export(export, SIGNER.verifier)
        rest = leaves[files.leaves :]
        files.add(rest, [leaf.hash for leaf in rest])
        files.add_heads([head for head in heads(leaves) if head.size > files.size])
        assert {path.name: path.read_bytes() for path in export.iterdir()} == whole


def test_every_bit_of_a_checkpoint_is_signed() -> None:
    note = heads(history())[0].note
    keys = verify.read_keys(SIGNER.verifier)
    assert verify.head_of(note, keys).size == 7
    for at, letter in enumerate(note):
        other = note[:at] + ("A" if letter != "A" else "B") + note[at + 1 :]
        try:
            verify.head_of(other, keys)
        except verify.UnusableError:
            continue
        raise AssertionError(f"a changed letter at {at} passes")


def test_several_processes_find_the_same_first_bad_leaf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    export = written(tmp_path / "export", leaves := history(), heads(leaves))
    keys, good = keys_file(tmp_path), (export / LEAVES).read_bytes()
    monkeypatch.setattr(verify, "_TURN", 3000)
    monkeypatch.setattr(verify, "_SHARED", 0)
    assert verify.verify(export, keys) == "45 leaves are as 7 checkpoints sign"
    lines = good.splitlines(keepends=True)
    for changed, first in (
        (lines[:20] + lines[21:], 20),
        ([*lines[:30], lines[31], lines[30], *lines[32:]], 30),
        (lines[:-1], 44),
        ([*lines, lines[0]], 45),
        ([*lines[:10], b"\n", *lines[10:]], 10),
    ):
        (export / LEAVES).write_bytes(b"".join(changed))
        for most_of_one in (0, 1 << 40):
            monkeypatch.setattr(verify, "_SHARED", most_of_one)
            with pytest.raises(verify.BadLeafError) as caught:
                verify.verify(export, keys)
            assert caught.value.leaf == first
