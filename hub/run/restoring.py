"""The mark of a restore that is not finished: until it is gone no hub starts on the folder, however whole it looks.

It is set before the first row and removed after the last check, and says which backup it is of, so that the same
restore may be begun anew over what it left.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from hub.kernel.errors import Category, HubError
from hub.kernel.private_files import publish

_NAME: Final = "restore.unfinished"


def begun(data: Path, manifest: dict[str, Any]) -> bool:
    """Whether a restore of this very backup was cut off here. Raises HubError CONFLICT for one of another."""
    mark = data / _NAME
    if not mark.exists():
        return False
    if mark.read_text(encoding="utf-8") != manifest["mac"]:
        raise _unfinished(data, "name an empty database and a new data folder")
    return True


def begin(data: Path, manifest: dict[str, Any]) -> None:
    """Set the mark."""
    publish(data / _NAME, str(manifest["mac"]).encode())


def end(data: Path) -> None:
    """Remove it."""
    (data / _NAME).unlink(missing_ok=True)


def refuse_unfinished(data: Path) -> None:
    """Raises HubError CONFLICT (`restore-unfinished`) for a folder whose restore was cut off or did not verify."""
    if (data / _NAME).exists():
        raise _unfinished(data, "restore the backup again, into the same folder")


def _unfinished(data: Path, todo: str) -> HubError:
    return HubError(
        Category.CONFLICT, "a restore was not finished here", where=str(data), todo=todo, code="restore-unfinished"
    )
