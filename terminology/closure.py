"""The hierarchy of a code system that may have several parents, and all ancestors of each concept. Pure.

What is kept of a concept is a few bytes: numbers in arrays. Codes become numbers in a temporary file of SQLite, which
stays in memory as long as it is small, and the ancestors of a concept are walked to when they are asked for.
"""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from itertools import islice
from typing import Final

from hub.kernel.errors import Category, HubError

#: A code with those right above it.
Link = tuple[str, tuple[str, ...]]

#: Ancestors of one concept: SNOMED CT has less than a hundred; all of them stand in its row.
ABOVE: Final = 10_000

_TABLES: Final = """
PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -16384;
CREATE TABLE code (code TEXT PRIMARY KEY, number INTEGER) WITHOUT ROWID;
CREATE TABLE alike (key TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE link (number INTEGER, above TEXT);
"""
#: In the order of the links; the cross join keeps SQLite from sorting by code.
_NUMBERED: Final = (
    "SELECT link.number, code.number FROM link CROSS JOIN code ON code.code = link.above ORDER BY link.rowid"
)
_CODE: Final = "SELECT code FROM code WHERE number = ?"
_STRAYS: Final = "SELECT count(*), coalesce(min(above), '') FROM link WHERE above NOT IN (SELECT code FROM code)"
_BATCH: Final = 10_000
#: Characters a code may have: it is a key of an index. Characters of it that are told.
LONGEST: Final = 1_000
_SHOWN: Final = 64


class Closure:
    """Concepts by their number, which is their place in the code system; those right above each one."""

    def __init__(self, total: int, links: Iterable[tuple[int, int]]) -> None:
        """`links`: pairs of a number and one right above it, by rising number."""
        self.total: Final = total
        self._above: Final = array("I")
        #: Where the parents of a concept begin; behind the last concept, where they end.
        self._starts: Final = array("I")
        for number, above in links:
            self._begin(number)
            if above not in self._above[self._starts[number] :]:
                self._above.append(above)
        self._begin(total)
        #: Of the parents that are no codes of the system: how many, and one of them.
        self.strays: tuple[int, str] = (0, "")

    def parents(self, number: int) -> Sequence[int]:
        """Those right above a concept."""
        return self._above[self._starts[number] : self._starts[number + 1]]

    def ancestors(self, number: int) -> set[int]:
        """All above a concept, without itself. Raises HubError TOO_LARGE for more than `ABOVE`."""
        found: set[int] = set()
        waiting = [*self.parents(number)]
        while waiting:
            at = waiting.pop()
            if at not in found:
                found.add(at)
                waiting += self.parents(at)
        if len(found) > ABOVE:
            what, todo = f"has a concept with more than {ABOVE} above it", "mend the source"
            raise HubError(Category.TOO_LARGE, what, where="code system", todo=todo, code="too-costly")
        return found

    def _begin(self, number: int) -> None:
        while len(self._starts) <= number:
            self._starts.append(len(self._above))

    def circle(self) -> int | None:
        """A concept that is above itself; None if there is none.

        Depth first, without recursion: SNOMED CT is shallow, but a file may be anything.
        """
        entered, left = 1, 2
        state = bytearray(self.total)
        for start in range(self.total):
            waiting = [] if state[start] else [start]
            while waiting:
                at = waiting[-1]
                if state[at]:
                    state[at] = left
                    waiting.pop()
                    continue
                state[at] = entered
                above = self.parents(at)
                again = next((one for one in above if state[one] == entered), None)
                if again is not None:
                    return again
                waiting += [one for one in above if not state[one]]
        return None


def closed(links: Iterable[Link], alike: Callable[[str], str] | None = None) -> Closure:
    """Number the codes in their order and close the hierarchy. Parents that are no codes of the system do not count
    (`strays`).

    `alike`: a code as the system compares it, where that is not the code itself. Raises HubError INVALID for a code
    that stands twice or is too long, and for concepts that are above themselves.
    """
    with closing(sqlite3.connect("", isolation_level=None)) as db:
        db.executescript(_TABLES)
        db.execute("BEGIN")
        total, rest = 0, iter(links)
        while batch := list(islice(rest, _BATCH)):
            _numbered(db, batch, total, alike)
            total += len(batch)
        found = Closure(total, db.execute(_NUMBERED))
        found.strays = db.execute(_STRAYS).fetchone()
        circle = found.circle()
        if circle is not None:
            raise _invalid("is above itself", db.execute(_CODE, (circle,)).fetchone()[0])
        return found


def _numbered(db: sqlite3.Connection, batch: Sequence[Link], done: int, alike: Callable[[str], str] | None) -> None:
    for number, (code, _) in enumerate(batch, done):
        if len(code) > LONGEST:
            raise _invalid(f"has more than {LONGEST} characters", code)
        if db.execute("INSERT OR IGNORE INTO code VALUES (?, ?)", (code, number)).rowcount == 0:
            raise _invalid("stands twice", code)
        if alike and db.execute("INSERT OR IGNORE INTO alike VALUES (?)", (alike(code),)).rowcount == 0:
            todo = "mend the source, or state that case counts (caseSensitive)"
            raise _invalid("stands twice, in upper and lower case", code, todo)
    above = ((number, one) for number, (_, parents) in enumerate(batch, done) for one in parents)
    db.executemany("INSERT INTO link VALUES (?, ?)", above)


def _invalid(what: str, code: str, todo: str = "mend the source") -> HubError:
    return HubError(Category.INVALID, what, where=f"code {code[:_SHOWN]}", todo=todo, code="code-system")
