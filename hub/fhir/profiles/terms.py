"""Whether codes are of value sets: those of the packages first, then R4's own, then those of the terminology."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Any, Final

from hub.fhir.expansion import Expander
from hub.fhir.fhirpath.nodes import Node
from hub.fhir.structure import is_a
from hub.fhir.syntax import SYSTEMS
from hub.fhir.value_sets import codings
from hub.kernel.ports import ValueSets
from hub.kernel.types import Json

#: Where R4's own value sets live.
CORE_SETS: Final = "http://hl7.org/fhir/ValueSet/"
Codes = Mapping[str, Container[str]]


def _nothing(_: str) -> Codes | None:
    return None


class Terms:
    """The value sets of packages, which are expanded once; `beyond` is asked for what they and R4 leave open."""

    def __init__(self, sets: Iterable[Json], systems: Iterable[Json], beyond: ValueSets = _nothing) -> None:
        self._sets: Final = list(sets)
        self._systems: Final = list(systems)
        self._expander: Final = Expander(self._sets, self._systems)
        self._beyond: Final = beyond
        self._known: Final[dict[str, Codes | None]] = {}

    def beside(self, beyond: ValueSets) -> Terms:
        """The same packages, with what to ask beyond them."""
        return Terms(self._sets, self._systems, beyond)

    def codes(self, canonical: str) -> Codes | None:
        """Code system -> codes, or None where a set is not known or not all of it is. R4's own may go by their ids."""
        canonical = canonical if ":" in canonical else CORE_SETS + canonical
        url = canonical.partition("|")[0]
        if url not in self._known:
            self._known[url] = self._expanded(url)
        found = self._known[url]
        return self._beyond(canonical) if found is None else found

    def definition(self, canonical: str) -> Json | None:
        """The ValueSet of the packages."""
        url = canonical.partition("|")[0]
        return next((one for one in self._sets if one.get("url") == url), None)

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
            return codings(url.removeprefix(CORE_SETS))
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
