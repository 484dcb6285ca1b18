"""A CodeSystem resource as a set of codes and a hierarchy (R4 codesystem.html). Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """Which codes are kinds of which: the parents of each, and its children."""

    parents: Mapping[str, list[str]]
    children: Mapping[str, list[str]]

    def below(self, code: str) -> set[str]:
        """The code and all its kinds."""
        return _reached(code, self.children)

    def above(self, code: str) -> set[str]:
        """The code and all it is a kind of."""
        return _reached(code, self.parents)


@dataclass(frozen=True, slots=True)
class CodeSystem:
    """What the store holds of a code system."""

    resource: Json

    def codes(self) -> set[str]:
        """All codes. Raises HubError UNSUPPORTED if not all are there."""
        if self.resource.get("content") != "complete":
            raise unlisted("a code system in it is not held completely")
        return {code for code, _ in self._concepts()}

    def hierarchy(self) -> Hierarchy:
        """Raises HubError UNSUPPORTED if it is not all there, or its levels mean something else than kinds."""
        self.codes()
        if self.resource.get("hierarchyMeaning", "is-a") != "is-a":
            raise unlisted("the levels of a code system in it are not kinds")
        parents: defaultdict[str, list[str]] = defaultdict(list)
        children: defaultdict[str, list[str]] = defaultdict(list)
        for code, above in self._concepts():
            for one in above:
                parents[code].append(one)
                children[one].append(code)
        return Hierarchy(parents, children)

    def _concepts(self) -> Iterator[tuple[str, list[str]]]:
        """Each code with those right above it: by nesting, or by a property `parent`."""
        waiting = [(concept, "") for concept in self.resource.get("concept", ())]
        while waiting:
            concept, outer = waiting.pop()
            code = str(concept.get("code"))
            stated = [p.get("valueCode") for p in concept.get("property", ()) if p.get("code") == "parent"]
            yield code, [one for one in (outer, *stated) if isinstance(one, str) and one]
            waiting += [(inner, code) for inner in concept.get("concept", ())]


def _reached(code: str, ways: Mapping[str, list[str]]) -> set[str]:
    found, waiting = {code}, [code]
    while waiting:
        fresh = set(ways.get(waiting.pop(), ())) - found
        found |= fresh
        waiting += fresh
    return found


def unlisted(what: str) -> HubError:
    """The refusal of a value set or a hierarchy that cannot be enumerated."""
    return HubError(
        Category.UNSUPPORTED,
        f"cannot be expanded: {what}",
        todo="store the ValueSet with listed codes, or the complete CodeSystem",
        code="not-expandable",
    )
