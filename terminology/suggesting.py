"""What a local code may mean: codes that other maps give it, the same code in a code system, names that sound alike.

A name is compared by the parts the index has of it (terminology.text): characters and pairs of Chinese, letters of
other scripts, pinyin and its initials. The measure is Dice's: twice what is common over all there is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from asyncpg import Record

from hub.db.database import Database
from hub.fhir.json import loads
from hub.kernel.types import Coded, CodeSuggestion, UnmappedCode
from terminology.catalogue import Catalogue
from terminology.model import CODE_SYSTEM, CONCEPT_MAP, Edition
from terminology.service import Terminology
from terminology.text import hashed, searched, text_keys

#: Concepts that are compared in Python, those with most parts in common first.
_COMPARED: Final = 200
#: Less in common is chance.
_LEAST: Final = 0.3

_MAPPED: Final = """
SELECT DISTINCT target_system, target_code, target_display FROM term_mapping
WHERE source_code = $1 AND edition = ANY($2::int[]) AND equivalence = ANY('{equal,equivalent}') AND target_code <> ''
"""
_SAME: Final = "SELECT edition, code, display, details FROM term_concept WHERE edition = ANY($1::int[]) AND key = $2"
_ALIKE: Final = f"""
SELECT edition, code, display, details FROM term_concept c
WHERE edition = ANY($1::int[]) AND keys && $2::int[] AND flags & 2 = 0
ORDER BY (SELECT count(*) FROM unnest(c.keys) k WHERE k = ANY($2::int[])) DESC, number LIMIT {_COMPARED}
"""


class Suggestions:
    """Suggests meanings, the likeliest first."""

    def __init__(self, database: Database, terminology: Terminology) -> None:
        self._database: Final = database
        self._terminology: Final = terminology

    async def suggest(self, local: UnmappedCode, most: int) -> Sequence[CodeSuggestion]:
        """At most so many meanings of a local code. Raises HubError UNAVAILABLE."""
        catalogue = await self._terminology.catalogues.now()
        systems = {one.number: one for one in catalogue.all(CODE_SYSTEM) if one.head.get("content") != "supplement"}
        found = [*await self._mapped(catalogue, local), *await self._same(systems, local)]
        found += await self._alike(systems, local.display or local.code)
        best: dict[tuple[str, str], CodeSuggestion] = {}
        for one in sorted(found, key=lambda one: -one.score):
            best.setdefault(one.target[:2], one)
        return list(best.values())[:most]

    async def _mapped(self, catalogue: Catalogue, local: UnmappedCode) -> Iterable[CodeSuggestion]:
        maps = [one.number for one in catalogue.all(CONCEPT_MAP)]
        async with self._database.connection() as connection:
            rows = await connection.fetch(_MAPPED, local.code, maps)
        return [CodeSuggestion(target=Coded(*row), score=0.9, why="map") for row in rows]

    async def _same(self, systems: dict[int, Edition], local: UnmappedCode) -> Iterable[CodeSuggestion]:
        async with self._database.connection() as connection:
            rows = await connection.fetch(_SAME, list(systems), local.code)
        return [_suggestion(systems, row, 0.8, "code") for row in rows if len(local.code) > 2]

    async def _alike(self, systems: dict[int, Edition], text: str) -> Iterable[CodeSuggestion]:
        said = _forms(text)
        wanted = sorted(set[int]().union(*said))
        async with self._database.connection() as connection:
            rows = await connection.fetch(_ALIKE, list(systems), wanted)
        scored = [_suggestion(systems, row, _likeness(said, row), "name") for row in rows]
        return [one for one in scored if one.score >= _LEAST]


def _suggestion(systems: dict[int, Edition], row: Record, score: float, why: str) -> CodeSuggestion:
    target = Coded(systems[row["edition"]].url, row["code"], row["display"])
    return CodeSuggestion(target=target, score=round(score, 3), why=why)


def _likeness(said: Sequence[set[int]], row: Record) -> float:
    """That of the most similar name of a concept, in the form in which they are most similar."""
    designations = (str(one.get("value", "")) for one in loads(row["details"]).get("designation", ()))
    forms = [form for name in (row["display"], *designations) if name for form in _forms(name)]
    pairs = ((one, other) for one in said for other in forms)
    return max((2 * len(one & other) / (len(one) + len(other)) for one, other in pairs), default=0.0)


def _forms(text: str) -> list[set[int]]:
    """The parts of a text as it is written, spoken, and of the initials of that; single characters say too little."""
    lines = (text_keys(line) - set(map(hashed, line)) for line in searched([text]).split("\n"))
    return [form for form in lines if form]
