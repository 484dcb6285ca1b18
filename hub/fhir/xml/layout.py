"""How each type stands in XML (R4 xml.html): its elements in their order and form, from the structure table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

from hub.fhir.structure import PRIMITIVES, Element, TypeRef, structure

FHIR: Final = "http://hl7.org/fhir"
XHTML: Final = "http://www.w3.org/1999/xhtml"

#: attribute: of the element itself. resource: any, as one child named by its type. div: the XHTML of a narrative.
Form = Literal["attribute", "primitive", "complex", "resource", "div"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One element as it stands in XML: its name there and in JSON, its type, whether it repeats."""

    name: str
    type: str
    form: Form
    many: bool

    @property
    def beside(self) -> str:
        """The JSON property that holds id and extensions of a primitive."""
        return "_" + self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """One type. `fields` are its elements in the order of the specification, its attributes aside.

    `elements` finds them by name. `positions` finds the place of a JSON property, also of one beside a primitive;
    `others` are the JSON properties that are no elements.
    """

    attributes: tuple[Field, ...]
    attribute_names: frozenset[str]
    fields: tuple[Field, ...]
    elements: Mapping[str, Field]
    positions: Mapping[str, int]
    others: frozenset[str]


@cache
def layout(name: str) -> Layout:
    """The layout of a type of the structure table."""
    found = structure(name)
    every = [field for element in (found.elements.values() if found else ()) for field in _fields(name, element)]
    attributes = tuple(field for field in every if field.form == "attribute")
    fields = tuple(field for field in every if field.form != "attribute")
    positions = {field.name: position for position, field in enumerate(fields)}
    positions |= {f.beside: position for position, f in enumerate(fields) if f.form == "primitive"}
    names = frozenset(field.name for field in attributes)
    return Layout(
        attributes=attributes,
        attribute_names=names,
        fields=fields,
        elements={field.name: field for field in fields},
        positions=positions,
        others=names | ({"resourceType"} if found is not None and found.kind == "resource" else set()),
    )


def _fields(owner: str, element: Element) -> Iterator[Field]:
    for name, ref in element.properties():
        yield Field(name=name, type=ref.name, form=_form(owner, element, ref), many=element.maximum != 1)


def _form(owner: str, element: Element, ref: TypeRef) -> Form:
    """The id of what is no resource and the url of an extension are attributes (R4 xml.html)."""
    found = structure(owner)
    if (element.name == "id" and found is not None and found.kind != "resource") or (owner, element.name) == (
        "Extension",
        "url",
    ):
        return "attribute"
    if ref.name == "xhtml":
        return "div"
    if ref.name == "Resource":
        return "resource"
    return "primitive" if ref.name in PRIMITIVES else "complex"
