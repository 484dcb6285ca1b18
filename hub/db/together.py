"""Queries of one text, asked together: those that are ready in the same turns of the event loop, or arrive while one
of them is under way, share the next statement.

Most of what a short query costs PostgreSQL is setting its plan up, on a connection that did something else before; and
each takes the driver a turn of its own. So the text is put into one that has the values of several in rows, and runs
it for each of them, as they would run in a loop. Nobody is given rows of another: each comes with the number of whom
it is for. One statement sees one state of the database, so each of them does.

A query that takes long would keep the others of its text waiting, so such texts are asked one by one.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from functools import lru_cache
from time import perf_counter
from typing import Any, Final, TypeAlias

from asyncpg import Record

from hub.db.group_commit import GroupCommit
from hub.kernel.errors import Category, HubError

#: For how many queries there are statements; rows without a query fill up what is between.
_SIZES: Final = (4, 8)
#: Texts that are kept in mind, those last used.
_TEXTS: Final = 512
#: Seconds for each query above which its text is asked by itself, and how often it is then.
_LONG: Final = 0.02
_APART: Final = 100
#: Seconds after which others are asked beside those under way.
_PATIENCE: Final = 0.05

_PLACEHOLDER: Final = re.compile(r"\$(\d+)(?:::((?:double precision|[a-z][a-z0-9_]*)(?:\[\])?))?")


#: Gives the rows of a text with its values.
Run: TypeAlias = Callable[[str, Sequence[Any]], Awaitable[list[Record]]]


class Together:
    """The queries that are asked by one `run`, by their text. Belongs to the event loop it is used in."""

    def __init__(self, run: Run) -> None:
        self._run: Final = run
        self._lines: Final[dict[str, _Line]] = {}

    async def fetch(self, text: str, values: Sequence[Any]) -> list[Record]:
        """What `run` gives for `text` and `values`, each row perhaps with one column more behind its own.

        Each placeholder of `text` stands with its type (`$1::uuid[]`), and its columns have names that differ. Whoever
        asks should hold no connection meanwhile. Raises HubError FAULT for a text whose placeholders have no types,
        else what `run` does.
        """
        line = self._lines.pop(text, None) or _Line(self._run, text)
        while len(self._lines) >= _TEXTS:
            del self._lines[next(iter(self._lines))]
        self._lines[text] = line
        return await line.fetch(values)


#: What was found for each of some queries, or what became of it.
_Answers: TypeAlias = Sequence[list[Record] | BaseException]


class _Line:
    """Those who wait for queries of one text."""

    def __init__(self, run: Run, text: str) -> None:
        self._run: Final = run
        self._text: Final = text
        self._apart = 0
        self._queries: Final[GroupCommit[Sequence[Any], tuple[int, asyncio.Task[_Answers]]]] = GroupCommit(
            self._ask, limit=_SIZES[-1]
        )

    async def fetch(self, values: Sequence[Any]) -> list[Record]:
        if self._apart:
            self._apart -= 1
            return await self._alone(values)
        number, asking = await self._queries.submit(values)
        found = (await asyncio.shield(asking))[number]
        if isinstance(found, BaseException):
            raise found
        return found

    async def _ask(self, queries: list[Sequence[Any]]) -> list[tuple[int, asyncio.Task[_Answers]]]:
        asking = asyncio.create_task(self._answers(queries))
        await asyncio.wait([asking], timeout=_PATIENCE)
        return [(number, asking) for number in range(len(queries))]

    async def _answers(self, queries: list[Sequence[Any]]) -> _Answers:
        begun = perf_counter()
        try:
            return await (self._shared(queries) if len(queries) > 1 else self._each(queries))
        finally:
            if perf_counter() - begun > _LONG * len(queries):
                self._apart = _APART

    async def _each(self, queries: list[Sequence[Any]]) -> _Answers:
        return await asyncio.gather(*map(self._alone, queries), return_exceptions=True)

    async def _alone(self, values: Sequence[Any]) -> list[Record]:
        return await self._run(self._text, values)

    async def _shared(self, queries: list[Sequence[Any]]) -> _Answers:
        size = next(size for size in _SIZES if size >= len(queries))
        text = shared(self._text, size)
        nothing = [None] * (size - len(queries)) * len(queries[0])
        values = [value for query in queries for value in query]
        try:
            rows = await self._run(text, [*values, *nothing, len(queries)])
        except Exception:  # of one of them, perhaps, which the others have no part in
            return await self._each(queries)
        found: list[list[Record]] = [[] for _ in queries]
        for row in rows:
            found[row["number_of_query"]].append(row)
        return found


@lru_cache(maxsize=_TEXTS * len(_SIZES))
def shared(text: str, size: int) -> str:
    """The statement that runs a query `size` times: its values follow each other, then how many have values.

    Behind the columns of each row stands the number of its query, from 0. Raises HubError FAULT for a placeholder
    without a type.
    """
    kinds = {int(number): kind for number, kind in _PLACEHOLDER.findall(text)}
    if not all(kinds.values()):
        raise HubError(Category.FAULT, "a placeholder has no type", where="database statement")
    width = len(kinds)
    rows = ", ".join(
        "(" + ", ".join([f"{query}", *(f"${query * width + at}::{kind}" for at, kind in sorted(kinds.items()))]) + ")"
        for query in range(size)
    )
    names = ", ".join(["number_of_query", *(f"v{at}" for at in sorted(kinds))])
    one = _PLACEHOLDER.sub(r"queries.v\1", text)
    return (
        f"SELECT found.*, queries.number_of_query FROM (VALUES {rows}) AS queries ({names})"
        f" CROSS JOIN LATERAL ({one}) AS found WHERE queries.number_of_query < ${size * width + 1}::integer"
    )
