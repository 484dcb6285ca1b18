"""Parts of resources a reader may ask for (R4 search.html#summary, #elements), as resources marked SUBSETTED.

What is mandatory always stays, so that what is left keeps to the cardinalities of R4; so do id, meta, and what may
change the meaning of the rest (implicitRules, modifierExtension). A contained resource stays, whole, where what is left
refers to it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from typing import Any, Final

from hub.fhir.structure import Element, structure
from hub.fhir.summary import summarised
from hub.kernel.types import Json

#: https://hl7.org/fhir/R4/resource.html#Meta (tag), v3 code system ObservationValue.
SUBSETTED: Final[Mapping[str, str]] = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "SUBSETTED",
    "display": "subsetted",
}

_ALWAYS: Final = frozenset({"resourceType", "id", "meta", "implicitRules", "_implicitRules", "modifierExtension"})


def summary(resource: Json) -> Json:
    """The elements of a summary, inside data types and backbone elements too (`_summary=true`)."""
    return _marked(resource, summarised(resource, str(resource["resourceType"])))


def narrative(resource: Json) -> Json:
    """The text and what is mandatory at the top level (`_summary=text`)."""
    return only(resource, ("text",))


def data(resource: Json) -> Json:
    """All but the text (`_summary=data`)."""
    return _marked(resource, {key: value for key, value in resource.items() if key != "text"})


def only(resource: Json, names: Collection[str]) -> Json:
    """The named elements of the top level, choices without their `[x]`, and what is mandatory (`_elements`)."""
    kept = _ALWAYS | _mandatory(str(resource["resourceType"])).union(*(_keys(resource, name) for name in names))
    return _marked(resource, {key: value for key, value in resource.items() if key in kept})


def is_part(resource: Json) -> bool:
    """Whether a resource says that it is not the whole one (R4 resource.html#Meta, tag SUBSETTED)."""
    meta = resource.get("meta")
    tags = meta.get("tag") if isinstance(meta, dict) else None
    return isinstance(tags, list) and any(
        isinstance(tag, dict) and (tag.get("system"), tag.get("code")) == (SUBSETTED["system"], SUBSETTED["code"])
        for tag in tags
    )


def _keys(resource: Json, name: str) -> frozenset[str]:
    found = structure(str(resource["resourceType"]))
    return _properties(found.elements[name]) if found is not None and name in found.elements else frozenset()


def _properties(element: Element) -> frozenset[str]:
    names = [name for name, _ in element.properties()]
    return frozenset([*names, *(f"_{name}" for name in names)])


@cache
def _mandatory(rtype: str) -> frozenset[str]:
    found = structure(rtype)
    elements = found.elements.values() if found is not None else ()
    return frozenset().union(*(_properties(element) for element in elements if element.minimum))


def _marked(resource: Json, part: Json) -> Json:
    """A part with the contained resources it refers to, and the tag that says that it is one."""
    contained = [] if "contained" in part else _referred(resource.get("contained", ()), part)
    if contained:
        part = {**part, "contained": contained}
    meta = part.get("meta", {})
    return {**part, "meta": {**meta, "tag": [*meta.get("tag", ()), dict(SUBSETTED)]}}


def _referred(contained: Iterable[Json], part: Json) -> list[Json]:
    """Contained resources that a part refers to, directly or by one another, in their order."""
    waiting = {f"#{resource.get('id')}": resource for resource in contained}
    kept: list[str] = []
    texts = set(_texts(part))
    while found := [name for name in waiting if name in texts and name not in kept]:
        kept += found
        texts = {text for name in found for text in _texts(waiting[name])}
    return [resource for name, resource in waiting.items() if name in kept]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str):
        yield value
