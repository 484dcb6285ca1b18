"""Small readings of FHIR elements, all forgiving: what is not there or not as expected reads as empty. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hub.kernel.types import Json


def items(value: Any) -> list[Any]:
    """A list as it is, nothing as an empty one, anything else as a list of one."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def objects(resource: Mapping[str, Any], name: str) -> list[Json]:
    """The objects of an element, whether it is one or a list."""
    return [one for one in items(resource.get(name)) if isinstance(one, dict)]


def text(resource: Mapping[str, Any], name: str) -> str:
    """A text element; empty for anything else."""
    value = resource.get(name)
    return value.strip() if isinstance(value, str) else ""


def concept(value: Any) -> str:
    """What a CodeableConcept says: its text, else a display, else a code."""
    if not isinstance(value, dict):
        return ""
    codings = objects(value, "coding")
    said = [text(value, "text"), *(text(c, "display") for c in codings), *(text(c, "code") for c in codings)]
    return next(filter(None, said), "")


def concepts(resource: Mapping[str, Any], name: str) -> list[str]:
    """What the CodeableConcepts of an element say, each once."""
    return list(dict.fromkeys(filter(None, map(concept, objects(resource, name)))))


def codes(value: Any) -> Iterator[str]:
    """The codings of a CodeableConcept or Coding as `system|code`."""
    for one in items(value):
        if isinstance(one, dict):
            codings = objects(one, "coding") if "coding" in one else [one]
            yield from (f"{text(c, 'system')}|{text(c, 'code')}" for c in codings if text(c, "code"))


def code(value: Any) -> str:
    """The first code of a CodeableConcept, whatever its system."""
    return next((one.rpartition("|")[2] for one in codes(value)), "")


def reference(value: Any) -> str:
    """`Type/id` of a Reference; empty when it has none."""
    return text(value, "reference") if isinstance(value, dict) else ""


def human_name(patient: Mapping[str, Any]) -> str:
    """The name to show: the official or first one; a Chinese name is written without a gap."""
    names = objects(patient, "name")
    names.sort(key=lambda name: text(name, "use") in {"old", "maiden", "nickname"})
    for name in names:
        given = "".join(part for part in items(name.get("given")) if isinstance(part, str))
        said = text(name, "text") or text(name, "family") + given
        if said:
            return said
    return ""
