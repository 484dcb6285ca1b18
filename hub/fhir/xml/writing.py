"""From a resource as JSON to XML (R4 xml.html); elements in the order of the specification, not that of the JSON."""

from __future__ import annotations

from itertools import zip_longest
from typing import Any, Final

from lxml import etree

from hub.fhir.structure import RESOURCE_TYPES
from hub.fhir.xml.characters import carried, kept
from hub.fhir.xml.layout import FHIR, XHTML, Field, Layout, layout
from hub.fhir.xml.misfit import MisfitError
from hub.fhir.xml.narrative import div_of
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json

_IN_FHIR: Final = f"{{{FHIR}}}"
_STEP: Final = "  "


def write_xml(resource: Json, *, pretty: bool = False) -> bytes:
    """A resource as a UTF-8 document; `pretty` puts each element on a line of its own, but never touches a narrative.

    Raises HubError UNSUPPORTED (code `not-acceptable`) naming the path of what R4 does not have and XML has no place
    for: such a resource can be had as JSON only.
    """
    try:
        root = etree.Element(_IN_FHIR + _type_of(resource), nsmap={None: FHIR})
        _fill(root, resource, layout(resource["resourceType"]))
    except MisfitError as misfit:
        where = misfit.under(str(resource["resourceType"])).where if misfit.path else "resource"
        raise HubError(
            Category.UNSUPPORTED, misfit.what, where=where, todo="ask for JSON", code="not-acceptable"
        ) from None
    if pretty:
        _indent(root, "\n")
    return bytes(etree.tostring(root, encoding="UTF-8", xml_declaration=True))


def _type_of(resource: Any) -> str:
    rtype = resource.get("resourceType") if resource.__class__ is dict else None
    if rtype.__class__ is not str or rtype not in RESOURCE_TYPES:
        raise MisfitError("is not a resource of R4")
    return str(rtype)


def _fill(node: etree._Element, value: Any, shape: Layout) -> None:
    """Attributes and children of one element from a JSON object of its type."""
    if value.__class__ is not dict:
        raise MisfitError("is not a JSON object")
    for field in shape.attributes:
        if field.name in value:
            node.set(field.name, carried(_text(value[field.name])))
    for field in _fields(value, shape):
        if field.form == "primitive":
            _primitives(node, field, value.get(field.name), value.get(field.beside))
        elif field.many:
            _many(node, field, value[field.name])
        else:
            _one(node, field, value[field.name], field.name)


def _fields(value: Json, shape: Layout) -> list[Field]:
    """The elements a JSON object has, in the order of the specification. Raises MisfitError for a stranger."""
    found = {}
    for key in value:
        position = shape.positions.get(key)
        if position is not None:
            found[position] = shape.fields[position]
        elif key not in shape.others:
            raise MisfitError("is not an element of R4, so XML has no place for it", key)
    return [found[position] for position in sorted(found)]


def _many(node: etree._Element, field: Field, items: Any) -> None:
    if items.__class__ is not list:
        raise MisfitError("is not a JSON list", field.name)
    for index, item in enumerate(items):
        _one(node, field, item, f"{field.name}[{index}]")


def _one(node: etree._Element, field: Field, item: Any, segment: str) -> None:
    try:
        if field.form == "div":
            node.append(div_of(_text(item)))
            return
        child = etree.SubElement(node, _IN_FHIR + field.name)
        if field.form == "resource":
            rtype = _type_of(item)
            _fill(etree.SubElement(child, _IN_FHIR + rtype), item, layout(rtype))
        else:
            _fill(child, item, layout(field.type))
    except MisfitError as misfit:
        raise misfit.under(segment) from None


def _primitives(node: etree._Element, field: Field, value: Any, beside: Any) -> None:
    if not field.many:
        _primitive(node, field, value, beside, field.name)
        return
    if not (isinstance(value, list | None) and isinstance(beside, list | None)):
        raise MisfitError("is not a JSON list", field.name)
    for index, (item, extra) in enumerate(zip_longest(value or (), beside or ())):
        _primitive(node, field, item, extra, f"{field.name}[{index}]")


def _primitive(node: etree._Element, field: Field, value: Any, beside: Any, segment: str) -> None:
    """One primitive: its value as an attribute, its id and extensions as those of any element."""
    try:
        child = etree.SubElement(node, _IN_FHIR + field.name)
        if value is not None:
            text = _text(value)
            shown = carried(text)
            child.set("value", shown)
            if shown != text:
                beside = _with_original(beside, text)
        if beside is not None:
            _fill(child, beside, layout("Element"))
    except MisfitError as misfit:
        raise misfit.under(segment) from None


def _with_original(beside: Any, text: str) -> Json:
    """What stands beside a primitive, with the text that XML cannot carry."""
    extensions = (beside or {}).get("extension", []) if beside.__class__ is dict or not beside else None
    if extensions.__class__ is not list:
        raise MisfitError("is not a JSON list of extensions")
    return {**(beside or {}), "extension": [*extensions, kept(text)]}


def _text(value: Any) -> str:
    if value.__class__ is str:
        return str(value)
    if value.__class__ is bool:
        return "true" if value else "false"
    if value.__class__ in (dict, list) or value is None:
        raise MisfitError("is not a value")
    return str(value)


def _indent(node: etree._Element, line: str) -> None:
    """Elements of FHIR have no text of their own, so white space in them says nothing; in XHTML it may."""
    if not len(node) or node.tag.startswith(f"{{{XHTML}}}"):
        return
    node.text = line + _STEP
    for child in node:
        _indent(child, line + _STEP)
        child.tail = line + _STEP
    node[-1].tail = line
