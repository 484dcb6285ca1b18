"""Reads the data files beside this package: tables of facts and the model (see `scripts/mpi_tables.py`)."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import msgspec


def read_data(name: str) -> Any:
    """The content of `data/<name>.json`."""
    return msgspec.json.decode((files("hub.mpi") / "data" / f"{name}.json").read_bytes())
