"""Where an element stands, and what a reference in a resource leads to without leaving it."""

from __future__ import annotations

import re
from typing import Final

from hub.fhir.fhirpath.nodes import Node
from hub.fhir.structure import RESOURCE_TYPES

_TYPED: Final = re.compile(r"(?:https?://.*/|)([A-Z][A-Za-z]+)/[A-Za-z0-9\-.]{1,64}(?:/_history/[A-Za-z0-9\-.]{1,64})?")


def where(node: Node) -> str:
    """A FHIRPath of an element, as `validate` writes it: `Observation.value.ofType(Quantity).code`."""
    segments: list[str] = []
    at = node
    while at.owner is not None:
        name = at.element if at.element == at.key or not at.element else f"{at.element}.ofType({at.type})"
        segments.append(name if at.index is None else f"{name}[{at.index}]")
        at = at.owner
    return ".".join([at.type, *reversed(segments)])


def target(node: Node) -> Node | None:
    """The resource a Reference leads to: a contained one, or one of the Bundle around it. None for any other."""
    reference = node.value.get("reference") if node.value.__class__ is dict else None
    if not isinstance(reference, str):
        return None
    whole = _around(node)
    if reference.startswith("#"):
        holder = _container(whole)
        fitting = (one for one in holder.child("contained") if one.value.get("id") == reference[1:])
        return holder if reference == "#" else next(fitting, None)
    return _in_bundle(whole, reference)


def target_type(node: Node) -> str | None:
    """The type of what a Reference leads to, as far as it tells."""
    found = target(node)
    if found is not None:
        return found.type
    value = node.value if node.value.__class__ is dict else {}
    match = _TYPED.fullmatch(str(value.get("reference", "")))
    told = match[1] if match else value.get("type")
    return told if isinstance(told, str) and told in RESOURCE_TYPES else None


def _around(node: Node) -> Node:
    at = node
    while at.owner is not None and not at.is_resource:
        at = at.owner
    return at


def _container(whole: Node) -> Node:
    """The resource that contains this one, or itself."""
    return _around(whole.owner) if whole.owner is not None and whole.key == "contained" else whole


def _in_bundle(whole: Node, reference: str) -> Node | None:
    at: Node | None = whole
    while at is not None and at.type != "Bundle":
        at = at.owner
    for entry in at.child("entry") if at is not None else ():
        url = str(entry.value.get("fullUrl", ""))
        if url == reference or (url.startswith("http") and url.endswith("/" + reference)):
            return next(iter(entry.child("resource")), None)
    return None
