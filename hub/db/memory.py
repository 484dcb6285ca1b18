"""How much memory this machine, or the container we run in, has."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

#: cgroup v2, then v1; the file holds a number of bytes, or `max`.
_LIMITS: Final = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def machine_memory(limits: tuple[Path, ...] = _LIMITS) -> int:
    """Bytes of memory: that of the machine, or the limit of the container if that is lower."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for path in limits:
        try:
            return min(memory, int(path.read_text(encoding="ascii")))
        except (OSError, ValueError):
            continue
    return memory
