"""What pure code asks of the terminology, held in memory: the value sets of bindings, the maps of facility profiles.

Translators and validation are pure, so they cannot wait for a database. Whoever runs them calls `refresh` before a
batch or a request: what changed since is taken up then, all of it under one catalogue, and nothing in between.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from hub.db.database import Database
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Coded, Json
from terminology.answers import Answers
from terminology.catalogue import Catalogue
from terminology.compose import Composer
from terminology.model import CONCEPT_MAP, Edition, code_key, folds_case
from terminology.service import Terminology

#: A larger value set is not held: whether a code is in it is then not told.
_MOST: Final = 100_000
#: Equivalences under which the target says no more than the source (R4 concept-map-equivalence).
SAFE: Final = frozenset({"equal", "equivalent", "wider", "subsumes"})

_ROWS: Final = """
SELECT source_system, source_code, target_system, target_code, target_display FROM term_mapping
WHERE edition = $1 AND equivalence = ANY($2::text[]) AND target_code <> '' AND depends IS NULL ORDER BY number
"""

_Sets: TypeAlias = Mapping[str, Container[str]]
#: By source ("" for any) and code.
_Map: TypeAlias = Mapping[tuple[str, str], tuple[Coded, ...]]


class HeldMaps:
    """The maps that were wanted (`hub.kernel.ports.CodeMaps`)."""

    def __init__(self, database: Database, terminology: Terminology) -> None:
        self._database: Final = database
        self._terminology: Final = terminology
        self._wanted: Final[dict[str, None]] = {}
        self._revision = -1
        self._editions: Mapping[str, Edition | None] = {}
        self._maps: Final[dict[int, _Map]] = {}

    @property
    def revision(self) -> int:
        """See `CodeMaps`."""
        return self._revision

    def want(self, url: str) -> None:
        """See `CodeMaps.want`."""
        if url not in self._wanted:
            self._wanted[url] = None
            self._revision = -1

    def targets(self, url: str, code: str, source: str = "") -> tuple[Coded, ...]:
        """See `CodeMaps.targets`."""
        edition = self._editions.get(url)
        if edition is None:
            return ()
        return self._maps[edition.number].get((source, code)) or _unmapped(edition.head, code, source)

    async def refresh(self) -> None:
        """See `CodeMaps.refresh`. What was approved a moment ago counts, so the database itself is asked."""
        if not self._wanted:
            return
        catalogue = await self._terminology.catalogues.latest()
        if catalogue.revision == self._revision:
            return
        editions = {url: catalogue.find(CONCEPT_MAP, url) for url in self._wanted}
        for edition in editions.values():
            if edition is not None and edition.number not in self._maps:
                self._maps[edition.number] = await self._rows(edition)
        self._editions, self._revision = editions, catalogue.revision
        used = {edition.number for edition in editions.values() if edition is not None}
        for number in self._maps.keys() - used:
            del self._maps[number]

    async def _rows(self, edition: Edition) -> _Map:
        async with self._database.connection() as connection:
            rows = await connection.fetch(_ROWS, edition.number, sorted(SAFE))
        found: dict[tuple[str, str], tuple[Coded, ...]] = {}
        for source, code, *target in rows:
            for key in dict.fromkeys([(source, code), ("", code)]):
                found[key] = (*found.get(key, ()), Coded(*target))
        return found


def _unmapped(head: Json, code: str, source: str) -> tuple[Coded, ...]:
    """What a map says of every code it does not list (R4 conceptmap.html, group.unmapped); not by other maps."""
    for group in head.get("group", ()):
        rule, target = group.get("unmapped", {}), group.get("target", "")
        if source not in ("", group.get("source", "")):
            continue
        if rule.get("mode") == "provided" and target:
            return (Coded(target, code),)
        if rule.get("mode") == "fixed" and target and rule.get("code"):
            return (Coded(target, rule["code"], rule.get("display", "")),)
    return ()


class HeldSets:
    """The value sets that elements are bound to (`hub.kernel.ports.ValueSets`): url -> its definition, where one is at
    hand that need not be loaded.
    """

    def __init__(self, terminology: Terminology, wanted: Mapping[str, Json | None]) -> None:
        self._terminology: Final = terminology
        self._answers: Final = Answers(terminology)
        self._wanted: Final = dict(wanted)
        self._revision = -1
        self._sets: Mapping[str, _Sets] = {}

    def __call__(self, url: str, /) -> _Sets | None:
        """See `ValueSets`."""
        return self._sets.get(url)

    def want(self, url: str) -> None:
        """Let the value set of this URL be there from the next `refresh` on, as soon as it is loaded."""
        if url not in self._wanted:
            self._wanted[url] = None
            self._revision = -1

    async def refresh(self) -> None:
        """Take up what is in force now, as of the last second. Raises HubError UNAVAILABLE."""
        catalogue = await self._terminology.catalogues.now()
        if catalogue.revision == self._revision:
            return
        found = {url: await self._set(catalogue, url, stated) for url, stated in self._wanted.items()}
        self._sets = {url: codes for url, codes in found.items() if codes is not None}
        self._revision = catalogue.revision

    async def _set(self, catalogue: Catalogue, url: str, stated: Json | None) -> _Sets | None:
        composer = Composer(catalogue, self._terminology.concepts)
        try:
            meaning = await (composer.of(stated) if stated is not None else composer.named(url))
            codes = await self._answers.codes(meaning, _MOST)
        except HubError as error:
            if error.category is Category.UNAVAILABLE:
                raise
            return None
        found: dict[str, set[str]] = {}
        for system, code in codes:
            found.setdefault(system, set()).add(code)
        heads = {edition.url: edition.head for edition, _ in meaning.conditions.values()}
        return {system: _codes(heads.get(system, {}), held) for system, held in found.items()}


@dataclass(frozen=True, slots=True)
class _Caseless:
    """Codes of a system (`head`) that does not tell cases apart (R4 codesystem.html, caseSensitive)."""

    head: Json
    keys: frozenset[str]

    def __contains__(self, code: object) -> bool:
        return isinstance(code, str) and code_key(self.head, code) in self.keys


def _codes(head: Json, codes: set[str]) -> Container[str]:
    if not folds_case(head):
        return codes
    return _Caseless(head, frozenset(code_key(head, code) for code in codes))
