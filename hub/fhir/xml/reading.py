"""From XML to a resource as JSON (R4 xml.html), safely: no DTD, so no entities; nothing is fetched; bounded depth.

The order of elements is not insisted on. Processing instructions, `xsi:schemaLocation` and comments outside of
narratives are passed over.
"""

from __future__ import annotations

import re
from typing import Any, Final

from lxml import etree

from hub.fhir.structure import RESOURCE_TYPES
from hub.fhir.xml.characters import restored
from hub.fhir.xml.layout import FHIR, XHTML, Field, Layout, layout
from hub.fhir.xml.misfit import MisfitError
from hub.fhir.xml.narrative import text_of
from hub.fhir.xml.values import value_of
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json

#: Elements inside each other.
MAX_DEPTH: Final = 100
#: Tags of one document; an element of nothing costs thirty times its bytes.
MAX_TAGS: Final = 4_000_000

_IN_FHIR: Final = f"{{{FHIR}}}"
_DIV: Final = f"{{{XHTML}}}div"
_SCHEMA: Final = "{http://www.w3.org/2001/XMLSchema-instance}"
_ENCODING: Final = re.compile(rb"""\s*<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z0-9._-]*)""")
_UTF8: Final = frozenset({b"utf-8", b"utf8", b"us-ascii", b"ascii"})
#: `huge_tree` stays off: libxml2 then refuses values of more than 10 million characters.
_PARSER: Final = etree.XMLParser(
    encoding="utf-8",
    resolve_entities=False,
    load_dtd=False,
    dtd_validation=False,
    no_network=True,
    huge_tree=False,
    remove_pis=True,
    collect_ids=False,
)


def read_xml(data: bytes) -> Json:
    """The resource of a document in UTF-8.

    Raises HubError UNREADABLE for what is no XML or no R4, naming line or path; UNSUPPORTED (code `media-type`) for
    another encoding; TOO_LARGE for too many tags, or a value of more than 10 million characters.
    """
    root = _parsed(data)
    try:
        return _resource(root, MAX_DEPTH)
    except MisfitError as misfit:
        where = misfit.where or "body"
        raise _unreadable(misfit.what, where) from None


def _parsed(data: bytes) -> etree._Element:
    declared = _ENCODING.match(data.removeprefix(b"\xef\xbb\xbf"))
    if declared is not None and declared[1].lower() not in _UTF8:
        raise HubError(
            Category.UNSUPPORTED, "is not in UTF-8", where="body", todo="send UTF-8, as R4 says", code="media-type"
        )
    if b"<!DOCTYPE" in data:
        raise _unreadable("has a document type declaration", "body")
    if data.count(b"<") > MAX_TAGS:
        raise HubError(Category.TOO_LARGE, f"has more than {MAX_TAGS} tags", where="body", todo="send it in parts")
    try:
        return etree.fromstring(data, _PARSER)
    except etree.XMLSyntaxError as error:
        if error.code == etree.ErrorTypes.ERR_RESOURCE_LIMIT:
            raise HubError(
                Category.TOO_LARGE, "is nested too deeply or has a value that is too long", where="body"
            ) from None
        raise _unreadable("is not well-formed XML", f"line {error.lineno}") from None


def _resource(node: etree._Element, depth: int) -> Json:
    rtype = _local(node.tag)
    if rtype not in RESOURCE_TYPES:
        raise MisfitError("is not a resource of R4 in the namespace " + FHIR)
    resource: Json = {"resourceType": rtype}
    try:
        _read(node, layout(rtype), resource, depth)
    except MisfitError as misfit:
        raise misfit.under(rtype) from None
    return resource


def _read(node: etree._Element, shape: Layout, out: Json, depth: int) -> None:
    """Attributes and children of one element into the JSON object of its type."""
    if depth == 0:
        raise MisfitError(f"is nested deeper than {MAX_DEPTH} elements")
    for name, value in node.attrib.items():
        if name in shape.attribute_names:
            out[name] = value
        elif not name.startswith(_SCHEMA):
            raise MisfitError("is not an attribute of this element", name)
    _no_text(node.text)
    beside: dict[str, list[Json | None]] = {}
    for child in node:
        if child.tag is not etree.Comment:
            _child(child, shape, out, beside, depth)
        _no_text(child.tail)
    for name, extras in beside.items():
        _settle(out, name, extras)


def _child(child: etree._Element, shape: Layout, out: Json, beside: dict[str, list[Json | None]], depth: int) -> None:
    name = _local(child.tag)
    field = shape.elements.get(name)
    if field is None or (field.form == "div") != (child.tag == _DIV):
        raise MisfitError("is not an element R4 has here", name)
    items: list[Any] = out.setdefault(name, []) if field.many else []
    segment = f"{name}[{len(items)}]" if field.many else name
    try:
        if field.form == "primitive":
            value, extra = _primitive(child, field, depth)
        else:
            value, extra = _value(child, field, depth), None
    except MisfitError as misfit:
        raise misfit.under(segment) from None
    if field.many:
        items.append(value)
        if field.form == "primitive":
            beside.setdefault(name, []).append(extra)
        return
    if name in out or field.beside in out:
        raise MisfitError("stands twice", name)
    if value is not None:
        out[name] = value
    if extra is not None:
        out[field.beside] = extra


def _value(child: etree._Element, field: Field, depth: int) -> Any:
    if field.form == "div":
        return text_of(child)
    if field.form == "resource":
        return _enclosed(child, depth - 1)
    value: Json = {}
    _read(child, layout(field.type), value, depth - 1)
    return value


def _enclosed(node: etree._Element, depth: int) -> Json:
    _no_text(node.text)
    for child in node:
        _no_text(child.tail)
    held = [child for child in node if child.tag is not etree.Comment]
    if len(held) != 1 or node.attrib:
        raise MisfitError("must hold one resource and nothing else")
    return _resource(held[0], depth)


def _primitive(node: etree._Element, field: Field, depth: int) -> tuple[Any, Json | None]:
    """The value of a primitive (None: it has none), and its id and extensions (None: it has none)."""
    text = node.attrib.pop("value", None)
    extra: Json | None = None
    if len(node) or node.attrib or node.text:
        found: Json = {}
        _read(node, layout("Element"), found, depth - 1)
        extra = found or None
    if text is None:
        if extra is None:
            raise MisfitError("has neither value nor extension")
        return None, extra
    text, extra = restored(text, extra)
    return value_of(text, field.type), extra


def _settle(out: Json, name: str, extras: list[Json | None]) -> None:
    """Extensions of a repeating primitive stand in a list as long as that of its values; a list of gaps is left out."""
    if any(extra is not None for extra in extras):
        out["_" + name] = extras
    if all(value is None for value in out[name]):
        del out[name]


def _local(tag: str) -> str:
    """The name of an element of FHIR, or of the XHTML div; another element has no name here."""
    if tag.startswith(_IN_FHIR):
        return tag[len(_IN_FHIR) :]
    return "div" if tag == _DIV else ""


def _no_text(text: str | None) -> None:
    if text and not text.isspace():
        raise MisfitError("has text between its elements")


def _unreadable(what: str, where: str) -> HubError:
    return HubError(Category.UNREADABLE, what, where=where, todo="mend the XML", code="xml")
