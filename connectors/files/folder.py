"""A watched folder: a file that no longer grows is taken, and moved to `done/` when all of it is durable.

A process that is killed before the move takes the file again, and its messages are duplicates. What the clerk has to
mend is written to `mend/` under the name of the file, before the file is moved. Files whose names begin with `.` or
`~`, or end in `.tmp` or `.part`, are still being written. Where a broken upload leaves half a file under its last name,
a `marker` is asked for: a file is taken when another of its name with that ending lies beside. The sender may put
anything into the folder: links are not followed, neither to files nor from the folders that results go to.
"""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from errno import ENOENT, ENOTDIR
from pathlib import Path
from typing import Final, NamedTuple

from hub.kernel.errors import HubError
from hub.kernel.log import Log
from hub.kernel.ports import FileTaker

#: Seconds between two looks; a file that has not changed between them is complete.
PAUSE: Final = 1.0
#: Largest file; a larger one is moved to `refused/`.
MOST_BYTES: Final = 64 << 20
_UNFINISHED_START: Final = (".", "~")
_UNFINISHED_END: Final = (".tmp", ".part", ".filepart", ".crdownload")


class _Seen(NamedTuple):
    size: int
    changed: int


class Folder:
    """The folder of one feed. Its folders are made where they are missing. `marker` is an ending, "" for none."""

    def __init__(self, path: Path, feed: str, take: FileTaker, log: Log, marker: str = "") -> None:
        self._path: Final = path
        self._marker: Final = marker
        self._feed: Final = feed
        self._take: Final = take
        self._log: Final = log
        self._seen: dict[str, _Seen] = {}

    async def watch(self, stop: asyncio.Event, pause: float = PAUSE) -> None:
        """Take files until `stop` is set; the one in hand is finished. What fails is told and tried again."""
        while not stop.is_set():
            await self.look()
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause)

    async def look(self) -> int:
        """Take the files that are as they were at the last look, oldest first; how many were taken."""
        taken = 0
        try:
            for name in self._complete():
                taken += await self._one(self._path / name)
        except OSError as error:
            self._log.failure("folder.not-read", error, feed=self._feed)
        return taken

    def _complete(self) -> list[str]:
        for name in ("done", "mend", "refused"):
            (self._path / name).mkdir(parents=True, exist_ok=True)
            if (self._path / name).is_symlink():
                raise NotADirectoryError(ENOTDIR, "a folder for results is a link")
        now = dict(self._files())
        before, self._seen = self._seen, now
        same = [name for name, seen in now.items() if before.get(name) == seen and self._marked(name, now)]
        return sorted(same, key=lambda name: (now[name].changed, name))

    def _marked(self, name: str, now: Mapping[str, _Seen]) -> bool:
        """Whether the sender has said that a file is complete, where it has to."""
        return not self._marker or (not name.endswith(self._marker) and name + self._marker in now)

    def _files(self) -> Iterator[tuple[str, _Seen]]:
        with os.scandir(self._path) as entries:
            for entry in entries:
                name = entry.name.lower()
                if name.startswith(_UNFINISHED_START) or name.endswith(_UNFINISHED_END):
                    continue
                found = entry.stat(follow_symlinks=False)
                if stat.S_ISREG(found.st_mode):
                    yield entry.name, _Seen(found.st_size, found.st_mtime_ns)

    async def _one(self, path: Path) -> bool:
        size = self._seen[path.name].size
        if size > MOST_BYTES:
            self._log.event("folder.too-large", level="ERROR", feed=self._feed, bytes=size)
            self._away(path, "refused")
            return False
        raw = await asyncio.to_thread(_read, path, self._seen[path.name])
        try:
            taken = await self._take(raw, "folder")
        except HubError as error:
            self._log.event("folder.not-taken", level="ERROR", feed=self._feed, category=error.category)
            return False
        except Exception as error:  # the file stays where it is and is tried again
            self._log.failure("folder.not-taken", error, feed=self._feed)
            return False
        if taken.to_mend:
            _written(path.parent / "mend" / f"{path.stem}.csv", taken.to_mend)
        self._away(path, "refused" if taken.refusal else "done")
        self._log.event("folder.taken", feed=self._feed, count=len(taken.messages), bytes=len(raw))
        return True

    def _away(self, path: Path, folder: str) -> None:
        """Move a file that is done with, and drop its marker."""
        _moved(path, folder)
        if self._marker:
            path.with_name(path.name + self._marker).unlink(missing_ok=True)


def _read(path: Path, seen: _Seen) -> bytes:
    """The file that was seen, and no other that was put in its place. Raises OSError."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode) or _Seen(found.st_size, found.st_mtime_ns) != seen:
            raise FileNotFoundError(ENOENT, "the file is another than was seen")
        return file.read()


def _moved(path: Path, folder: str) -> None:
    """Move a file; one that has the name of an earlier one gets a number."""
    target = path.parent / folder / path.name
    number = 1
    while target.exists():
        number += 1
        target = path.parent / folder / f"{path.stem}.{number}{path.suffix}"
    path.rename(target)


def _written(path: Path, content: bytes) -> None:
    """Write a file so that nobody sees a part of it."""
    half = path.with_name(f".{path.name}.tmp")
    with half.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    half.replace(path)
