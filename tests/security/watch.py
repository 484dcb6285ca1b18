"""Watches what reads the record: every statement that names one of its tables, and who asked for it.

A statement is at home when a door is among its callers: the gate, the records door (which writes, and reads what it is
about to change), or the desk of the patient index (which tells ids and names of comparisons). Anything else has gone
around the gate.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import asyncpg
import pytest

#: Tables that hold or mirror what the record says of patients: resources, their index, and their demographics.
RECORD_TABLES: Final = (
    "resource",
    "resource_home",
    "history",
    "coding",
    "string_value",
    "date_value",
    "number_value",
    "position_value",
    "text_value",
    "mpi_source",
    "mpi_review",
)
#: Packages that are doors.
DOORS: Final = ("hub.gate", "hub.records", "hub.run.stewards")

_NAMED: Final = re.compile(rf"\b(?:from|join|into|update)\s+(?:{'|'.join(RECORD_TABLES)})\b", re.IGNORECASE)
_METHODS: Final = ("execute", "executemany", "fetch", "fetchval", "fetchrow", "fetchmany", "prepare", "cursor")


@dataclass
class Watch:
    """What was seen: statements per door, and the callers of those that went around."""

    through: Counter[str] = field(default_factory=Counter)
    around: list[str] = field(default_factory=list)

    def see(self, sql: str) -> None:
        if not _NAMED.search(sql):
            return
        callers = list(_callers())
        door = next((door for door in DOORS if any(f"{name}.".startswith(f"{door}.") for name in callers)), None)
        if door is None:
            self.around.append(" < ".join(name for name in callers if name.startswith("hub.")))
        else:
            self.through[door] += 1


@contextmanager
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[Watch]:
    """Watch every statement of this process; at the end, nothing may have gone around the doors."""
    watch = Watch()
    with monkeypatch.context() as patch:
        for name in _METHODS:
            patch.setattr(asyncpg.Connection, name, _seen(watch, getattr(asyncpg.Connection, name)))
        yield watch
    assert watch.around == []


def _seen(watch: Watch, method: Callable[..., Any]) -> Callable[..., Any]:
    def call(connection: Any, query: Any, *args: Any, **kwargs: Any) -> Any:
        watch.see(str(query))
        return method(connection, query, *args, **kwargs)

    return call


def _callers() -> Iterator[str]:
    """Names of the modules on the way here, the nearest first; an awaiting coroutine stands on it too."""
    frame = sys._getframe(2)
    at: Any = frame
    while at is not None:
        yield at.f_globals.get("__name__", "")
        at = at.f_back
