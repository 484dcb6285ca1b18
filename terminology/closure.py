"""The hierarchy of a code system that may have several parents, and all ancestors of each concept. Pure.

What is kept of a concept is a few bytes: numbers in arrays. Codes become numbers in a temporary file of SQLite, which
stays in memory as long as it is small, and the ancestors of a concept are walked to when they are asked for.
"""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from itertools import count, islice
from typing import Final

from hub.kernel.errors import Category, HubError

#: A code with those right above it.
Link = tuple[str, tuple[str, ...]]

#: Ancestors of one concept: SNOMED CT has less than a hundred; all of them stand in its row.
ABOVE: Final = 10_000
#: Numbers of ancestors kept in memory.
_ROOM: Final = 100_000

_TABLES: Final = """
PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -16384;
CREATE TABLE code (code TEXT PRIMARY KEY, number INTEGER) WITHOUT ROWID;
CREATE TABLE alike (code TEXT PRIMARY KEY, number INTEGER) WITHOUT ROWID;
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
        #: Whether each parent comes before those right below it: nothing can be above itself then.
        self._downward = True
        self._kept: Final[dict[tuple[int, ...], frozenset[int]]] = {}
        self._room = _ROOM
        for number, above in links:
            self._begin(number)
            if above not in self._above[self._starts[number] :]:
                self._above.append(above)
                self._downward &= above < number
        self._begin(total)
        #: Of the parents that are no codes of the system: how many, and one of them.
        self.strays: tuple[int, str] = (0, "")

    def parents(self, number: int) -> Sequence[int]:
        """Those right above a concept."""
        return self._above[self._starts[number] : self._starts[number + 1]]

    def ancestors(self, number: int) -> frozenset[int]:
        """All above a concept, without itself. Raises HubError TOO_LARGE for more than `ABOVE`."""
        parents = tuple(self.parents(number))
        found = self._kept.get(parents)
        if found is None:
            found = self._keep(parents, frozenset(parents).union(*map(self._walked, parents)))
        if len(found) > ABOVE:
            what, todo = f"has a concept with more than {ABOVE} above it", "mend the source"
            raise HubError(Category.TOO_LARGE, what, where="code system", todo=todo, code="too-costly")
        return found

    def _walked(self, number: int) -> frozenset[int]:
        """All above a concept, step by step: a hierarchy may be deeper than calls can be."""
        first = tuple(self.parents(number))
        known = self._kept.get(first)
        if known is not None:
            return known
        found: set[int] = set()
        waiting = [*first]
        while waiting:
            at = waiting.pop()
            if at not in found:
                found.add(at)
                above = self.parents(at)
                further = self._kept.get(tuple(above))
                if further is None:
                    waiting += above
                else:
                    found |= further
        return self._keep(first, frozenset(found))

    def _keep(self, parents: tuple[int, ...], found: frozenset[int]) -> frozenset[int]:
        """Of siblings all is the same, and they mostly stand together."""
        self._room -= len(found) + len(parents)
        if self._room < 0:
            self._kept.clear()
            self._room = _ROOM
        self._kept[parents] = found
        return found

    def _begin(self, number: int) -> None:
        while len(self._starts) <= number:
            self._starts.append(len(self._above))

    def circle(self) -> int | None:
        """A concept that is above itself; None if there is none.

        Depth first, without recursion: SNOMED CT is shallow, but a file may be anything.
        """
        if self._downward:
            return None
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
    codes = [code for code, _ in batch]
    for code in codes:
        if len(code) > LONGEST:
            raise _invalid(f"has more than {LONGEST} characters", code)
    twice = _entered(db, "code", codes, done)
    if twice is not None:
        raise _invalid("stands twice", codes[twice])
    twice = _entered(db, "alike", list(map(alike, codes)), done) if alike else None
    if twice is not None:
        todo = "mend the source, or state that case counts (caseSensitive)"
        raise _invalid("stands twice, in upper and lower case", codes[twice], todo)
    above = ((number, one) for number, (_, parents) in enumerate(batch, done) for one in parents)
    db.executemany("INSERT INTO link VALUES (?, ?)", above)


def _entered(db: sqlite3.Connection, table: str, codes: Sequence[str], done: int) -> int | None:
    """Enter codes with their numbers, from `done` on; the place of the first that was there already."""
    entered = db.executemany(f"INSERT OR IGNORE INTO {table} VALUES (?, ?)", zip(codes, count(done), strict=False))
    if entered.rowcount == len(codes):
        return None
    numbers = (db.execute(f"SELECT number FROM {table} WHERE code = ?", (code,)).fetchone()[0] for code in codes)
    return next(place for place, number in enumerate(numbers) if number != done + place)


def _invalid(what: str, code: str, todo: str = "mend the source") -> HubError:
    return HubError(Category.INVALID, what, where=f"code {code[:_SHOWN]}", todo=todo, code="code-system")
