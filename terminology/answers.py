"""The terminology as the rest of the hub asks it: `hub.kernel.ports.Terms` and `Names` over the service.

Sets of codes are kept by the revision of the catalogue they were made under, so that no switch of an edition is missed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Final, TypeAlias

from hub.fhir.json import dumps
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from terminology.catalogue import Catalogue
from terminology.compose import Composer, Meaning
from terminology.condition import Below, Condition, Either, Numbers
from terminology.model import CODE_SYSTEM, Coding, Edition
from terminology.service import Terminology

#: Sets of codes kept in memory.
_KEPT: Final = 200

_Key: TypeAlias = tuple[str, ...]
_Codes: TypeAlias = frozenset[tuple[str, str]]


class Answers:
    """Answers to the hub's own questions."""

    def __init__(self, terminology: Terminology) -> None:
        self._terminology: Final = terminology
        self._revision = -1
        self._kept: Final[dict[_Key, _Codes]] = {}

    async def members(self, value_set: str | Json, most: int) -> Collection[tuple[str, str]]:
        """See `Terms.members`."""

        async def found(catalogue: Catalogue) -> _Codes:
            composer = Composer(catalogue, self._terminology.concepts)
            if isinstance(value_set, str):
                return await self.codes(await composer.named(value_set), most)
            return await self.codes(await composer.of(value_set), most)

        key = value_set if isinstance(value_set, str) else dumps(value_set).decode()
        return await self._once(("in", key, str(most)), found)

    async def codes(self, meaning: Meaning, most: int) -> frozenset[tuple[str, str]]:
        """All codes of a meaning. Raises HubError UNSUPPORTED where a system is not held whole, TOO_LARGE."""
        meaning.require_lists()
        codes: set[tuple[str, str]] = {(coding.system, coding.code) for coding in meaning.listed}
        for edition, condition in meaning.conditions.values():
            if not edition.whole:
                raise _unlisted("a code system in it is not held completely")
            codes |= await self._codes(edition, condition, most - len(codes))
        return frozenset(codes)

    async def _codes(self, edition: Edition, condition: Condition, most: int) -> set[tuple[str, str]]:
        found = await self._terminology.concepts.codes(edition, condition, most + 1)
        if len(found) > most:
            raise HubError(Category.TOO_LARGE, "has more codes than are looked for", where="codes", code="too-costly")
        return {(edition.url, code) for code in found}

    async def kinds(self, system: str, code: str, *, up: bool, most: int) -> Collection[str]:
        """See `Terms.kinds`."""

        async def found(catalogue: Catalogue) -> _Codes:
            edition = _hierarchy(catalogue, system)
            at = await self._terminology.concepts.find(catalogue, edition, code)
            if at is None:
                return frozenset()
            itself = Numbers((at.number, *at.ancestors) if up else (at.number,))
            return frozenset(await self._codes(edition, itself if up else Either((itself, Below(at.number))), most))

        codes = await self._once(("above" if up else "below", system, code, str(most)), found)
        return [one for _, one in codes]

    async def defining(self, codes: Collection[str] | None) -> Collection[str]:
        """See `Terms.defining`."""
        catalogue = await self._terminology.catalogues.now()
        editions = {one.number: one for one in catalogue.versions(CODE_SYSTEM) if one.total}
        if codes is None:
            return [one.resource for one in editions.values()]
        return [editions[at].resource for at in await self._terminology.concepts.holding(editions.values(), codes)]

    async def displays(self, codes: Collection[tuple[str, str]], language: str) -> Mapping[tuple[str, str], str]:
        """See `Names.displays`."""
        return await self._terminology.names([Coding(*one) for one in codes], language)

    async def _once(self, key: _Key, make: Callable[[Catalogue], Awaitable[_Codes]]) -> _Codes:
        """What was made before under this revision, else made now. What is not there cannot be listed either.

        What was made while the catalogue moved on is the answer of its asker, and of nobody who asks later.
        """
        catalogue = await self._terminology.catalogues.now()
        if catalogue.revision != self._revision or len(self._kept) >= _KEPT:
            self._kept.clear()
            self._revision = catalogue.revision
        if key in self._kept:
            return self._kept[key]
        try:
            made = await make(catalogue)
        except HubError as error:
            if error.category is not Category.NOT_FOUND:
                raise
            raise _unlisted("the hub does not hold it") from None
        if catalogue.revision == self._revision:
            self._kept[key] = made
        return made


def _hierarchy(catalogue: Catalogue, system: str) -> Edition:
    """The edition whose levels are kinds. Raises HubError NOT_FOUND, UNSUPPORTED."""
    edition = catalogue.named(CODE_SYSTEM, system)
    if not edition.whole:
        raise _unlisted("the code system is not held completely")
    if not edition.kinds:
        raise _unlisted("the levels of the code system are not kinds")
    return edition


def _unlisted(what: str) -> HubError:
    return HubError(
        Category.UNSUPPORTED,
        f"cannot be expanded: {what}",
        todo="load the value set and the complete code systems it takes in (docs/how-to/load-code-systems.md)",
        code="not-expandable",
    )
