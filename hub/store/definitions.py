"""The definitions in force of the installation's own search parameters, as tables keep them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from asyncpg import Record

from hub.db.database import Tx
from hub.fhir.search_parameters import Component, SearchParameter

#: Changes of definitions wait for one another here.
_RAISE: Final = "UPDATE search_registry SET version = version + 1"
_HELD: Final = """
SELECT number, type, code, kind, expression, targets, url, components FROM search_definition WHERE parameter = $1
"""
_KINDS: Final = "SELECT DISTINCT url, kind FROM search_definition WHERE url <> ''"
_END: Final = "DELETE FROM search_definition WHERE number = ANY($1::bigint[])"
_BEGIN: Final = """
INSERT INTO search_definition (parameter, type, code, kind, expression, targets, url, components)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_TAKEN: Final = """
SELECT type FROM search_definition
WHERE parameter <> $1 AND code = $2 AND type = ANY($3::text[]) ORDER BY type LIMIT 1
"""
_PROGRESS: Final = """
SELECT parameter, type, code, kind, ready, done, total FROM search_definition ORDER BY type, code
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the index is with one parameter of one type; `total` is None as long as nobody has counted."""

    parameter: str
    type: str
    code: str
    kind: str
    ready: bool
    done: int
    total: int | None


async def lock(tx: Tx) -> None:
    """Wait for whoever changes definitions, and keep others waiting. What was made for the old ones is made anew."""
    await tx.execute(_RAISE)


async def taken(tx: Tx, parameter: str, code: str, types: Sequence[str]) -> str | None:
    """One of some types for which another SearchParameter defines this code already."""
    found: str | None = await tx.fetchval(_TAKEN, parameter, code, list(types))
    return found


async def put(tx: Tx, parameter: str, wanted: Sequence[SearchParameter]) -> None:
    """Let a SearchParameter define exactly this. What it defined already goes on, the rest is indexed anew."""
    held = {parameter_in(row): row["number"] for row in await tx.fetch(_HELD, parameter)}
    await tx.execute(_END, [number for one, number in held.items() if one not in wanted])
    new = [one for one in wanted if one not in held]
    rows = [(parameter, o.base, o.code, o.type, o.expression, list(o.targets), o.url, _parts(o)) for o in new]
    await tx.executemany(_BEGIN, rows)


async def kinds(tx: Tx) -> dict[str, str]:
    """The types of those in force, by URL."""
    return {row["url"]: row["kind"] for row in await tx.fetch(_KINDS)}


async def progress(tx: Tx) -> list[Progress]:
    """All of them, by type and code."""
    return [Progress(**row) for row in await tx.fetch(_PROGRESS)]


def parameter_in(row: Record) -> SearchParameter:
    """The parameter a row of `search_definition` defines."""
    return SearchParameter(
        code=row["code"],
        type=row["kind"],
        base=row["type"],
        expression=row["expression"],
        targets=tuple(row["targets"]),
        url=row["url"],
        components=tuple(_components(row["components"])),
    )


def _components(parts: Sequence[str]) -> Iterator[Component]:
    for kind, expression in zip(parts[::2], parts[1::2], strict=True):
        yield Component(type=kind, expression=expression)


def _parts(parameter: SearchParameter) -> list[str]:
    """The components as the table keeps them: type and expression by turns."""
    return [text for one in parameter.components for text in (one.type, one.expression)]
