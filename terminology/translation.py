"""Translates codes by concept maps (R4 conceptmap-operation-translate.html)."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from asyncpg import Record

from hub.db.database import Database
from hub.fhir.json import loads
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from terminology.catalogue import Catalogue
from terminology.mappings import Row, rows_of_map
from terminology.model import CONCEPT_MAP, Coding, Edition

#: Equivalences that say there is no target.
APART: Final = frozenset({"unmatched", "disjoint"})
#: An equivalence as it reads from the other side (R4 concept-map-equivalence).
_REVERSED: Final = {"wider": "narrower", "narrower": "wider", "subsumes": "specializes", "specializes": "subsumes"}
_DEEPEST: Final = 5
#: What one question may give.
MATCHES: Final = 10_000

_COLUMNS: Final = ", ".join(Row._fields)
_ONWARDS: Final = f"""
SELECT edition, {_COLUMNS} FROM term_mapping WHERE source_code = $1 AND source_system = $2 AND edition = ANY($3::int[])
ORDER BY edition, number
"""
_BACK: Final = f"""
SELECT edition, {_COLUMNS} FROM term_mapping WHERE target_code = $1 AND target_system = $2 AND edition = ANY($3::int[])
ORDER BY edition, number
"""


class Dependency(NamedTuple):
    """The value of another element, which a target may depend on; `system` "" for a text."""

    element: str
    system: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """One answer: a coding (None for the statement that there is none), how alike, by which map; `product` as in R4."""

    coding: Coding | None
    display: str = ""
    equivalence: str
    source: str
    comment: str = ""
    product: Sequence[Json] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is to be translated, by a map that is brought (`inline`), one that is named (`url`), else by all in force
    whose scope fits; `target_system` limits. Targets that depend on other elements hold if `dependencies` have their
    values.
    """

    codings: Sequence[Coding]
    inline: Json | None = None
    url: str = ""
    version: str = ""
    source: str = ""
    target: str = ""
    target_system: str = ""
    reverse: bool = False
    dependencies: Collection[Dependency] = ()


class _Map(NamedTuple):
    """A map that is asked: without rows its groups tell what becomes of codes it does not list."""

    head: Json
    named: str


async def translate(database: Database, catalogue: Catalogue, question: Question, depth: int = 0) -> list[Match]:
    """All that maps say, codings in their order. Raises HubError NOT_FOUND for a map that is not there, TOO_LARGE for
    more than MATCHES.
    """
    if depth > _DEEPEST:
        raise HubError(Category.UNSUPPORTED, "refer to each other too deeply", where=CONCEPT_MAP, code="not-decided")
    maps = _maps(catalogue, question)
    brought = await asyncio.to_thread(_brought, question)
    found: list[Match] = []
    for coding in dict.fromkeys(question.codings):
        if len(found) > MATCHES:
            what, todo = f"give over {MATCHES} matches", "ask for one code, of one map"
            raise HubError(Category.TOO_LARGE, what, where=CONCEPT_MAP, todo=todo, code="too-costly")
        if question.inline is not None:
            rows = brought.get(coding, [])
        else:
            rows = await _rows(database, coding, list(maps), question)
        found += [_match(row, maps[number], question) for number, row in rows if _fits(row, question)]
        silent = maps.keys() - {number for number, _ in rows}
        if not question.reverse:
            for number in sorted(silent):
                found += await _unmapped(database, catalogue, maps[number], coding, question, depth)
    return found


def _maps(catalogue: Catalogue, question: Question) -> dict[int, _Map]:
    if question.inline is not None:
        url, version = question.inline.get("url", ""), question.inline.get("version", "")
        return {0: _Map(question.inline, f"{url}|{version}" if version else url)}
    if question.url:
        chosen = [catalogue.named(CONCEPT_MAP, question.url, question.version)]
    else:
        chosen = [one for one in catalogue.all(CONCEPT_MAP) if _in_scope(one, question)]
    return {one.number: _Map(one.head, one.canonical) for one in chosen}


def _in_scope(edition: Edition, question: Question) -> bool:
    asked = {"source": question.source, "target": question.target}
    head = edition.head
    return all(not url or url in (head.get(f"{side}Uri"), head.get(f"{side}Canonical")) for side, url in asked.items())


def _brought(question: Question) -> dict[Coding, list[tuple[int, Row]]]:
    """What a map that is brought says of the codings, read once for all of them: it may be large."""
    found: dict[Coding, list[tuple[int, Row]]] = {coding: [] for coding in question.codings}
    for row in rows_of_map(question.inline)[1] if question.inline is not None else ():
        side = _side(row, target=question.reverse)
        if side in found:
            found[side].append((0, row))
    return found


async def _rows(database: Database, coding: Coding, maps: list[int], question: Question) -> list[tuple[int, Row]]:
    async with database.connection() as connection:
        found: list[Record] = await connection.fetch(
            _BACK if question.reverse else _ONWARDS, coding.code, coding.system, maps
        )
    return [(number, Row(*row)) for number, *row in found]


def _side(row: Row, *, target: bool) -> Coding:
    return Coding(row.target_system, row.target_code) if target else Coding(row.source_system, row.source_code)


def _fits(row: Row, question: Question) -> bool:
    other = _side(row, target=not question.reverse).system
    return question.target_system in ("", other) and all(
        _given(one, question.dependencies) for one in loads(row.depends or b"[]")
    )


def _given(depends: Json, dependencies: Collection[Dependency]) -> bool:
    """Whether an element a target depends on has the value it needs (R4 ConceptMap.group.element.target.dependsOn)."""
    return any(
        (one.element, one.value) == (depends.get("property"), depends.get("value"))
        and depends.get("system", one.system) == one.system
        for one in dependencies
    )


def _match(row: Row, by: _Map, question: Question) -> Match:
    coding = _side(row, target=not question.reverse)
    equivalence = _REVERSED.get(row.equivalence, row.equivalence) if question.reverse else row.equivalence
    return Match(
        coding=coding if coding.code else None,
        display="" if question.reverse else row.target_display,
        equivalence=equivalence,
        source=by.named,
        comment=row.comment,
        product=() if question.reverse else loads(row.product or b"[]"),
    )


async def _unmapped(
    database: Database, catalogue: Catalogue, by: _Map, coding: Coding, question: Question, depth: int
) -> list[Match]:
    """What a map says of codes it does not list (R4 conceptmap.html, group.unmapped)."""
    found: list[Match] = []
    for group in by.head.get("group", ()):
        rule: Any = group.get("unmapped", {})
        fits = group.get("source") == coding.system and question.target_system in ("", group.get("target"))
        if not fits:
            continue
        if rule.get("mode") == "provided":
            same = Coding(group.get("target", ""), coding.code)
            found.append(Match(coding=same, equivalence="equal", source=by.named))
        elif rule.get("mode") == "fixed":
            fixed = Coding(group.get("target", ""), rule.get("code", ""))
            told = rule.get("display", "")
            found.append(Match(coding=fixed, display=told, equivalence="inexact", source=by.named))
        elif rule.get("mode") == "other-map":
            other = Question(
                codings=[coding],
                url=rule.get("url", ""),
                target_system=question.target_system,
                dependencies=question.dependencies,
            )
            found += await translate(database, catalogue, other, depth + 1)
    return found
