"""The trail as files that can be verified without the hub: `hub.audit.verify` reads them, and says what they are.

    leaves.ndjson       a line for each leaf: its text, and what was sealed in it
    hashes.bin          the hash of each leaf, 32 bytes each
    checkpoints.ndjson  a line for each signed tree head
    keys.txt            the public keys of the log; a verifier must have them from elsewhere

An export that was broken off, or made yesterday, is continued.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from hub.audit import tree
from hub.audit.leaves import Leaf
from hub.audit.merkle import HASH_BYTES
from hub.audit.tree import Checkpoint
from hub.db.database import Database
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json

LEAVES: Final = "leaves.ndjson"
HASHES: Final = "hashes.bin"
CHECKPOINTS: Final = "checkpoints.ndjson"
KEYS: Final = "keys.txt"
_CHUNK: Final = 5000


async def export(
    database: Database, folder: Path, verifiers: Sequence[str], progress: Callable[[int, int], None]
) -> int:
    """Write everything up to the newest checkpoint; its size. `progress` gets how many leaves there are, of how many.

    Raises HubError CONFLICT for a folder with the export of another trail or of more, UNAVAILABLE when it cannot be
    written.
    """
    try:
        return await _written(database, Export(folder, verifiers), progress)
    except OSError as error:
        what = f"cannot be written: {error.strerror}"
        raise HubError(Category.UNAVAILABLE, what, where=str(error.filename or folder), todo="free space") from None


class Export:
    """The files of an export, ready to be continued. Raises HubError CONFLICT for those of another trail."""

    def __init__(self, folder: Path, verifiers: Sequence[str]) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _claim(folder / KEYS, verifiers)
        self.folder: Final = folder
        self._heads: Final = folder / CHECKPOINTS
        self.leaves = _resume(folder / LEAVES, folder / HASHES)
        self.size = _last_size(self._heads)

    def add(self, leaves: Sequence[Leaf | None], hashes: Sequence[bytes]) -> None:
        """Add leaves; one that is gone leaves a line that says so, and the lines after it stay in their places."""
        with (self.folder / LEAVES).open("ab") as lines, (self.folder / HASHES).open("ab") as told:
            lines.write("".join(map(_line, leaves)).encode())
            told.write(b"".join(hashes))
        self.leaves += len(leaves)

    def add_heads(self, heads: Sequence[Checkpoint]) -> None:
        """Add checkpoints."""
        with self._heads.open("a", encoding="utf-8") as file:
            file.writelines(map(_head_line, heads))


async def _written(database: Database, files: Export, progress: Callable[[int, int], None]) -> int:
    async with database.connection() as tx:
        head = await tree.head(tx)
        size = head.size if head else 0
        if max(files.leaves, files.size) > size:
            what = "holds more leaves than the trail has"
            raise HubError(Category.CONFLICT, what, where=str(files.folder), todo="keep it as evidence; find out why")
        while files.leaves < size:
            low, high = files.leaves, min(size, files.leaves + _CHUNK)
            found = dict(await tree.leaves(tx, low, high))
            files.add([found.get(index) for index in range(low, high)], await tree.leaf_hashes(tx, low, high))
            progress(high, size)
        files.add_heads(await tree.checkpoints(tx, files.size, size))
    return size


def _line(leaf: Leaf | None) -> str:
    content: Json | None = None if leaf is None else {"leaf": leaf.text, "items": leaf.items}
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n"


def _head_line(head: Checkpoint) -> str:
    told = {"size": head.size, "signed": head.signed.isoformat(timespec="milliseconds"), "note": head.note}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")) + "\n"


def _resume(leaves: Path, hashes: Path) -> int:
    """Cut both files to the leaves that both have whole; how many those are."""
    with leaves.open("ab+") as lines, hashes.open("ab+") as told:
        lines.seek(0)
        count = sum(block.count(b"\n") for block in iter(lambda: lines.read(1 << 20), b""))
        both = min(count, told.seek(0, 2) // HASH_BYTES)
        told.truncate(both * HASH_BYTES)
        lines.seek(0)
        for _ in range(both):
            lines.readline()
        lines.truncate(lines.tell())
    return both


def _last_size(path: Path) -> int:
    """Size of the last checkpoint in a file, of which a last line that is cut off is cut away."""
    if not path.exists():
        return 0
    content = path.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    if len(whole) < len(content):
        path.write_bytes(whole)
    lines = whole.splitlines()
    return int(json.loads(lines[-1])["size"]) if lines else 0


def _claim(path: Path, verifiers: Sequence[str]) -> None:
    """Name the keys; an export whose keys are among them is one of this trail."""
    named = set(path.read_text(encoding="utf-8").splitlines()) if path.exists() else set()
    if not named <= set(verifiers):
        what = "holds the export of another trail, or one signed with another key"
        raise HubError(Category.CONFLICT, what, where=str(path.parent), todo="take another folder")
    path.write_text("".join(f"{one}\n" for one in verifiers), encoding="utf-8")
