"""Files that hold secrets: written whole and for us alone, refused where others may use them."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from hub.kernel.errors import Category, HubError


def publish(path: Path, content: bytes) -> None:
    """Write a file of ours alone, whole or not at all; if it is there already, that one stays."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        path.hardlink_to(draft)
    except FileExistsError:
        pass  # another process made it first; its content is the one that counts
    finally:
        draft.unlink()
    sync(path.parent)


def supersede(path: Path, content: bytes) -> None:
    """Put a file in the place of another, whole or not at all; its owner and what the owner may do stay, since root
    may do it for the account the hub runs under."""
    draft, before = path.with_name(f".{path.name}.{secrets.token_hex(8)}"), path.stat()
    publish(draft, content)
    try:
        made = draft.stat()
        if (made.st_uid, made.st_gid) != (before.st_uid, before.st_gid):
            os.chown(draft, before.st_uid, before.st_gid)
        draft.chmod(before.st_mode & 0o700)
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    sync(path.parent)


def sync(folder: Path) -> None:
    """Return when the names in a folder are on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_private(path: Path) -> bytes:
    """A file only we may read. Raises HubError INVALID where it is missing, FORBIDDEN where others may use it."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        raise HubError(
            Category.INVALID, "is missing", where=str(path), todo="restore the key folder from its backup"
        ) from None
    with os.fdopen(handle, "rb") as stream:
        refuse_exposed(path, os.fstat(stream.fileno()).st_mode, "600")
        return stream.read()


def refuse_exposed(path: Path, mode: int, wanted: str) -> None:
    """Raises HubError FORBIDDEN for what the group or others may use."""
    if stat.S_IMODE(mode) & 0o077:
        raise HubError(
            Category.FORBIDDEN, "others may use it", where=str(path), todo=f"chmod {wanted}, and renew the keys"
        )
