"""Reads the tables of facts beside this package (see `scripts/fhir_tables.py` for how they are made)."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from hub.fhir.json import loads


def read_table(name: str) -> Any:
    """The rows of `tables/<name>.json`: whatever stands beside its `source`."""
    content = loads((files("hub.fhir") / "tables" / f"{name}.json").read_bytes())
    return next(rows for key, rows in content.items() if key != "source")
