"""Whether a resource has the shape the terminology reads it in (R4 codesystem.html, valueset.html, conceptmap.html).

What clients write is validated as every resource is. A file may have half a million concepts, for which that takes
minutes; of it only what is read here is looked at, some microseconds a concept.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal

from msgspec import DecodeError, Meta, Struct, convert
from msgspec.json import decode

from hub.fhir.json import dumps
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from terminology.fhir_source import unparsed
from terminology.model import CODE_SYSTEM, CONCEPT_MAP, VALUE_SET

_Named = Annotated[str, Meta(min_length=1)]
#: R4 concept-map-equivalence, as a type.
_Equivalence = Literal[
    "relatedto",
    "equivalent",
    "equal",
    "wider",
    "subsumes",
    "narrower",
    "specializes",
    "inexact",
    "unmatched",
    "disjoint",
]
#: U+0000 as JSON writes it, and not a backslash before the letters.
_NULL: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


class _Shape(Struct, gc=False):
    """Read and thrown away: nothing of it can be a circle."""


class _Designation(_Shape):
    value: str
    language: str = ""
    use: dict[str, Any] = {}


class _Property(_Shape):
    code: _Named


class _Concept(_Shape):
    code: _Named
    display: str = ""
    definition: str = ""
    designation: list[_Designation] = []
    property: list[_Property] = []
    concept: list[_Concept] = []


class _CodeSystem(_Shape):
    url: _Named
    version: str = ""
    name: str = ""
    title: str = ""
    language: str = ""
    content: str = ""
    caseSensitive: bool = False  # noqa: N815 - the name R4 gives it
    hierarchyMeaning: str = ""  # noqa: N815
    valueSet: str = ""  # noqa: N815
    supplements: str = ""
    property: list[_Property] = []
    concept: list[_Concept] = []


class _Listed(_Shape):
    code: _Named
    display: str = ""


class _Filter(_Shape):
    property: str
    op: str
    value: str


class _Part(_Shape):
    system: str = ""
    version: str = ""
    concept: list[_Listed] = []
    filter: list[_Filter] = []
    valueSet: list[str] = []  # noqa: N815


class _Compose(_Shape):
    include: list[_Part]
    exclude: list[_Part] = []
    inactive: bool = True


class _Contained(_Shape):
    system: str = ""
    code: str = ""
    display: str = ""
    abstract: bool = False
    contains: list[_Contained] = []


class _Expansion(_Shape):
    total: int = 0
    offset: int = 0
    contains: list[_Contained] = []


class _ValueSet(_Shape):
    url: _Named
    version: str = ""
    compose: _Compose | None = None
    expansion: _Expansion | None = None


class _Target(_Shape):
    equivalence: _Equivalence
    code: str = ""
    display: str = ""
    comment: str = ""
    dependsOn: list[dict[str, Any]] = []  # noqa: N815
    product: list[dict[str, Any]] = []


class _Element(_Shape):
    code: str = ""
    target: list[_Target] = []


class _Unmapped(_Shape):
    mode: str
    code: str = ""
    display: str = ""
    url: str = ""


class _Group(_Shape):
    element: list[_Element]
    source: str = ""
    target: str = ""
    unmapped: _Unmapped | None = None


class _ConceptMap(_Shape):
    url: _Named
    version: str = ""
    group: list[_Group] = []


_SHAPES: Final[dict[str, type[_Shape]]] = {CODE_SYSTEM: _CodeSystem, VALUE_SET: _ValueSet, CONCEPT_MAP: _ConceptMap}


def refuse_unsound(resource: Json) -> None:
    """Raises HubError INVALID for a code system, value set or concept map that is none, saying where it is not."""
    kind, concepts = resource["resourceType"], unparsed(resource)
    head = {name: value for name, value in resource.items() if name != "concept"} if concepts else resource
    try:
        convert(head, _SHAPES[kind])
        for one in concepts:
            decode(one, type=_Concept)
    except (DecodeError, RecursionError) as error:
        raise _unsound(resource, f"is no {kind} of R4: {error}") from None
    if _NULL.search(dumps(head)) or any(map(_NULL.search, concepts)):
        raise _unsound(resource, "has a text with U+0000, which is no character of FHIR")


def _unsound(resource: Json, what: str) -> HubError:
    where = f"{resource['resourceType']} {resource['url']}"
    return HubError(Category.INVALID, what, where=where, todo="mend the source", code="code-system")
