"""Where the clusters of tests lie: in memory where there is room, in a folder that PostgreSQL's account may enter."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

#: Thousands of databases are made and dropped: in memory one costs a third of the CPU it costs on a disk.
_MEMORY: Final = Path("/dev/shm")  # noqa: S108  mkdtemp makes a folder of our own in it
#: Bytes that must be free there: all databases of a session, and whatever else the machine keeps in memory.
_ROOM: Final = 4 << 30


@contextmanager
def cluster_folder() -> Iterator[Path]:
    """A folder for one cluster, gone when the block ends."""
    # Not pytest's own temporary folder: when we are root, PostgreSQL's account could not enter it.
    folder = Path(tempfile.mkdtemp(prefix="yilian-test-", dir=_memory()))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _memory() -> Path | None:
    """A folder that lies in memory; None where there is none with room, or programs could not run from it."""
    try:
        held = os.statvfs(_MEMORY)
    except OSError:
        return None
    roomy = held.f_bavail * held.f_frsize >= _ROOM
    return _MEMORY if roomy and not held.f_flag & os.ST_NOEXEC else None
