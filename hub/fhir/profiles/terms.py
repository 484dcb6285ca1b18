"""Whether codes are of value sets: those of the packages first, then R4's own."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Any, Final

from hub.fhir.expansion import Expander
from hub.fhir.fhirpath.nodes import Node
from hub.fhir.structure import is_a
from hub.fhir.syntax import SYSTEMS
from hub.fhir.value_sets import codings
from hub.kernel.types import Json

_R4: Final = "http://hl7.org/fhir/ValueSet/"
Codes = Mapping[str, Container[str]]


class Terms:
    """The value sets of packages. Pure; expansions are made once."""

    def __init__(self, sets: Iterable[Json], systems: Iterable[Json]) -> None:
        self._expander: Final = Expander(sets, systems)
        self._known: Final[dict[str, Codes | None]] = {}

    def codes(self, url: str) -> Codes | None:
        """Code system -> codes, or None where a set is not known or not all of it is."""
        url = url.partition("|")[0]
        if url not in self._known:
            self._known[url] = self._expanded(url)
        return self._known[url]

    def member_of(self, value: Any, rtype: str, url: str) -> bool | None:
        """Whether a code, Coding or CodeableConcept (JSON) is in a value set; None where that cannot be told."""
        return self.holds(Node(value, rtype), url)

    def holds(self, node: Node, url: str) -> bool | None:
        """Whether an element has a code of a value set; None where that cannot be told."""
        known = self.codes(url)
        if known is None:
            return None
        if node.value.__class__ is str:
            return any(node.value in codes for codes in known.values())
        return any(code in known.get(system, ()) for system, code in _coded(node))

    def _expanded(self, url: str) -> Codes | None:
        found = self._expander.expand(url)
        if found is None:
            return codings(url.removeprefix(_R4))
        parts = {system: SYSTEMS.get(system) if part is None else frozenset(part) for system, part in found.items()}
        known = {system: part for system, part in parts.items() if part is not None}
        return known if len(known) == len(parts) else None


def _coded(node: Node) -> Iterator[tuple[str, str]]:
    value = node.value if node.value.__class__ is dict else {}
    listed = value.get("coding", ()) if node.type == "CodeableConcept" else [value]
    for item in listed if listed.__class__ in (list, tuple) else ():
        if item.__class__ is dict and isinstance(item.get("code"), str):
            yield str(item.get("system", "")), item["code"]


def is_coded(node: Node) -> bool:
    """Whether a binding can be judged on an element: it has a code, or should have."""
    return node.type in ("Coding", "CodeableConcept", "code", "string", "uri") or is_a(node.type, "Quantity")
