"""Concepts of editions, read by code or by condition. An edition never changes, so what was read is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from asyncpg import InvalidRegularExpressionError, Record

from hub.db.database import Database
from hub.fhir.json import loads
from hub.kernel.types import Json
from terminology.catalogue import Catalogue
from terminology.condition import Child, Condition, Keys, Numbers, Sql
from terminology.model import Edition, Found
from terminology.patterns import refused

#: Concepts kept in memory.
_KEPT: Final = 100_000

_ONE: Final = """
SELECT number, code, display, flags, parents, ancestors, details FROM term_concept WHERE edition = $1 AND key = $2
"""
_WHOLE: Final = "number, code, display, flags, parents, ancestors, details"
#: What a list of names needs: with what is around a concept, decoding costs more than finding.
_NAMED: Final = "number, code, display, flags, '{}'::int[] AS parents, '{}'::int[] AS ancestors, details"
_PLAIN: Final = "number, code, display, flags, '{}'::int[] AS parents, '{}'::int[] AS ancestors, '{}'::bytea AS details"
_MANY: Final = "SELECT code, details FROM term_concept WHERE edition = ANY($1::int[]) AND key = ANY($2::text[])"
_HOLDING: Final = "SELECT DISTINCT edition FROM term_concept WHERE edition = ANY($1::int[]) AND key = ANY($2::text[])"


class Concepts:
    """Reads concepts, with what supplements in force add to them (R4 codesystem.html, supplements)."""

    def __init__(self, database: Database) -> None:
        self._database: Final = database
        self._kept: dict[tuple[int, int, str], Found | None] = {}

    async def find(self, catalogue: Catalogue, edition: Edition, code: str) -> Found | None:
        """The concept of a code, or None."""
        key = (catalogue.revision, edition.number, edition.key(code))
        if key in self._kept:
            return self._kept[key]
        async with self._database.connection() as connection:
            row = await connection.fetchrow(_ONE, *key[1:])
        found = (await self._supplemented(catalogue, edition, [_found(row)]))[0] if row is not None else None
        self._make_room(1)
        self._kept[key] = found
        return found

    async def select(
        self, catalogue: Catalogue, edition: Edition, condition: Condition, *, offset: int = 0, count: int | None = None
    ) -> list[Found]:
        """The concepts a condition means, in the order of the code system."""
        rows = await self._rows(_WHOLE, edition, condition, offset, count)
        return await self._supplemented(catalogue, edition, rows)

    async def listed(
        self,
        catalogue: Catalogue,
        edition: Edition,
        condition: Condition,
        *,
        offset: int,
        count: int,
        named: bool,
    ) -> list[Found]:
        """As `select`, without what is around a concept; with its designations only if `named`."""
        rows = await self._rows(_NAMED if named else _PLAIN, edition, condition, offset, count)
        return await self._supplemented(catalogue, edition, rows) if named else rows

    async def found(
        self, catalogue: Catalogue, edition: Edition, condition: Condition, *, offset: int, count: int, named: bool
    ) -> tuple[int, list[Found]]:
        """How many concepts a condition means, and a page of them as `listed` has it, in one scan of what matches.

        Nothing is known of the number where the page is empty: then it is 0. For a condition that means a part of the
        edition: all of it is counted and read faster apart.
        """
        sql = Sql()
        where, number = sql.of(condition), sql.use(edition.number)
        text = (
            f"WITH m AS MATERIALIZED (SELECT c.number AS n FROM term_concept c WHERE c.edition = {number} AND {where}),"
            f" p AS (SELECT n FROM m ORDER BY n OFFSET {sql.use(offset)}::bigint LIMIT {sql.use(count)}::bigint)"
            f" SELECT {_NAMED if named else _PLAIN}, (SELECT count(*) FROM m) AS total"
            f" FROM p JOIN term_concept c ON c.edition = {number} AND c.number = p.n ORDER BY c.number"
        )
        async with self._database.connection() as connection:
            rows = await connection.fetch(text, *sql.values)
        page = [_found(row) for row in rows]
        total = rows[0]["total"] if rows else 0
        return total, await self._supplemented(catalogue, edition, page) if named else page

    async def _rows(
        self, columns: str, edition: Edition, condition: Condition, offset: int, count: int | None
    ) -> list[Found]:
        sql = Sql()
        where = sql.of(condition)
        text = (
            f"SELECT {columns} FROM term_concept c WHERE c.edition = {sql.use(edition.number)} AND {where}"
            f" ORDER BY c.number OFFSET {sql.use(offset)}::bigint LIMIT {sql.use(count)}::bigint"
        )
        async with self._database.connection() as connection:
            return list(map(_found, await connection.fetch(text, *sql.values)))

    async def codes(self, edition: Edition, condition: Condition, most: int) -> list[str]:
        """The codes a condition means, at most so many, in no order."""
        sql = Sql()
        where = sql.of(condition)
        text = (
            f"SELECT c.code FROM term_concept c WHERE c.edition = {sql.use(edition.number)} AND {where}"
            f" LIMIT {sql.use(most)}::bigint"
        )
        async with self._database.connection() as connection:
            return [row[0] for row in await connection.fetch(text, *sql.values)]

    async def many(self, catalogue: Catalogue, edition: Edition, codes: Sequence[str]) -> list[Found]:
        """The concepts of some codes, of those that are there; what is not known yet in one statement."""
        keys = {(catalogue.revision, edition.number, edition.key(code)) for code in codes}
        missing = [key for key in keys if key not in self._kept]
        if missing:
            found = await self.select(catalogue, edition, Keys(tuple([key[2] for key in missing])))
            known = {edition.key(one.code): one for one in found}
            self._make_room(len(missing))
            self._kept.update({key: known.get(key[2]) for key in missing})
        return [one for key in keys if (one := self._kept.get(key)) is not None]

    async def holding(self, editions: Iterable[Edition], codes: Iterable[str]) -> set[int]:
        """The numbers of the editions that have one of some codes."""
        wanted, found = tuple(codes), set[int]()
        alike: dict[tuple[str, ...], list[int]] = {}
        for one in editions:
            alike.setdefault(tuple(map(one.key, wanted)), []).append(one.number)
        async with self._database.connection() as connection:
            for keys, numbers in alike.items():
                found.update(row[0] for row in await connection.fetch(_HOLDING, numbers, keys))
        return found

    async def check(self, pattern: str) -> None:
        """Raises HubError UNSUPPORTED for a pattern (terminology.patterns) that PostgreSQL does not read."""
        async with self._database.connection() as connection:
            try:
                await connection.fetchval("SELECT '' ~ $1::text", pattern)
            except InvalidRegularExpressionError:
                raise refused() from None

    def _make_room(self, wanted: int) -> None:
        if len(self._kept) + wanted > _KEPT:
            self._kept.clear()

    async def count(self, edition: Edition, condition: Condition) -> int:
        """How many concepts a condition means."""
        sql = Sql()
        where = sql.of(condition)
        text = f"SELECT count(*) FROM term_concept c WHERE c.edition = {sql.use(edition.number)} AND {where}"
        async with self._database.connection() as connection:
            found: int = await connection.fetchval(text, *sql.values)
        return found

    async def fits(self, edition: Edition, condition: Condition, code: str) -> bool:
        """Whether a code is among what a condition means."""
        sql = Sql()
        where = sql.of(condition)
        text = (
            f"SELECT EXISTS (SELECT FROM term_concept c WHERE c.edition = {sql.use(edition.number)}"
            f" AND c.key = {sql.use(edition.key(code))} AND {where})"
        )
        async with self._database.connection() as connection:
            found: bool = await connection.fetchval(text, *sql.values)
        return found

    async def numbered(self, catalogue: Catalogue, edition: Edition, numbers: Iterable[int]) -> list[Found]:
        """The concepts with these numbers."""
        wanted = tuple(numbers)
        return await self.select(catalogue, edition, Numbers(wanted)) if wanted else []

    async def children(self, catalogue: Catalogue, edition: Edition, number: int) -> list[Found]:
        """Those right below a concept."""
        return await self.select(catalogue, edition, Child((number,)))

    async def _supplemented(self, catalogue: Catalogue, edition: Edition, found: list[Found]) -> list[Found]:
        supplements = catalogue.supplements.get(edition.url, ())
        if not supplements or not found:
            return found
        keys = [edition.key(one.code) for one in found]
        # A supplement may compare codes otherwise than its system: by the codes themselves, or folded.
        sought = list({*keys, *(one.code for one in found)})
        async with self._database.connection() as connection:
            rows = await connection.fetch(_MANY, [one.number for one in supplements], sought)
        more: dict[str, list[Json]] = {}
        for row in rows:
            more.setdefault(edition.key(row["code"]), []).append(loads(row["details"]))
        return [_with(one, more.get(key, ())) for one, key in zip(found, keys, strict=True)]


def _found(row: Record) -> Found:
    return Found(
        number=row["number"],
        code=row["code"],
        display=row["display"],
        flags=row["flags"],
        parents=tuple(row["parents"]),
        ancestors=frozenset(row["ancestors"]),
        details=loads(row["details"]),
    )


def _with(found: Found, more: Sequence[Mapping[str, Any]]) -> Found:
    if not more:
        return found
    details = dict(found.details)
    for name in ("designation", "property"):
        said = [*details.get(name, ()), *(one for part in more for one in part.get(name, ()))]
        details |= {name: said} if said else {}
    return replace(found, details=details)
