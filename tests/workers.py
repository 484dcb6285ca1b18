"""How the tests are run: by how many processes, and with the garbage collector set as the hub's processes have it."""

from __future__ import annotations

import gc
import os


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: what starts hubs and kills them waits a third of its time."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_finish() -> None:
    """A tenth of the CPU of all tests went into looking again and again at what lives as long as they do."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)
