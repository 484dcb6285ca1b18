"""The list of who was erased, kept beside the database: a backup of before knows nothing of it, and brings them back.

One JSON object a line: ids of source patients and who decided, no other data. Only ever added to.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from hub.kernel.errors import Category, HubError

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
    """Add one to the list; on the disk when this returns."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(handle, json.dumps(asdict(erasure), ensure_ascii=False).encode() + b"\n")
        os.fsync(handle)
    finally:
        os.close(handle)


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
