"""The folder of a backup: a sealed stream for each table and one for the key folder, and the manifest, written last.

A folder is a backup only with its manifest, and the manifest is vouched for by the backup's own key, which the master
key wraps. It is written beside and gets its name when everything is on the disk.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from hub.kernel.errors import Category, HubError
from hub.kernel.ids import RandomBytes
from hub.sealing.stream import SealedWriter, opened
from hub.sealing.suites import Suite
from hub.sealing.wrapping import unwrap, wrap

MANIFEST: Final = "manifest.json"
FORMAT: Final = 1
_NAME: Final = b"backup"
_PURPOSE: Final = "backup"


@dataclass(frozen=True, slots=True)
class BackupKey:
    """The key of one backup; every stream has one derived from it."""

    suite: Suite
    key: bytes

    @classmethod
    def new(cls, suite: Suite, random_bytes: RandomBytes = secrets.token_bytes) -> BackupKey:
        """A fresh one."""
        return cls(suite, random_bytes(suite.key_bytes))

    @classmethod
    def read(cls, manifest: dict[str, Any], master: bytes) -> BackupKey:
        """That of a manifest. Raises HubError FORBIDDEN (`other-master`)."""
        suite = Suite(manifest["suite"])
        cipher = suite.cipher(suite.derived(master, _PURPOSE))
        try:
            return cls(suite, unwrap(cipher, bytes.fromhex(manifest["key"]), _NAME))
        except HubError:
            raise HubError(
                Category.FORBIDDEN,
                "the backup is under another master key, or its manifest was changed",
                where=MANIFEST,
                todo="give the master key of its day; see docs/how-to/back-up-and-restore.md",
                code="other-master",
            ) from None

    def wrapped(self, master: bytes, random_bytes: RandomBytes = secrets.token_bytes) -> str:
        """As it stands in the manifest."""
        cipher = self.suite.cipher(self.suite.derived(master, _PURPOSE))
        return wrap(cipher, self.key, _NAME, random_bytes).hex()

    def mac(self, manifest: dict[str, Any]) -> str:
        """What vouches for a manifest."""
        text = json.dumps({**manifest, "mac": ""}, sort_keys=True).encode()
        return hmac.digest(self.suite.derived(self.key, "manifest"), text, hashlib.sha256).hex()

    @contextmanager
    def writing(self, folder: Path, name: str) -> Iterator[SealedWriter]:
        """A stream of a backup; on the disk when the block ends."""
        with (folder / f"{name}.sealed").open("xb") as file:
            writer = SealedWriter(file, self.suite.cipher(self.suite.derived(self.key, f"stream/{name}")))
            yield writer
            writer.close()
            file.flush()
            os.fsync(file.fileno())

    def reading(self, folder: Path, name: str) -> Iterator[bytes]:
        """The chunks of a stream. Raises HubError FAULT (`seal-broken`), NOT_FOUND."""
        try:
            with (folder / f"{name}.sealed").open("rb") as file:
                yield from opened(file, self.suite.cipher(self.suite.derived(self.key, f"stream/{name}")))
        except FileNotFoundError:
            raise HubError(Category.NOT_FOUND, "is missing", where=f"{name}.sealed", code="no-backup") from None


@contextmanager
def begun(out: Path) -> Iterator[Path]:
    """A folder to write a backup into; it is named `out` when the block ends, and gone where it fails.

    Raises HubError CONFLICT if `out` is there.
    """
    if out.exists():
        raise HubError(Category.CONFLICT, "is there already", where=str(out), todo="name a new folder")
    draft = out.with_name(f".{out.name}.{secrets.token_hex(4)}.unfinished")
    draft.mkdir(mode=0o700, parents=True)
    try:
        yield draft
        sync(draft)
        draft.rename(out)
        sync(out.parent)
    except BaseException:
        for file in draft.glob("*"):
            file.unlink()
        draft.rmdir()
        raise


def put_manifest(folder: Path, manifest: dict[str, Any], key: BackupKey) -> None:
    """Write the manifest of a backup whose streams are on the disk."""
    with (folder / MANIFEST).open("x", encoding="utf-8") as file:
        json.dump({**manifest, "mac": key.mac(manifest)}, file, indent=1)
        file.flush()
        os.fsync(file.fileno())


def manifest_of(folder: Path, master: bytes) -> tuple[dict[str, Any], BackupKey]:
    """The manifest of a backup, and its key.

    Raises HubError: NOT_FOUND for a folder that is none, UNSUPPORTED for a later format, FORBIDDEN for another master
    key, FAULT (`seal-broken`) for a manifest that was changed.
    """
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if manifest["format"] != FORMAT:
            raise HubError(Category.UNSUPPORTED, "is of another format", where=MANIFEST, todo="use a newer hub")
        key = BackupKey.read(manifest, master)
    except (OSError, ValueError, KeyError, TypeError):
        raise HubError(
            Category.NOT_FOUND, "is no finished backup", where=str(folder), todo="take another", code="no-backup"
        ) from None
    if not hmac.compare_digest(key.mac(manifest), manifest.get("mac", "")):
        raise HubError(Category.FAULT, "was changed", where=MANIFEST, todo="take another backup", code="seal-broken")
    return manifest, key


def sync(folder: Path) -> None:
    """See that the names in a folder are on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
