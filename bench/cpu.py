"""CPU of other processes, from /proc: other work on the machine hardly moves it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path


def cpu_of(pid: int) -> float:
    """Microseconds of CPU a process has used, all its threads together; 0 for one that ended."""
    spent = 0
    for thread in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        try:
            spent += int(thread.read_text().split()[0])
        except OSError:
            continue
    return spent / 1000


def parent(pid: int) -> int:
    """Which process started it; 0 for one that ended."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def children(pid: int) -> Iterator[int]:
    """Processes a process has started."""
    running = (int(one.name) for one in Path("/proc").glob("[0-9]*"))
    return (one for one in running if parent(one) == pid)
