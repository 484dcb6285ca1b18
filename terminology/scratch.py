"""A temporary database of SQLite, in which the files of a distribution are put in order.

Memory does not grow with them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

_BATCH: Final = 50_000


class Scratch:
    """Filled when it is first asked; `fill` gets it empty."""

    def __init__(self, fill: Callable[[sqlite3.Connection], None]) -> None:
        self._fill: Final = fill
        self._folder: Final = TemporaryDirectory(prefix="yilian-release-")
        self._filled: sqlite3.Connection | None = None

    @property
    def db(self) -> sqlite3.Connection:
        """Raises what `fill` raises."""
        if self._filled is None:
            db = sqlite3.connect(Path(self._folder.name) / "release.db")
            try:
                db.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")
                self._fill(db)
            except BaseException:
                db.close()
                raise
            self._filled = db
        return self._filled

    def close(self) -> None:
        """Remove the temporary file."""
        if self._filled is not None:
            self._filled.close()
        self._folder.cleanup()


def insert(db: sqlite3.Connection, statement: str, rows: Iterable[tuple[str, ...]]) -> None:
    """Write rows, some at a time. Raises sqlite3.IntegrityError as the table says."""
    rest = iter(rows)
    while batch := list(islice(rest, _BATCH)):
        db.executemany(statement, batch)
    db.commit()


class Groups:
    """Rows that are sorted by a number, given to whoever asks for the numbers in rising order."""

    def __init__(self, rows: Iterator[tuple[Any, ...]]) -> None:
        self._groups: Final = groupby(rows, itemgetter(0))
        self._next: tuple[int, list[tuple[Any, ...]]] | None = None

    def of(self, number: int) -> list[tuple[Any, ...]]:
        """The rows of a number; those of smaller ones nobody asked for are passed over."""
        while self._next is None or self._next[0] < number:
            at, rows = next(self._groups, (None, iter(())))
            if at is None:
                return []
            self._next = (at, list(rows))
        return self._next[1] if self._next[0] == number else []
