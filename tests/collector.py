"""Sets the garbage collector as the hub's processes do (hub/run/work.py), once all tests are imported."""

from __future__ import annotations

import gc


def pytest_collection_finish() -> None:
    """A tenth of the CPU of all tests went into looking again and again at what lives as long as they do."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)
