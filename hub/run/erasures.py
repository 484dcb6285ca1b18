"""The list of who was erased, kept beside the database: a backup of before knows nothing of it, and brings them back.

One JSON object a line: ids of source patients and who decided, no other data. Only ever added to.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from hub.kernel.errors import Category, HubError
from hub.kernel.private_files import sync

#: In the data folder of the hub at which keepers confirm.
NAME: Final = "erased.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """Two keepers' decision: the id of a source Patient, who asked and why, who confirmed; times are ISO 8601."""

    patient: str
    reason: str
    asked_by: str
    asked: str
    confirmed_by: str
    confirmed: str


def note(path: Path, erasure: Erasure) -> None:
    """Add one to the list; on the disk when this returns, or OSError."""
    made = not path.exists()
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as stream:
        stream.write(json.dumps(asdict(erasure), ensure_ascii=False).encode() + b"\n")
        stream.flush()
        os.fsync(stream.fileno())
    if made:
        sync(path.parent)


def complete(path: Path, erasures: Iterable[Erasure]) -> None:
    """Add those that are not on the list yet."""
    known = {one.patient for one in noted(path)} if path.exists() else set()
    for one in erasures:
        if one.patient not in known:
            note(path, one)


def noted(path: Path) -> list[Erasure]:
    """The list, each patient once. Raises HubError UNREADABLE for a line that cannot be read: none is passed over."""
    found: dict[str, Erasure] = {}
    for number, line in enumerate(_lines(path), 1):
        try:
            one = Erasure(**json.loads(line))
        except (ValueError, TypeError):
            raise _unreadable("is no erasure", f"{path}:{number}") from None
        found[one.patient] = one
    return list(found.values())


def _lines(path: Path) -> list[bytes]:
    try:
        return path.read_bytes().splitlines()
    except OSError:
        raise _unreadable("cannot be read", str(path)) from None


def _unreadable(what: str, where: str) -> HubError:
    todo = "mend it, or take another copy of the list"
    return HubError(Category.UNREADABLE, what, where=where, todo=todo, code="erasures")
