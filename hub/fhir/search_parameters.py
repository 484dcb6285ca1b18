"""The search parameters of FHIR R4 4.0.1 by resource type.

Source: https://hl7.org/fhir/R4/searchparameter-registry.html, in `tables/search_parameters.json`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from hub.fhir.structure import RESOURCE_TYPES, is_a
from hub.fhir.table import read_table

__all__ = [
    "FULL_TEXT",
    "RESOURCE_TYPES",
    "Component",
    "SearchParameter",
    "answered",
    "of_type",
    "parameters",
    "target_types",
]

#: Parameters without an expression that ask the full text; the registry calls them strings.
FULL_TEXT: Final = frozenset({"_text", "_content"})

_FIRST_NAME: Final = re.compile(r"\(?\s*([A-Za-z]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One part of a composite parameter: its own parameter type, and its expression relative to the composite's."""

    type: str
    expression: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchParameter:
    """One parameter as it applies to one resource type, which is `base`.

    `type` is token, reference, string, date, number, quantity, uri, composite or special. `expression` holds only the
    alternatives of this resource type; it is empty for `_text`, `_content` and `_query`. `targets` are the resource
    types a reference may point to. `url` is the canonical definition of one that is not R4's.
    """

    code: str
    type: str
    base: str
    expression: str = ""
    targets: tuple[str, ...] = ()
    components: tuple[Component, ...] = ()
    url: str = ""


_MHD: Final = "https://profiles.ihe.net/ITI/MHD"
#: What profiles ask a server to search by beyond R4: IHE PDQm ITI-78 (tables of parameters), MHD ITI-66 and ITI-67.
_OF_PROFILES: Final[list[dict[str, Any]]] = [
    {
        "code": "mothersMaidenName",
        "type": "string",
        "base": ["Patient"],
        "expression": "Patient.extension('http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName')"
        ".value.ofType(string)",
        "url": "http://hl7.org/fhir/SearchParameter/patient-extensions-Patient-mothersMaidenName",
    },
    {
        "code": "designationType",
        "type": "token",
        "base": ["List"],
        "expression": f"List.extension('{_MHD}/StructureDefinition/ihe-designationType').value.ofType(CodeableConcept)",
        "url": f"{_MHD}/SearchParameter/List-DesignationType",
    },
    {
        "code": "sourceId",
        "type": "token",
        "base": ["List"],
        "expression": f"List.extension('{_MHD}/StructureDefinition/ihe-sourceId').value.ofType(Identifier)",
        "url": f"{_MHD}/SearchParameter/List-SourceId",
    },
    {
        "code": "creation",
        "type": "date",
        "base": ["DocumentReference"],
        "expression": "DocumentReference.content.attachment.creation",
        "url": f"{_MHD}/SearchParameter/DocumentReference-Creation",
    },
]
_ROWS: Final[list[dict[str, Any]]] = [*read_table("search_parameters"), *_OF_PROFILES]


@cache
def parameters(rtype: str) -> Mapping[str, SearchParameter]:
    """Every parameter of a resource type by code, those of Resource and DomainResource included; unknown type: none."""
    if rtype not in RESOURCE_TYPES:
        return {}
    return {row["code"]: _parameter(row, rtype) for row in _ROWS if any(is_a(rtype, base) for base in row["base"])}


@cache
def answered(rtype: str, *, full_text: bool = True) -> Mapping[str, SearchParameter]:
    """The parameters of a type that the hub answers, `_list` among them; unknown type: none."""
    known = parameters(rtype).items()
    found = {code: one for code, one in known if one.expression or (full_text and code in FULL_TEXT)}
    return found | {"_list": SearchParameter(code="_list", type="special", base=rtype)} if found else {}


def _parameter(row: Mapping[str, Any], rtype: str) -> SearchParameter:
    return SearchParameter(
        code=row["code"],
        type=row["type"],
        base=rtype,
        expression=of_type(row.get("expression", ""), rtype),
        targets=target_types(row.get("target", ())),
        components=tuple(Component(type=kind, expression=text) for kind, text in row.get("component", ())),
        url=row.get("url", ""),
    )


def target_types(names: Iterable[str]) -> tuple[str, ...]:
    """The types a reference may point to, by the names a definition gives: `Resource` is any."""
    return tuple(sorted(RESOURCE_TYPES)) if "Resource" in names else tuple(names)


def of_type(expression: str, rtype: str) -> str:
    """Those alternatives of an expression that are about a resource type; "" for none."""
    return " | ".join(_alternatives(expression, rtype))


def _alternatives(expression: str, rtype: str) -> Iterable[str]:
    """The alternatives that begin with this type, one of its ancestors, or an element name."""
    for part in (text.strip() for text in expression.split("|")):
        match = _FIRST_NAME.match(part)
        if match and (match[1][0].islower() or is_a(rtype, match[1])):
            yield part
