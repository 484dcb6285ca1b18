"""Translates codes by concept maps (R4 conceptmap-operation-translate.html)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from asyncpg import Record

from hub.db.database import Database
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from terminology.catalogue import Catalogue
from terminology.model import CONCEPT_MAP, Coding, Edition

#: Equivalences that say there is no target.
APART: Final = frozenset({"unmatched", "disjoint"})
#: An equivalence as it reads from the other side (R4 concept-map-equivalence).
_REVERSED: Final = {"wider": "narrower", "narrower": "wider", "subsumes": "specializes", "specializes": "subsumes"}
_DEEPEST: Final = 5

_COLUMNS: Final = "source_system, source_code, target_system, target_code, target_display, equivalence, comment"
_ONWARDS: Final = f"""
SELECT edition, {_COLUMNS} FROM term_mapping WHERE source_code = $1 AND source_system = $2 AND edition = ANY($3::int[])
ORDER BY edition, number
"""
_BACK: Final = f"""
SELECT edition, {_COLUMNS} FROM term_mapping WHERE target_code = $1 AND target_system = $2 AND edition = ANY($3::int[])
ORDER BY edition, number
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """One answer: a coding (None for the statement that there is none), how alike, by which map."""

    coding: Coding | None
    display: str = ""
    equivalence: str
    source: str
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is to be translated; `url` names a map, else all in force whose scope fits; `target_system` limits."""

    codings: Sequence[Coding]
    url: str = ""
    version: str = ""
    source: str = ""
    target: str = ""
    target_system: str = ""
    reverse: bool = False


async def translate(database: Database, catalogue: Catalogue, question: Question, depth: int = 0) -> list[Match]:
    """All that maps say, codings in their order. Raises HubError NOT_FOUND for a map that is not there."""
    if depth > _DEEPEST:
        raise HubError(Category.UNSUPPORTED, "refer to each other too deeply", where=CONCEPT_MAP, code="not-decided")
    maps = _maps(catalogue, question)
    found: list[Match] = []
    for coding in question.codings:
        rows = await _rows(database, coding, list(maps), reverse=question.reverse)
        wanted = [row for row in rows if _fits(row, question)]
        found += [_match(row, maps[row["edition"]], reverse=question.reverse) for row in wanted]
        silent = maps.keys() - {row["edition"] for row in rows}
        if not question.reverse:
            for number in sorted(silent):
                found += await _unmapped(database, catalogue, maps[number], coding, question, depth)
    return found


def _maps(catalogue: Catalogue, question: Question) -> dict[int, Edition]:
    if question.url:
        chosen = [catalogue.named(CONCEPT_MAP, question.url, question.version)]
    else:
        chosen = [one for one in catalogue.all(CONCEPT_MAP) if _in_scope(one.head, question)]
    return {one.number: one for one in chosen}


def _in_scope(head: Json, question: Question) -> bool:
    asked = {"source": question.source, "target": question.target}
    return all(not url or url in (head.get(f"{side}Uri"), head.get(f"{side}Canonical")) for side, url in asked.items())


async def _rows(database: Database, coding: Coding, maps: list[int], *, reverse: bool) -> list[Record]:
    async with database.connection() as connection:
        return await connection.fetch(_BACK if reverse else _ONWARDS, coding.code, coding.system, maps)


def _fits(row: Record, question: Question) -> bool:
    other = row["source_system"] if question.reverse else row["target_system"]
    return not question.target_system or other == question.target_system


def _match(row: Record, edition: Edition, *, reverse: bool) -> Match:
    equivalence = row["equivalence"]
    if reverse:
        coding, display = Coding(row["source_system"], row["source_code"]), ""
        equivalence = _REVERSED.get(equivalence, equivalence)
    else:
        coding, display = Coding(row["target_system"], row["target_code"]), row["target_display"]
    return Match(
        coding=coding if coding.code else None,
        display=display,
        equivalence=equivalence,
        source=edition.canonical,
        comment=row["comment"],
    )


async def _unmapped(
    database: Database, catalogue: Catalogue, edition: Edition, coding: Coding, question: Question, depth: int
) -> list[Match]:
    """What a map says of codes it does not list (R4 conceptmap.html, group.unmapped)."""
    found: list[Match] = []
    for group in edition.head.get("group", ()):
        rule: Any = group.get("unmapped", {})
        fits = group.get("source") == coding.system and question.target_system in ("", group.get("target"))
        if not fits:
            continue
        if rule.get("mode") == "provided":
            same = Coding(group.get("target", ""), coding.code)
            found.append(Match(coding=same, equivalence="equal", source=edition.canonical))
        elif rule.get("mode") == "fixed":
            fixed = Coding(group.get("target", ""), rule.get("code", ""))
            told = rule.get("display", "")
            found.append(Match(coding=fixed, display=told, equivalence="inexact", source=edition.canonical))
        elif rule.get("mode") == "other-map":
            other = Question(codings=[coding], url=rule.get("url", ""), target_system=question.target_system)
            found += await translate(database, catalogue, other, depth + 1)
    return found
