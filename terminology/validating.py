"""Whether codes are valid: in a value set, by its composition; and with the display that was stated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hub.fhir.fold import fold
from hub.kernel.types import Json
from terminology.catalogue import Catalogue
from terminology.compose import Composer, Listed, Meaning
from terminology.model import CODE_SYSTEM, Coding, Found, Stated
from terminology.reading import Concepts
from terminology.versions import ANY, Versions

#: Meanings of value sets, and verdicts, kept in memory.
_KEPT: Final = 1_000
_VERDICTS: Final = 100_000

NO_CODE: Final = "the code system has no such code"
A_PART: Final = "the hub holds a part of the code system only"
OTHER_VERSION: Final = "the code is stated in another version of its code system"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a code is valid, why not, and the display it should have."""

    result: bool
    message: str = ""
    display: str = ""
    abstract: bool = False


class Members:
    """Judges codes by value sets; what was judged before is kept by the revision of the catalogue."""

    def __init__(self, concepts: Concepts) -> None:
        self._concepts: Final = concepts
        self._meanings: dict[tuple[int, str], Meaning] = {}
        self._verdicts: dict[tuple[int, str, Coding], Verdict] = {}

    async def judged(
        self, catalogue: Catalogue, url: str, asked: Sequence[Stated], inline: Json | None
    ) -> list[Verdict]:
        """Whether a value set has codes (R4 valueset-operation-validate-code.html), in their order; `inline` in place
        of `url`. It is composed once, unless several versions of one code system are stated.

        Raises HubError NOT_FOUND, UNSUPPORTED as an expansion does.
        """
        composed: dict[int, Meaning] = {}
        verdicts = []
        for one, versions in zip(asked, _versions(catalogue, asked), strict=True):
            plain = inline is None and not (one.version or one.display or one.language)
            key = (catalogue.revision, url, one.coding)
            known = self._verdicts.get(key) if plain else None
            if known is None:
                if id(versions) not in composed:
                    composed[id(versions)] = await self._meaning(catalogue, url, inline, versions)
                known = await self._judged(catalogue, composed[id(versions)], one)
                if plain:
                    self._keep(key, known)
            verdicts.append(known)
        return verdicts

    def _keep(self, key: tuple[int, str, Coding], verdict: Verdict) -> None:
        if len(self._verdicts) >= _VERDICTS:
            self._verdicts.clear()
        self._verdicts[key] = verdict

    async def _meaning(self, catalogue: Catalogue, url: str, inline: Json | None, versions: Versions) -> Meaning:
        composer = Composer(catalogue, self._concepts, versions)
        if inline is not None or versions is not ANY:
            return await (composer.of(inline) if inline is not None else composer.named(url))
        key = (catalogue.revision, url)
        if key not in self._meanings:
            if len(self._meanings) >= _KEPT:
                self._meanings.clear()
            self._meanings[key] = await composer.named(url)
        return self._meanings[key]

    async def _judged(self, catalogue: Catalogue, meaning: Meaning, stated: Stated) -> Verdict:
        coding = stated.coding
        if coding in meaning.listed:
            return _listed(catalogue, meaning.listed[coding], stated)
        if meaning.has(coding):
            return Verdict(True)
        parts = [each for each in meaning.conditions.values() if each[0].url == coding.system]
        meant = [each for each in parts if stated.version in ("", each[0].version)]
        for edition, condition in meant:
            if await self._concepts.fits(edition, condition, coding.code):
                found = await self._concepts.find(catalogue, edition, coding.code)
                if found is not None:
                    return displayed(meaning.renamed(edition, found), stated, found.display)
        if parts and not meant:
            return Verdict(False, OTHER_VERSION)
        known = all(edition.whole for edition, _ in parts)
        return Verdict(False, "the value set does not have the code" if known else A_PART)


def _listed(catalogue: Catalogue, told: Listed, stated: Stated) -> Verdict:
    """Of a code that is listed, whose system the hub may not hold: then every version of it may have the code."""
    held = (one.version for one in catalogue.editions.get((CODE_SYSTEM, stated.coding.system), ()))
    versions = {told.version} if told.version else {*held}
    if stated.version and versions and stated.version not in versions:
        return Verdict(False, OTHER_VERSION)
    wrong = stated.display and told.display and fold(told.display) != fold(stated.display)
    return Verdict(not wrong, "the display is none of this code" if wrong else "", told.display)


def _versions(catalogue: Catalogue, asked: Sequence[Stated]) -> list[Versions]:
    """By which versions each is judged: all by the same, unless a code system is stated in several. One that is held,
    but not in the version that is stated, is taken as it is in force: the code is found to be of another.
    """
    shared: list[dict[str, str]] = []
    places = []
    for coding, _, told, _ in asked:
        held = {one.version for one in catalogue.editions.get((CODE_SYSTEM, coding.system), ())}
        version = told if not held or told in held else ""
        fits = (at for at, one in enumerate(shared) if one.get(coding.system, version) == version)
        place = next(fits, len(shared))
        if place == len(shared):
            shared.append({})
        shared[place][coding.system] = version
        places.append(place)
    stated = [{system: version for system, version in one.items() if version} for one in shared]
    made = [Versions(stated=one) if one else ANY for one in stated]
    return [made[place] for place in places]


def displayed(found: Found, stated: Stated, also: str = "") -> Verdict:
    """A display is right if it is one of the names, whatever its case (R4 validate-code, display); or `also`, which the
    code system calls what a value set renames.
    """
    names = [also, found.display, *(str(one.get("value", "")) for one in found.details.get("designation", ()))]
    told = found.named(stated.language)
    if stated.display and fold(stated.display) not in map(fold, names):
        return Verdict(False, "the display is none of this code", told)
    return Verdict(True, "", told, found.abstract)
