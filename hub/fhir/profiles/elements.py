"""The elements of a profile by their ids: its snapshot, or its differential laid over those of its base.

A differential says only what it changes (R4 profiling.html#snapshot), and R4 itself is judged elsewhere, so a base of
R4 adds nothing. A base that is a profile has to be at hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from hub.fhir.structure import TYPES, Element, TypeRef, structure
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json

CORE: Final = "http://hl7.org/fhir/StructureDefinition/"
#: A longer chain of profiles is a circle.
_LONGEST_CHAIN: Final = 30

#: Element id as segments (`category`, `component:systolic`), without the type it begins with.
Id = tuple[str, ...]
#: What is unreadable in a definition, said without its place.
Elements = dict[Id, Json]


def elements_of(definition: Json, at_hand: Mapping[str, Json], depth: int = 0) -> Elements:
    """Segments -> element, parents before children. Raises HubError INVALID saying what is wrong."""
    rtype = str(definition.get("type"))
    if depth > _LONGEST_CHAIN:
        raise wrong("has a base that leads back to it")
    snapshot = definition.get("snapshot", {}).get("element")
    if snapshot:
        return _by_id(snapshot, rtype)
    base = str(definition.get("baseDefinition", "")).partition("|")[0]
    found: Elements = {}
    if base in at_hand:
        found = elements_of(at_hand[base], at_hand, depth + 1)
    elif base.removeprefix(CORE) not in TYPES:
        raise wrong("has no snapshot, and its base is neither of R4 nor in these packages")
    for key, element in _by_id(definition.get("differential", {}).get("element", ()), rtype).items():
        found[key] = _laid_over(found.get(key, {}), element)
    return found


def wrong(what: str) -> HubError:
    """A complaint about a definition, whose place whoever reads the file adds."""
    return HubError(Category.INVALID, what, code="profile")


def _laid_over(base: Json, element: Json) -> Json:
    """Constraints add up; of everything else what is said last counts."""
    constraints = [*base.get("constraint", ()), *element.get("constraint", ())]
    return {**base, **element, **({"constraint": constraints} if constraints else {})}


def _by_id(listed: Any, rtype: str) -> Elements:
    found: Elements = {}
    for element in listed:
        segments = _segments(element)
        if segments[0].partition(":")[0] != rtype:
            raise wrong(f"has an element that is not of its type {rtype}")
        way = _way(segments[1:], rtype)
        found[way.id] = _beyond_r4({**way.implied, **element}, way.known)
    return found


def _segments(element: Json) -> list[str]:
    """By the id; without one, by the path and the name of the slice."""
    text = element.get("id") or element.get("path")
    if not isinstance(text, str) or not text:
        raise wrong("has an element without id and path")
    segments = text.split(".")
    if "id" not in element and "sliceName" in element:
        segments[-1] += ":" + str(element["sliceName"])
    return segments


@dataclass(slots=True)
class _Way:
    """Where an element stands; what its short form implies; what R4 says of it (None: of a slice, or of a type)."""

    id: Id
    implied: Json
    known: Element | None


def _way(segments: list[str], rtype: str) -> _Way:
    """Names without `[x]`; the short form `valueQuantity` as the slice of `value` it stands for."""
    types = [rtype]
    way = _Way((), {}, None)
    for segment in segments:
        written, _, slice_name = segment.partition(":")
        known, short = _step(written.removesuffix("[x]"), types)
        name = known.name if known else written
        slice_name = slice_name or (written if short else "")
        told = [ref.name for ref in known.types] if known else ["Resource"]
        types = [kind for kind in told if name + kind[0].upper() + kind[1:] == slice_name] or told
        implied: Json = {"sliceName": written, "type": [{"code": short}]} if short else {}
        way = _Way((*way.id, f"{name}:{slice_name}" if slice_name else name), implied, None if slice_name else known)
    return way


def _step(name: str, types: list[str]) -> tuple[Element | None, str]:
    """The element a name means, and the type if the name tells it; None in a resource of a type told elsewhere."""
    for owner in types:
        found = structure(owner)
        for element in found.elements.values() if found else ():
            if element.name == name:
                return element, ""
            for key, ref in element.properties() if element.choice else ():
                if key == name:
                    return element, ref.name
    if "Resource" in types:
        return None, ""
    raise wrong(f"has an element R4 has not: {name}")


def _beyond_r4(element: Json, known: Element | None) -> Json:
    """An element without what R4 says anyway, which snapshots repeat."""
    if known is None:
        return element
    same = {
        "min": known.minimum,
        "max": "*" if known.maximum is None else str(known.maximum),
        "type": known.types,
        "binding": known.binding,
    }
    stated = {**element, "type": _types(element), "binding": _value_set(element)}
    return {key: value for key, value in element.items() if key not in same or stated[key] != same[key]}


def _types(element: Json) -> tuple[TypeRef, ...] | None:
    """The types of an element as the structure table has them; None where they say more."""
    rows = element.get("type", ())
    if any("profile" in row for row in rows):
        return None
    return tuple(TypeRef(row["code"], tuple(_target(url) for url in row.get("targetProfile", ()))) for row in rows)


def _target(url: str) -> str:
    return url.removeprefix(CORE) if url != CORE + "Resource" else ""


def _value_set(element: Json) -> str:
    """The value set of a binding as the structure table has it, which holds required ones alone."""
    binding = element.get("binding", {})
    name = str(binding.get("valueSet", "")).partition("|")[0].removeprefix("http://hl7.org/fhir/ValueSet/")
    return name if binding.get("strength") == "required" else f"{binding.get('strength')} {name}"
