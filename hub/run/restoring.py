"""The mark of a restore that is not finished: until it is gone no hub starts on the folder, however whole it looks.

It is set before the first row and removed after the last check, and says which backup goes into which database, so that
the same restore may be begun anew over what it left, and over nothing else.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from hub.kernel.errors import Category, HubError
from hub.kernel.private_files import publish

_NAME: Final = "restore.unfinished"


def mark_of(manifest: dict[str, Any], database: str) -> str:
    """What the mark of a restore says. `database` is its URL, whatever the account; "" for the embedded one."""
    url = urlsplit(database)
    place = f"{url.hostname}:{url.port}{url.path}?{url.query}" if database else ""
    return f"{manifest['mac']} {sha256(place.encode()).hexdigest()}"


def begun(data: Path, mark: str) -> bool:
    """Whether this very restore was cut off here. Raises HubError CONFLICT for another backup or another database."""
    path = data / _NAME
    if not path.exists():
        return False
    if path.read_text(encoding="utf-8") != mark:
        raise _unfinished(data, "name the same backup and database, or an empty database and a new data folder")
    return True


def begin(data: Path, mark: str) -> None:
    """Set the mark."""
    publish(data / _NAME, mark.encode())


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
