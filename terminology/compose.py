"""A value set as conditions on code systems that are loaded, and as listed codes of those that are not.

R4 valueset.html#compositions: what one include states must all hold, includes are united, excludes taken away. Nothing
is expanded here: importing a set of 500,000 codes costs as little as importing one of five.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from terminology import grammars
from terminology.catalogue import Catalogue
from terminology.condition import ACTIVE, NOTHING, Both, Condition, Either, Every, Keys, Not
from terminology.fhir_source import concept_of
from terminology.filters import condition_of, undecided
from terminology.grammars import GRAMMARS, Tests
from terminology.implied import implicit, of_messages, of_specification, version_of_r4
from terminology.model import CODE_SYSTEM, VALUE_SET, Coding, Edition, Found
from terminology.reading import Concepts
from terminology.versions import ANY, Versions

_DEEPEST: Final = 10
#: Parts, filters and value sets of a composition, with all it refers to; each is a comparison of its own.
_PARTS: Final = 1_000


class Listed(NamedTuple):
    """What is told of a code by who lists it; `version`: of its system."""

    display: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a value set means: a condition for each edition, listed codings, and tests of systems that are grammars.

    `own`: what the value set names codes of the editions itself (R4 ValueSet.compose.include.concept: display and
    designation), by the code as it is compared.
    """

    conditions: Mapping[int, tuple[Edition, Condition]] = field(default_factory=dict)
    listed: Mapping[Coding, Listed] = field(default_factory=dict)
    own: Mapping[Coding, Json] = field(default_factory=dict)
    formed: Tests = field(default_factory=dict)

    def require_lists(self) -> None:
        """Raises HubError UNSUPPORTED where not all codes can be listed."""
        if self.formed:
            raise undecided("its codes are decided by their syntax, and cannot be listed")

    def has(self, coding: Coding) -> bool:
        """Whether a coding is listed, or well formed where that decides."""
        return coding in self.listed or (coding.system in self.formed and self.formed[coding.system](coding.code))

    def condition(self, edition: Edition) -> Condition:
        return self.conditions.get(edition.number, (edition, NOTHING))[1]

    def renamed(self, edition: Edition, concept: Found) -> Found:
        """The concept with the names it has here."""
        own = self.own.get(Coding(edition.url, edition.key(concept.code)))
        return concept if own is None else concept.renamed(own)


class Composer:
    """Reads value sets against one catalogue."""

    def __init__(self, catalogue: Catalogue, concepts: Concepts, versions: Versions = ANY) -> None:
        self._catalogue: Final = catalogue
        self._concepts: Final = concepts
        self._versions: Final = versions
        self._parts = 0

    async def named(self, canonical: str, depth: int = 0) -> Meaning:
        """By `url` or `url|version`. Raises HubError NOT_FOUND, UNSUPPORTED for what cannot be decided, TOO_LARGE
        (`too-costly`) for more than _PARTS parts.
        """
        self._count(1)
        if depth > _DEEPEST:
            raise undecided("value sets refer to each other too deeply")
        edition = self._catalogue.find(VALUE_SET, canonical)
        if edition is not None:
            return await self.of(edition.head, depth)
        implied = implicit(canonical, self._catalogue)
        if implied is not None:
            return await self.of(implied, depth)
        codings = of_specification(canonical)
        if codings is not None:
            return await self._known(codings)
        table = of_messages(canonical)
        if table is None:
            self._catalogue.named(VALUE_SET, canonical)
            return Meaning()
        return _all_of(table)

    def _count(self, more: int) -> None:
        self._parts += more
        if self._parts > _PARTS:
            what, todo = f"has more than {_PARTS} parts and filters", "list codes of one system in one part"
            raise HubError(Category.TOO_LARGE, what, where=VALUE_SET, todo=todo, code="too-costly")

    async def _known(self, codings: Mapping[str, Container[str]]) -> Meaning:
        """R4's own codes, with what the hub holds of their systems: all it says where it holds all of one, else names;
        or by their syntax.
        """
        conditions: dict[int, tuple[Edition, Condition]] = {}
        listed: dict[Coding, Listed] = {}
        formed = {system: grammars.part_of(system, c) for system, c in codings.items() if not isinstance(c, frozenset)}
        for system, codes in ((system, sorted(c)) for system, c in codings.items() if isinstance(c, frozenset)):
            edition = self._edition(system, "")
            if edition is not None and edition.whole:
                conditions[edition.number] = (edition, Keys(tuple(map(edition.key, codes))))
            else:
                names = await self._names(edition, codes)
                version = version_of_r4(system)
                listed |= {Coding(system, code): Listed(names.get(code, ""), version) for code in codes}
        return Meaning(conditions, listed, formed=formed)

    async def _names(self, edition: Edition | None, codes: Sequence[str]) -> dict[str, str]:
        held = [] if edition is None else await self._concepts.many(self._catalogue, edition, codes)
        return {one.code: one.display for one in held}

    async def of(self, value_set: Json, depth: int = 0) -> Meaning:
        """Of a ValueSet resource: its composition, or the whole expansion it brings where that cannot be decided."""
        compose = value_set.get("compose")
        if compose is None:
            return _expanded(value_set)
        try:
            return await self._composed(compose, depth)
        except HubError as error:
            if error.category not in {Category.UNSUPPORTED, Category.NOT_FOUND} or "expansion" not in value_set:
                raise
            return _expanded(value_set)

    async def _composed(self, compose: Json, depth: int) -> Meaning:
        found = Meaning()
        for part in compose.get("include", ()):
            found = _united(found, await self._part(part, depth))
        for part in compose.get("exclude", ()):
            found = _less(found, await self._part(part, depth))
        return found if compose.get("inactive") is not False else restricted(found, ACTIVE)

    async def _part(self, part: Json, depth: int) -> Meaning:
        self._count(1 + len(part.get("filter", ())))
        parts = [await self.named(name, depth + 1) for name in part.get("valueSet", ())]
        if part.get("system"):
            parts.append(await self._system(part))
        if not parts:
            raise undecided("it has a part without a system and without a value set")
        found = parts[0]
        for other in parts[1:]:
            found = _common(found, other)
        return found

    async def _system(self, part: Json) -> Meaning:
        edition = self._edition(part["system"], part.get("version", ""))
        if edition is None or edition.head.get("content") == "not-present" or (not edition.whole and "concept" in part):
            return self._listed(part)
        reading = (self._concepts, self._catalogue, edition)
        filters = [await condition_of(*reading, one) for one in part.get("filter", ())]
        if "concept" in part:
            filters.append(Keys(tuple([edition.key(one["code"]) for one in part["concept"]])))
        condition = Both(tuple(filters)) if filters else Every()
        return Meaning({edition.number: (edition, condition)}, own=_own_names(edition, part.get("concept", ())))

    def _edition(self, url: str, version: str) -> Edition | None:
        edition = self._catalogue.find(CODE_SYSTEM, url, self._versions.wanted(url, version))
        if edition is not None:
            self._versions.check(edition)
        return edition

    def _listed(self, part: Json) -> Meaning:
        """Of a code system that is not loaded only the listed codes are known, unless it is a grammar."""
        if part["system"] in GRAMMARS and not {"concept", "filter", "version"} & part.keys():
            return Meaning(formed={part["system"]: GRAMMARS[part["system"]]})
        if "concept" not in part or part.get("filter"):
            self._catalogue.named(CODE_SYSTEM, part["system"], part.get("version", ""))
            raise undecided("it takes in a code system of which the hub has no codes")
        system, version = part["system"], part.get("version", "")
        return Meaning(
            {}, {Coding(system, one["code"]): Listed(one.get("display", ""), version) for one in part["concept"]}
        )


def _all_of(system: Json) -> Meaning:
    """All codes of a code system that is brought along, but those that are abstract."""
    found: dict[Coding, Listed] = {}
    for one in map(concept_of, system["concept"]):
        if not one.abstract:
            found[Coding(system["url"], one.code)] = Listed(one.display, system["version"])
    return Meaning({}, found)


def _expanded(value_set: Json) -> Meaning:
    """A value set without composition that brings its expansion, all of it."""
    expansion = value_set.get("expansion")
    if expansion is None or expansion.get("offset"):
        raise undecided("it has neither a composition nor a whole expansion")
    found: dict[Coding, Listed] = {}
    waiting = list(reversed(expansion.get("contains", ())))
    while waiting:
        one = waiting.pop()
        if one.get("system") and one.get("code") and one.get("abstract") is not True:
            found[Coding(one["system"], one["code"])] = Listed(one.get("display", ""), one.get("version", ""))
        waiting += reversed(one.get("contains", ()))
    if expansion.get("total", len(found)) > len(found):
        raise undecided("it has one page of its expansion only")
    return Meaning({}, found)


def restricted(meaning: Meaning, condition: Condition) -> Meaning:
    """Those of the loaded concepts that also fit a condition."""
    conditions = {
        number: (edition, Both((known, condition))) for number, (edition, known) in meaning.conditions.items()
    }
    return replace(meaning, conditions=conditions)


def without(meaning: Meaning, systems: Collection[tuple[str, str]]) -> Meaning:
    """Without the codes of some code systems, named by url and version ("": of any)."""

    def stays(url: str, version: str) -> bool:
        return (url, "") not in systems and (url, version) not in systems

    conditions = {number: told for number, told in meaning.conditions.items() if stays(told[0].url, told[0].version)}
    listed = {coding: told for coding, told in meaning.listed.items() if stays(coding.system, told.version)}
    formed = {system: test for system, test in meaning.formed.items() if stays(system, "")}
    return replace(meaning, conditions=conditions, listed=listed, formed=formed)


def _united(one: Meaning, other: Meaning) -> Meaning:
    merged = dict(one.conditions)
    for number, (edition, condition) in other.conditions.items():
        known = merged.get(number)
        merged[number] = (edition, condition if known is None else _or(known[1], condition))
    formed = grammars.united(one.formed, other.formed)
    return Meaning(merged, {**other.listed, **one.listed}, {**other.own, **one.own}, formed)


def _common(one: Meaning, other: Meaning) -> Meaning:
    """Codes of both. A listed code of a system that the other side has as a condition counts as a code of it."""
    if len(one.conditions.keys() | other.conditions.keys()) != len(_urls(one) | _urls(other)):
        raise undecided("it meets two versions of one code system")
    merged: dict[int, tuple[Edition, Condition]] = {}
    for number in one.conditions.keys() | other.conditions.keys():
        edition = (one.conditions.get(number) or other.conditions[number])[0]
        merged[number] = (edition, _and(_of_either(one, edition), _of_either(other, edition)))
    held = {edition.url for edition, _ in merged.values()}
    listed = {coding: told for coding, told in one.listed.items() if other.has(coding) and coding[0] not in held}
    listed |= {coding: told for coding, told in other.listed.items() if coding not in one.listed and one.has(coding)}
    return Meaning(merged, listed, {**other.own, **one.own}, grammars.common(one.formed, other.formed))


def _less(one: Meaning, other: Meaning) -> Meaning:
    if any(system in _urls(other) for system, _ in one.listed):
        raise undecided("it meets two versions of one code system")
    merged = {
        number: (edition, _and(condition, Not(_of_either(other, edition))))
        for number, (edition, condition) in one.conditions.items()
    }
    listed = {coding: told for coding, told in one.listed.items() if not other.has(coding)}
    return Meaning(merged, listed, one.own, grammars.less(one.formed, other.formed, other.listed))


def _or(one: Condition, other: Condition) -> Condition:
    """Beside each other, not one within the other: many parts would be as many levels."""
    return Either((*(one.parts if isinstance(one, Either) else (one,)), other))


def _and(one: Condition, other: Condition) -> Condition:
    sides = (side.parts if isinstance(side, Both) else (side,) for side in (one, other))
    return Both(tuple([part for parts in sides for part in parts]))


def _own_names(edition: Edition, listed: Sequence[Json]) -> dict[Coding, Json]:
    named = (one for one in listed if one.get("display") or one.get("designation"))
    return {Coding(edition.url, edition.key(one["code"])): one for one in named}


def _urls(meaning: Meaning) -> set[str]:
    return {edition.url for edition, _ in meaning.conditions.values()}


def _of_either(meaning: Meaning, edition: Edition) -> Condition:
    """What a meaning has of an edition: by condition, or as a listed code."""
    keys = tuple([edition.key(code) for system, code in meaning.listed if system == edition.url])
    return _or(meaning.condition(edition), Keys(keys)) if keys else meaning.condition(edition)
