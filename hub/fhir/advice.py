"""What is not wrong by R4 and still deserves a word: warnings of the specification, extensible bindings, extensions.

For `$validate` alone: conformance-rules.html#best-practice, terminologies.html#extensible, extensibility.html.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Final

from hub.fhir.bindings import binding
from hub.fhir.fhirpath.nodes import Node, descendants, root
from hub.fhir.invariants import Invariant, invariants_of
from hub.fhir.profiles.places import where
from hub.fhir.profiles.terms import Terms, is_coded
from hub.fhir.scope import Scope, scope_of
from hub.kernel.types import Issue, Json

_HL7: Final = "http://hl7.org/fhir/StructureDefinition/"


def advice(resource: Json, terms: Terms, is_known: Callable[[str], bool]) -> Iterator[Issue]:
    """Warnings and information about a resource whose structure is right; `is_known` tells of extensions by URL."""
    whole = root(resource)
    for node in (whole, *descendants([whole])):
        yield from _constraints(node)
        yield from _binding(node, terms)
        if node.type == "Extension" and not _is_told(node, is_known):
            yield Issue(severity="information", where=where(node), code="informational", text="is not known here")


def _constraints(node: Node) -> Iterator[Issue]:
    rows = _warnings(node.type)
    if rows and node.value.__class__ is dict:
        scope = _scope(node)
        for row in rows:
            if not row.holds(node.value, scope):
                yield Issue(severity="warning", where=where(node), code="invariant", text=row.text)


@cache
def _warnings(rtype: str) -> list[Invariant]:
    return invariants_of(rtype, "warning")


def _scope(node: Node) -> Scope:
    """The scope of an element: that of the resource around it, or of the one that contains this."""
    around = _resource_of(node)
    contained = around.key == "contained" and around.owner is not None
    outer = _resource_of(around.owner) if contained and around.owner else around
    found = scope_of(outer.value)
    return Scope(found.resource, found.contained, around.value) if contained else found


def _resource_of(node: Node) -> Node:
    at = node
    while at.owner is not None and not at.is_resource:
        at = at.owner
    return at


def _binding(node: Node, terms: Terms) -> Iterator[Issue]:
    owner = node.owner
    value_set = binding(owner.type, node.element, "extensible") if owner and is_coded(node) else None
    if value_set and _has_code(node) and terms.holds(node, value_set) is False:
        text = f"has no code of the extensible value set {value_set}"
        yield Issue(severity="warning", where=where(node), code="code-invalid", text=text)


def _has_code(node: Node) -> bool:
    """Text alone is no reason for a warning: the set may lack a code for it."""
    if node.type == "CodeableConcept":
        return any("code" in item for item in node.value.get("coding", ()))
    return node.value.__class__ is str or "code" in node.value


def _is_told(node: Node, is_known: Callable[[str], bool]) -> bool:
    """A part of an extension is told of by the extension it is in."""
    url = str(node.value.get("url", ""))
    inner = node.owner is not None and node.owner.type == "Extension"
    return inner or url.startswith(_HL7) or is_known(url)
