"""The copies of files that imports begun at the machine read: a folder for each job, in that of its facility.

Their names have the installation's in them, so that of several installations over one import folder each removes its
own, and nothing that somebody else put there.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from hub.kernel.errors import Category, HubError

_CHUNK: Final = 1024 * 1024


class Copies:
    """Those of one installation. `folder` is where workers read; `data` is its data folder, which is the hub's."""

    def __init__(self, folder: Path, data: Path, installation: str) -> None:
        self._folder: Final = folder
        self._data: Final = data
        self._prefix: Final = f"import-{installation}-"

    @contextmanager
    def begun(self) -> Iterator[None]:
        """Copies are made, and then their job: while this lasts none are swept away."""
        handle = os.open(self._data, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_SH)
            yield
        finally:
            os.close(handle)

    def take(self, facility: str, job_id: str, paths: Sequence[Path]) -> list[str]:
        """Copy files; where the copies lie below the facility's folder. Leaves nothing of a copy that fails.

        Raises HubError UNAVAILABLE (a full disk, a file that has gone).
        """
        folder = self._of(facility, job_id)
        try:
            for one in (self._folder, folder.parent, folder):
                self._make(one)
            return [self._copy(path, folder / f"{number}.ndjson") for number, path in enumerate(paths)]
        except BaseException as error:
            self.clear(facility, job_id)
            if isinstance(error, OSError):
                todo = f"{error.strerror}: look at the disk, then again"
                raise HubError(Category.UNAVAILABLE, "cannot be copied", where=str(self._folder), todo=todo) from None
            raise

    def clear(self, facility: str, job_id: str) -> None:
        """Remove the copies of a job."""
        shutil.rmtree(self._of(facility, job_id), ignore_errors=True)

    @contextmanager
    def settled(self) -> Iterator[dict[str, str]]:
        """The jobs of which there are copies, and their facilities; none is begun while this lasts.

        None are told of while copies are made: those are of no job yet.
        """
        handle = os.open(self._data, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield {}
        else:
            found = self._folder.glob(f"*/{self._prefix}*")
            yield {path.name.removeprefix(self._prefix): path.parent.name for path in found}
        finally:
            os.close(handle)

    def _of(self, facility: str, job_id: str) -> Path:
        return self._folder / facility / f"{self._prefix}{job_id}"

    def _make(self, folder: Path) -> None:
        folder.parent.mkdir(parents=True, exist_ok=True)
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:
            return
        self._give(folder)

    def _copy(self, path: Path, copy: Path) -> str:
        handle = os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as out, path.open("rb") as stream:
            self._give(copy)
            shutil.copyfileobj(stream, out, _CHUNK)
        return f"{copy.parent.name}/{copy.name}"

    def _give(self, path: Path) -> None:
        """What root makes is the hub's, which may run under another account."""
        if os.geteuid() == 0:
            owner = self._data.stat()
            os.chown(path, owner.st_uid, owner.st_gid)
