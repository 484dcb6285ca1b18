"""The codes of a value set, from ValueSet and CodeSystem resources of the store (R4 valueset.html#compositions)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from hub.db.database import Tx
from hub.fhir import value_sets
from hub.fhir.json import loads
from hub.fhir.references import parse_reference
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import reference_key
from hub.kernel.types import Json
from hub.store import compiler, tokens
from hub.store.code_system import CodeSystem, unlisted
from hub.store.criteria import Bind, Clause, Ids, Query, SortKey, Tokens
from hub.store.predicate import Seen
from hub.store.read import opened
from hub.store.tokens import param_number

#: (system, code).
Coding = tuple[str, str]

#: Where R4's own value sets live.
_R4: Final = "http://hl7.org/fhir/ValueSet/"
_DEEPEST: Final = 10
#: Versions of one definition that are looked at.
_VERSIONS: Final = 50


class Definitions:
    """ValueSets and CodeSystems that may be seen, by canonical URL."""

    def __init__(self, tx: Tx, who: Seen) -> None:
        self._tx: Final = tx
        self._who: Final = who

    async def value_set(self, name: str) -> Json | None:
        """By `url`, `url|version` or `ValueSet/id`."""
        local = parse_reference(name)
        if local is not None and local.type == "ValueSet":
            return await self._newest("ValueSet", Ids(Bind([reference_key("ValueSet", local.id)], "uuid[]")), "")
        return await self._by_url("ValueSet", name)

    async def code_system(self, name: str) -> CodeSystem:
        """By `url` or `url|version`. Raises HubError UNSUPPORTED for one that is not there."""
        found = await self._by_url("CodeSystem", name)
        if found is None:
            raise unlisted("the hub does not hold the code system")
        return CodeSystem(found)

    async def _by_url(self, rtype: str, name: str) -> Json | None:
        url, _, version = name.partition("|")
        hashed = tokens.text(param_number(rtype, "url"), url)
        return await self._newest(rtype, Tokens(Bind([hashed], "uuid[]"), selective=True), version)

    async def _newest(self, rtype: str, clause: Clause, version: str) -> Json | None:
        """The one that was updated last, of the version if one is named."""
        query = Query(rtype, (clause,), (SortKey("updated", True),))
        text, values = compiler.page(compiler.plan(query, self._who, None, _VERSIONS))
        found = [loads(one.body) for one in await opened(self._tx, await self._tx.fetch(text, *values))]
        return next((one for one in found if not version or one.get("version") == version), None)


class ValueSets:
    """Enumerates value sets. Every method raises HubError UNSUPPORTED for what cannot be enumerated."""

    def __init__(self, definitions: Definitions) -> None:
        self.definitions: Final = definitions

    async def codes(self, name: str, depth: int = 0) -> set[Coding]:
        """All codes of a value set, by `url`, `url|version` or `ValueSet/id`."""
        if depth > _DEEPEST:
            raise unlisted("value sets refer to each other too deeply")
        resource = await self.definitions.value_set(name)
        if resource is None:
            return _of_specification(name)
        try:
            return await self._composed(resource, depth)
        except HubError as refusal:
            listed = _listed(resource)
            if listed is None or refusal.category is not Category.UNSUPPORTED:
                raise
            return listed

    async def _composed(self, resource: Json, depth: int) -> set[Coding]:
        compose = resource.get("compose")
        if compose is None:
            raise unlisted("it has no composition")
        found: set[Coding] = set()
        for part in compose.get("include", ()):
            found |= await self._part(part, depth)
        for part in compose.get("exclude", ()):
            found -= await self._part(part, depth)
        return found

    async def _part(self, part: Json, depth: int) -> set[Coding]:
        """One include or exclude: everything it states must hold of a code."""
        sets = [await self.codes(name, depth + 1) for name in part.get("valueSet", ())]
        if "system" in part:
            sets.append({(part["system"], code) for code in await self._of_system(part)})
        return set.intersection(*sets) if sets else set()

    async def _of_system(self, part: Json) -> set[str]:
        if "concept" in part:
            return {concept["code"] for concept in part["concept"]}
        version = f"|{part['version']}" if "version" in part else ""
        system = await self.definitions.code_system(part["system"] + version)
        kept = [_filtered(system, one) for one in part.get("filter", ())]
        return set.intersection(system.codes(), *kept)


def _filtered(system: CodeSystem, asked: Json) -> set[str]:
    """Codes that pass a filter on the hierarchy (R4 filter-operator)."""
    operator, value = asked.get("op"), str(asked.get("value"))
    if asked.get("property") != "concept" or operator not in {"is-a", "descendent-of", "is-not-a"}:
        raise unlisted("it filters by something else than a hierarchy")
    below = system.hierarchy().below(value)
    if operator == "is-not-a":
        return system.codes() - below
    return below if operator == "is-a" else below - {value}


def _of_specification(name: str) -> set[Coding]:
    url, _, version = name.partition("|")
    known = value_sets.codings(url.removeprefix(_R4)) if url.startswith(_R4) and version in {"", "4.0.1"} else None
    lists = {system: codes for system, codes in (known or {}).items() if isinstance(codes, frozenset)}
    if not known or len(lists) < len(known):
        raise unlisted("the hub does not hold the value set as a list")
    return {(system, code) for system, codes in lists.items() for code in codes}


def _listed(resource: Json) -> set[Coding] | None:
    """The codes of a stored expansion, None if it has none or is one page of it."""
    expansion = resource.get("expansion")
    if expansion is None or expansion.get("offset"):
        return None
    found = list(_contained(expansion.get("contains", ())))
    return None if expansion.get("total", len(found)) > len(found) else {pair for pair in found if pair is not None}


def _contained(items: list[Json]) -> Iterator[Coding | None]:
    """The code of each entry, None for one that only groups others."""
    for item in items:
        chosen = "code" in item and "system" in item and item.get("abstract") is not True
        yield (item["system"], item["code"]) if chosen else None
        yield from _contained(item.get("contains", ()))
