"""Expands a value set page by page (R4 valueset-operation-expand.html), in the order its code systems have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from terminology.catalogue import Catalogue
from terminology.compose import Composer, Meaning, restricted, without
from terminology.condition import ACTIVE, SELECTABLE
from terminology.matching import matching
from terminology.model import VALUE_SET, Edition, Found
from terminology.nesting import nested
from terminology.reading import Concepts
from terminology.versions import ANY, Versions

#: The system of languages (BCP 47), by which a designation may be asked for.
LANGUAGES: Final = "urn:ietf:bcp:47"
#: Codes one answer may have.
MOST: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is asked of an expansion: `value_set` as a resource, else `url`. `count` None: all of it.

    `selectable`: no abstract concepts. `nested`: as a hierarchy. `without` are code systems by url and version
    ("": any). `wanted` limits designations to languages and uses, each a system and a code; none is no limit.
    """

    url: str = ""
    value_set: Json | None = None
    text: str = ""
    offset: int = 0
    count: int | None = None
    active_only: bool = False
    language: str = ""
    designations: bool = False
    versions: Versions = ANY
    without: frozenset[tuple[str, str]] = frozenset()
    wanted: frozenset[tuple[str, str]] = frozenset()
    selectable: bool = False
    nested: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """The total, the entries asked for, and the code systems that were used as `url|version`."""

    total: int
    contains: list[Json]
    used: list[str]


async def expand(catalogue: Catalogue, concepts: Concepts, wish: Wish) -> Page:
    """A page of a value set.

    Raises HubError NOT_FOUND for a set that is not there, UNSUPPORTED for one that cannot be decided, TOO_LARGE
    (`too-costly`) where everything is asked and it is more than MOST, and for a filter of very many words.
    """
    composer = Composer(catalogue, concepts, wish.versions)
    meaning = await (composer.of(wish.value_set) if wish.value_set is not None else composer.named(wish.url))
    meaning = _limited(catalogue, meaning, wish)
    meaning.require_lists()
    if (
        wish.text
        and not wish.nested
        and 0 < (wish.count or 0) <= MOST
        and len(meaning.conditions) == 1
        and not meaning.listed
    ):
        page = await _filtered_page(catalogue, concepts, meaning, wish)
        if page.contains:
            return page
    counts = {n: await concepts.count(edition, asked) for n, (edition, asked) in meaning.conditions.items()}
    total = sum(counts.values()) + len(meaning.listed)
    if (wish.count is None and total - wish.offset > MOST) or (wish.count or 0) > MOST:
        todo = f"ask for pages (count, offset) of at most {MOST}, or filter"
        raise HubError(Category.TOO_LARGE, f"has more than {MOST} codes", where=VALUE_SET, todo=todo, code="too-costly")
    way = _tree if wish.nested else _page
    contains = await way(catalogue, concepts, meaning, counts, wish)
    return Page(total, contains, _used(meaning))


def _used(meaning: Meaning) -> list[str]:
    """The code systems by url and version, as far as their versions are told."""
    listed = dict.fromkeys(f"{coding.system}|{told.version}" for coding, told in meaning.listed.items() if told.version)
    return [*(edition.canonical for edition, _ in meaning.conditions.values()), *listed]


def _limited(catalogue: Catalogue, meaning: Meaning, wish: Wish) -> Meaning:
    """What of a value set is asked for."""
    if wish.without:
        meaning = without(meaning, wish.without)
    if wish.text:
        meaning = matching(catalogue, meaning, wish.text)
    if wish.active_only:
        meaning = restricted(meaning, ACTIVE)
    return restricted(meaning, SELECTABLE) if wish.selectable else meaning


async def _filtered_page(catalogue: Catalogue, concepts: Concepts, meaning: Meaning, wish: Wish) -> Page:
    """A page of one code system, as people ask for while they type: counted and read in one scan."""
    ((edition, condition),) = meaning.conditions.values()
    named = wish.designations or bool(wish.language)
    total, rows = await concepts.found(
        catalogue, edition, condition, offset=wish.offset, count=wish.count or 0, named=named
    )
    return Page(total, [_entry(edition, meaning.renamed(edition, one), wish) for one in rows], [edition.canonical])


async def _page(
    catalogue: Catalogue, concepts: Concepts, meaning: Meaning, counts: Mapping[int, int], wish: Wish
) -> list[Json]:
    left, skip = MOST if wish.count is None else wish.count, wish.offset
    found: list[Json] = []
    for number, (edition, condition) in meaning.conditions.items():
        if left > 0 and skip < counts[number]:
            named = wish.designations or bool(wish.language)
            rows = await concepts.listed(catalogue, edition, condition, offset=skip, count=left, named=named)
            found += [_entry(edition, meaning.renamed(edition, one), wish) for one in rows]
            left -= len(rows)
        skip = max(0, skip - counts[number])
    return found + _listed(meaning, skip, skip + max(left, 0))


async def _tree(
    catalogue: Catalogue, concepts: Concepts, meaning: Meaning, counts: Mapping[int, int], wish: Wish
) -> list[Json]:
    """All of a value set as a hierarchy. Raises HubError UNSUPPORTED for a page: there is none of a tree."""
    if wish.offset or (wish.count is not None and wish.count < sum(counts.values()) + len(meaning.listed)):
        todo = "leave out count and offset, or take it flat (excludeNested)"
        what = "a page of a hierarchy is no hierarchy"
        raise HubError(Category.UNSUPPORTED, what, where="excludeNested", todo=todo, code="nested")
    found: list[Json] = []
    for edition, condition in meaning.conditions.values():
        rows = await concepts.select(catalogue, edition, condition)
        found += nested(rows, [_entry(edition, meaning.renamed(edition, one), wish) for one in rows])
    return found + _listed(meaning, 0, len(meaning.listed))


def _listed(meaning: Meaning, start: int, end: int) -> list[Json]:
    return [
        {
            "system": coding.system,
            **({"version": told.version} if told.version else {}),
            "code": coding.code,
            **({"display": told.display} if told.display else {}),
        }
        for coding, told in list(meaning.listed.items())[start:end]
    ]


def _entry(edition: Edition, concept: Found, wish: Wish) -> Json:
    told: dict[str, Any] = {"system": edition.url}
    if concept.abstract:
        told["abstract"] = True
    if concept.inactive:
        told["inactive"] = True
    if edition.version:
        told["version"] = edition.version
    told["code"] = concept.code
    display = concept.named(wish.language)
    if display:
        told["display"] = display
    designations = _designations(concept, wish)
    if designations:
        told["designation"] = designations
    return told


def _designations(concept: Found, wish: Wish) -> list[Json]:
    found: list[Json] = concept.details.get("designation", []) if wish.designations else []
    return [one for one in found if wish.wanted & _said_of(one)] if wish.wanted else found


def _said_of(designation: Json) -> set[tuple[str, str]]:
    """The language of a designation, as it is and as its primary subtag, and its use; as system and code."""
    language, use = str(designation.get("language", "")), designation.get("use", {})
    tags = {(LANGUAGES, language), (LANGUAGES, language.partition("-")[0])}
    return tags | {(str(use.get("system", "")), str(use.get("code", "")))}
