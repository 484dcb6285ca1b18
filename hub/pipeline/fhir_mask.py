"""A resource with its values hidden: what it is made of can be looked at, whom it is about and what it says cannot.

What stays: elements and resource types; codes of FHIR's own closed lists (a status, a use, a gender); codings of HL7's
structural systems, if the code is one the mapping's tables give; systems that are known beforehand; versions and the
message a version came from. References and ids become numbers within one answer (`Patient#1`), so that it can be seen
what points where. Everything else becomes `***`: whatever is not shown on purpose is hidden.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import cache
from typing import Any, Final

from hub.fhir.structure import RESOURCE_TYPES, Structure, structure
from hub.fhir.value_sets import codes
from hub.kernel.types import Json
from hub.pipeline.mask import HIDDEN
from hub.records.provenance import MESSAGE_SOURCE

_TERMINOLOGY: Final = "http://terminology.hl7.org/CodeSystem/"
#: Systems whose codes say of what kind something is, never what was found or who somebody is.
_STRUCTURAL: Final = frozenset(
    _TERMINOLOGY + name
    for name in (
        "condition-category",
        "location-physical-type",
        "observation-category",
        "provenance-participant-type",
        "v2-0074",
        "v2-0131",
        "v2-0203",
        "v3-ActCode",
        "v3-ParticipationType",
    )
)
_EXTENSION: Final = re.compile(r"http://hl7\.org/fhir/StructureDefinition/[A-Za-z0-9-]{1,60}")
_REFERENCE: Final = re.compile(r"([A-Z][A-Za-z]+)/([A-Za-z0-9.-]{1,64})(?:/_history/(\d+))?")
_VERSION: Final = re.compile(r"\d{1,9}")
_INSTANT: Final = re.compile(r"[0-9T:.+Z-]{10,40}")
_SOURCE: Final = re.compile(re.escape(MESSAGE_SOURCE) + r"\d{1,19}")


class Mask:
    """Hides the resources of one answer. `known`: systems and URLs of the hub, its tables and the feed's profile;
    `coded`: the codes the mapping's own tables give, by system."""

    def __init__(self, known: Collection[str], coded: Mapping[str, Collection[str]]) -> None:
        self._known: Final = known
        self._coded: Final = coded
        self._labels: Final[dict[tuple[str, str], str]] = {}

    def hidden(self, resource: Json) -> Json:
        """The resource without its values."""
        rtype = str(resource.get("resourceType", ""))
        return {
            "resourceType": rtype if rtype in RESOURCE_TYPES else HIDDEN,
            **{
                key: self._member(rtype, key, value, resource)
                for key, value in resource.items()
                if key != "resourceType"
            },
        }

    def label(self, rtype: str, rid: str) -> str:
        """The name of a resource within this answer."""
        of_type = sum(1 for known, _ in self._labels if known == rtype)
        return self._labels.setdefault((rtype, rid), f"{rtype}#{of_type + 1}")

    def _member(self, owner: str, key: str, value: Any, parent: Json) -> Any:
        if isinstance(value, list):
            return [self._member(owner, key, each, parent) for each in value]
        if isinstance(value, dict) and value.get("resourceType"):
            return self.hidden(value)
        type_name, binding = _types(owner).get(key, ("", None))
        if isinstance(value, dict):
            inner = type_name if structure(type_name) else "Element"
            return {name: self._member(inner, name, each, value) for name, each in value.items()}
        if isinstance(value, str) and self._may_show(owner, key, type_name, binding, value, parent):
            return value
        return self._pointer(owner, key, value)

    def _pointer(self, owner: str, key: str, value: Any) -> str:
        if key == "id" and owner in RESOURCE_TYPES and isinstance(value, str):
            return self.label(owner, value)
        found = _REFERENCE.fullmatch(value) if owner == "Reference" and isinstance(value, str) else None
        if found is None or found[1] not in RESOURCE_TYPES:
            return HIDDEN
        version = f" version {found[3]}" if found[3] else ""
        return self.label(found[1], found[2]) + version

    def _may_show(self, owner: str, key: str, type_name: str, binding: str | None, value: str, parent: Json) -> bool:
        if owner == "Meta":
            patterns = {"versionId": _VERSION, "lastUpdated": _INSTANT, "source": _SOURCE}
            return key in patterns and patterns[key].fullmatch(value) is not None
        if owner == "Coding" and key == "code":
            system = parent.get("system", "")
            return system in _STRUCTURAL and value in self._coded.get(system, ())
        if type_name == "code":
            listed = codes(binding) if binding else None
            return isinstance(listed, frozenset) and value in listed
        if key == "system" and owner in {"Coding", "Identifier", "Quantity"}:
            return value in self._known
        if owner == "Extension" and key == "url":
            return value in self._known or _EXTENSION.fullmatch(value) is not None
        return False


@cache
def _types(owner: str) -> Mapping[str, tuple[str, str | None]]:
    """Of a type, by property: the type of its value and the value set it is bound to."""
    found = structure(owner)
    return {} if found is None else dict(_properties(found))


def _properties(of: Structure) -> list[tuple[str, tuple[str, str | None]]]:
    return [
        (name, (ref.name, element.binding)) for element in of.elements.values() for name, ref in element.properties()
    ]
