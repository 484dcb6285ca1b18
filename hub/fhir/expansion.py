"""Which codes a value set has, as far as definitions tell: lists, whole code systems, hierarchies, other value sets.

R4 valueset.html#compositions: parts of `include` are united, what one part says of a system and of value sets is met by
both, `exclude` takes away. A filter other than those on the hierarchy of a system at hand leaves the set undecided.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

#: Code system -> its codes, or None where nobody lists them.
Expansion = dict[str, list[str] | None]
Resource = Mapping[str, Any]

_WHOLE: Final = frozenset({"complete"})


class Expander:
    """Expands value sets by the ValueSet and CodeSystem resources at hand; `url` may end in `|version`."""

    def __init__(self, sets: Iterable[Resource], systems: Iterable[Resource]) -> None:
        self._sets: Final = {row["url"]: row for row in sets if "url" in row}
        self._systems: Final = {row["url"]: row for row in systems if "url" in row}

    def expand(self, url: str, known: frozenset[str] = frozenset()) -> Expansion | None:
        """The codes of a value set by system, in the order of the definition; None for a set that is not at hand."""
        url = url.partition("|")[0]
        definition = self._sets.get(url)
        if definition is None or url in known:
            return None
        compose = definition.get("compose")
        if compose is None:
            return _listed(definition.get("expansion", {}).get("contains", ()))
        found: Expansion = {}
        for part in compose["include"]:
            _unite(found, self._part(part, known | {url}))
        for part in compose.get("exclude", ()):
            _take_away(found, self._part(part, known | {url}))
        return found

    def _part(self, part: Resource, known: frozenset[str]) -> Expansion:
        named = [self.expand(url, known) for url in part.get("valueSet", ())]
        found: Expansion | None = {part["system"]: self._of_system(part)} if "system" in part else None
        for other in named:
            if other is None:
                return {"": None}
            found = other if found is None else _common(found, other)
        return found or {}

    def _of_system(self, part: Resource) -> list[str] | None:
        if "concept" in part:
            return [concept["code"] for concept in part["concept"]]
        system = self._systems.get(part["system"])
        if system is None or system.get("content") not in _WHOLE:
            return None
        return _filtered(system, part.get("filter", ()))


def _filtered(system: Resource, filters: Iterable[Resource]) -> list[str] | None:
    concepts = dict(_nested(system.get("concept", ())))
    found = list(concepts)
    for row in filters:
        if row["property"] not in ("concept", "code") or row["op"] not in ("is-a", "descendent-of", "is-not-a"):
            return None
        below = _below(row["value"], concepts)
        if row["op"] == "descendent-of":
            below.discard(row["value"])
        found = [code for code in found if (code in below) != (row["op"] == "is-not-a")]
    return found


def _below(code: str, concepts: Mapping[str, Resource]) -> set[str]:
    """A concept and all that is below it, by nesting or by the property `child`."""
    found: set[str] = set()
    waiting = [code]
    while waiting:
        at = waiting.pop()
        if at not in found:
            found.add(at)
            concept = concepts.get(at, {})
            waiting += [child["code"] for child in concept.get("concept", ())]
            waiting += [row["valueCode"] for row in concept.get("property", ()) if row["code"] == "child"]
    return found


def _nested(concepts: Iterable[Resource]) -> Iterator[tuple[str, Resource]]:
    for concept in concepts:
        yield concept["code"], concept
        yield from _nested(concept.get("concept", ()))


def _listed(contains: Iterable[Resource]) -> Expansion:
    found: Expansion = {}
    for row in contains:
        if "code" in row and not row.get("abstract"):
            _unite(found, {row.get("system", ""): [row["code"]]})
        _unite(found, _listed(row.get("contains", ())))
    return found


def _unite(found: Expansion, more: Expansion) -> None:
    for system, codes in more.items():
        known = found.get(system, [])
        found[system] = None if known is None or codes is None else [*known, *codes]


def _take_away(found: Expansion, less: Expansion) -> None:
    for system, codes in less.items():
        known = found.get(system)
        if known is not None:
            found[system] = None if codes is None else [code for code in known if code not in set(codes)]


def _common(one: Expansion, other: Expansion) -> Expansion:
    found: Expansion = {}
    for system in one.keys() & other.keys():
        these, those = one[system], other[system]
        found[system] = None if these is None or those is None else [code for code in these if code in set(those)]
    return found
