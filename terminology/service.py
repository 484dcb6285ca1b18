"""The terminology service: lookup, validation, subsumption, expansion, translation over what is loaded.

https://hl7.org/fhir/R4/terminology-service.html. It asks the database only for what it has not answered before: an
edition never changes, and answers are kept by the revision of the catalogue they were given under.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from hub.db.database import Database
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from terminology import expansion, translation
from terminology.catalogue import Catalogue, Catalogues
from terminology.fhir_source import concepts_among
from terminology.grammars import GRAMMARS, Test, concept_formed, edition_of
from terminology.model import ABSTRACT, CODE_SYSTEM, Coding, Concept, Edition, Found, Stated, code_key
from terminology.past import PastCatalogues
from terminology.reading import Concepts
from terminology.validating import A_PART, NO_CODE, Members, Verdict, displayed

MALFORMED: Final = "the code is not formed as the grammar of its system says"


@dataclass(frozen=True, slots=True)
class Looked:
    """A concept with its edition, and those right above and right below it."""

    edition: Edition
    concept: Found
    parents: Sequence[Found] = ()
    children: Sequence[Found] = ()


class Terminology:
    """Answers of one process. Every method raises HubError UNAVAILABLE when the database is away."""

    def __init__(self, database: Database, catalogues: Catalogues | None = None) -> None:
        self._database: Final = database
        self.catalogues: Final = catalogues or Catalogues(database)
        self.concepts: Final = Concepts(database)
        self._members: Final = Members(self.concepts)

    def at(self, moment: datetime) -> Terminology:
        """The same as it was in force at a moment; what it answers raises HubError UNSUPPORTED where that is not known
        any more.
        """
        return Terminology(self._database, PastCatalogues(self._database, moment))

    async def concept(self, coding: Coding, version: str = "") -> tuple[Edition, Found]:
        """The concept of a code. Raises HubError NOT_FOUND, by what is not there."""
        catalogue = await self.catalogues.now()
        return await self._concept(catalogue, coding, version)

    async def lookup(self, coding: Coding, version: str = "", *, around: bool = False) -> Looked:
        """All about a code; with `around` its parents and children too. Raises HubError NOT_FOUND.

        Of a code system that is a grammar there is the code itself, if it is well formed.
        """
        catalogue = await self.catalogues.now()
        grammar = _grammar(catalogue, coding.system, version)
        if grammar is not None:
            if not grammar(coding.code):
                raise HubError(Category.NOT_FOUND, MALFORMED, where="code", code="unknown-code")
            return Looked(edition_of(coding.system), concept_formed(coding.code))
        edition, found = await self._concept(catalogue, coding, version)
        if not around:
            return Looked(edition, found)
        parents = await self.concepts.numbered(catalogue, edition, found.parents)
        children = await self.concepts.children(catalogue, edition, found.number)
        return Looked(edition, found, parents, children)

    async def kind(self, coding: Coding) -> tuple[Edition, Found]:
        """As `concept`, of a code system whose levels are kinds. Raises HubError UNSUPPORTED for another."""
        return await self._kind(await self.catalogues.now(), coding, "")

    async def _kind(self, catalogue: Catalogue, coding: Coding, version: str) -> tuple[Edition, Found]:
        edition, found = await self._concept(catalogue, coding, version)
        if not edition.kinds:
            what = "the levels of the code system are no kinds"
            raise HubError(Category.UNSUPPORTED, what, where="system", code="no-subsumption")
        return edition, found

    async def _concept(self, catalogue: Catalogue, coding: Coding, version: str) -> tuple[Edition, Found]:
        edition = catalogue.named(CODE_SYSTEM, coding.system, version)
        found = await self.concepts.find(catalogue, edition, coding.code)
        if found is None:
            raise HubError(Category.NOT_FOUND, NO_CODE, where="code", code="unknown-code")
        return edition, found

    async def in_code_system(self, stated: Stated) -> Verdict:
        """Whether a code system has a code (R4 codesystem-operation-validate-code.html).

        Systems that are a grammar (UCUM, languages, media types) need not be loaded. Raises HubError NOT_FOUND for
        another that the hub does not hold.
        """
        catalogue, (coding, _, version, _) = await self.catalogues.now(), stated
        grammar = _grammar(catalogue, coding.system, version)
        if grammar is not None:
            sound = grammar(coding.code)
            return Verdict(sound, "" if sound else MALFORMED)
        edition = catalogue.named(CODE_SYSTEM, coding.system, version)
        found = await self.concepts.find(catalogue, edition, coding.code)
        if found is None:
            return Verdict(False, NO_CODE if edition.whole else A_PART)
        return displayed(found, stated)

    async def in_given(self, resource: Json, asked: Sequence[Stated]) -> list[Verdict]:
        """Whether a CodeSystem that is brought along has codes, in their order.

        It may be large: it is walked once, and beside the event loop.
        """
        concepts = await asyncio.to_thread(concepts_among, resource, {one.coding.code for one in asked})
        own = ("", resource.get("url", ""))
        verdicts = []
        for one in asked:
            found = concepts.get(code_key(resource, one.coding.code)) if one.coding.system in own else None
            verdicts.append(Verdict(False, NO_CODE) if found is None else displayed(_of_given(found), one))
        return verdicts

    async def in_value_set(self, url: str, asked: Sequence[Stated], inline: Json | None = None) -> list[Verdict]:
        """Whether a value set has codes; see `terminology.validating.Members.judged`."""
        return await self._members.judged(await self.catalogues.now(), url, asked, inline)

    async def names(self, codings: Sequence[Coding], language: str) -> dict[tuple[str, str], str]:
        """The names of codes in a language, of those that have one; one statement for each code system."""
        catalogue = await self.catalogues.now()
        found: dict[tuple[str, str], str] = {}
        for system, codes in _by_system(codings).items():
            edition = catalogue.find(CODE_SYSTEM, system)
            if edition is not None:
                concepts = {edition.key(one.code): one for one in await self.concepts.many(catalogue, edition, codes)}
                spoken = str(edition.head.get("language", ""))
                named = {code: concepts[edition.key(code)] for code in codes if edition.key(code) in concepts}
                told = {code: one.told_in(language, spoken) for code, one in named.items()}
                found |= {(system, code): name for code, name in told.items() if name}
        return found

    async def subsumes(self, system: str, one: str, other: str, version: str = "") -> str:
        """`equivalent`, `subsumes`, `subsumed-by` or `not-subsumed` (R4 codesystem-operation-subsumes.html).

        Raises HubError NOT_FOUND for a code the system does not have, UNSUPPORTED where its levels are no kinds.
        """
        catalogue = await self.catalogues.now()
        _, a = await self._kind(catalogue, Coding(system, one), version)
        _, b = await self._concept(catalogue, Coding(system, other), version)
        if a.number == b.number:
            return "equivalent"
        if a.number in b.ancestors:
            return "subsumes"
        return "subsumed-by" if b.number in a.ancestors else "not-subsumed"

    async def expand(self, wish: expansion.Wish) -> expansion.Page:
        """A page of a value set; see `terminology.expansion.expand`."""
        return await expansion.expand(await self.catalogues.now(), self.concepts, wish)

    async def translate(self, question: translation.Question) -> list[translation.Match]:
        """What maps say of codes; see `terminology.translation.translate`."""
        return await translation.translate(self._database, await self.catalogues.now(), question)


def _grammar(catalogue: Catalogue, system: str, version: str) -> Test | None:
    """The grammar of a code system that is one, where nobody loaded it and no version is named."""
    return None if version or catalogue.find(CODE_SYSTEM, system) is not None else GRAMMARS.get(system)


def _by_system(codings: Sequence[Coding]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for system, code in codings:
        found.setdefault(system, []).append(code)
    return found


def _of_given(concept: Concept) -> Found:
    """A concept of a code system that is brought along, as if it were read."""
    return Found(
        number=0,
        code=concept.code,
        display=concept.display,
        flags=concept.abstract * ABSTRACT,
        parents=(),
        ancestors=frozenset(),
        details=dict(concept.details),
    )
