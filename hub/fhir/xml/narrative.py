"""The XHTML of a narrative (R4 narrative.html): a text in JSON, elements in XML."""

from __future__ import annotations

import re
from typing import Final

from lxml import etree

from hub.fhir.xml.characters import carried
from hub.fhir.xml.layout import XHTML

_IN_XHTML: Final = f"{{{XHTML}}}"
_STRICT: Final = etree.XMLParser(resolve_entities=False, no_network=True, remove_pis=True)
#: For a text that is no XML, such as one with `<br>` or `&nbsp;`: read as browsers read it.
_TOLERANT: Final = etree.HTMLParser(no_network=True, remove_pis=True, encoding="utf-8")
#: Names any XML reader takes; the tolerant parser lets others pass.
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
#: Below this depth only the words are kept.
_DEEPEST: Final = 150


def div_of(text: str) -> etree._Element:
    """A narrative's text as one XHTML `div`. Never raises: what is no XML is read as HTML, at worst as plain words."""
    sound = carried(text)
    found = _parsed(sound)
    if found is not None:
        return _xhtml(found)
    plain = etree.Element(_IN_XHTML + "div", nsmap={None: XHTML})
    plain.text = sound
    return plain


def text_of(div: etree._Element) -> str:
    """An XHTML `div` as the text of a narrative, whatever prefix its document had for XHTML."""
    return str(etree.tostring(_xhtml(div), encoding="unicode"))


def _parsed(text: str) -> etree._Element | None:
    try:
        if "<!DOCTYPE" not in text:
            found = etree.fromstring(text.encode(), _STRICT)
            return found if etree.QName(found).localname == "div" else None
    except (etree.XMLSyntaxError, ValueError):
        pass
    divs = etree.fromstring(f"<html><body>{text}</body></html>".encode(), _TOLERANT).findall("body/div")
    return divs[0] if len(divs) == 1 else None


def _xhtml(source: etree._Element) -> etree._Element:
    """A copy that has its namespace as the default, and nothing of the document around it."""
    copy = etree.Element(_name(source.tag), nsmap={None: XHTML})
    _fill(copy, source, 0)
    return copy


def _fill(copy: etree._Element, source: etree._Element, depth: int) -> None:
    if depth > _DEEPEST:
        copy.text = carried(str(source.xpath("string()")))
        return
    copy.text = source.text and carried(source.text)
    for name, value in source.attrib.items():
        if name != "xmlns" and _NAME.fullmatch(name.rpartition("}")[2]):
            copy.set(name, carried(value))
    for child in source:
        if child.tag is etree.Comment:
            inner: etree._Element = etree.Comment(_remark(child.text or ""))
            copy.append(inner)
        else:
            inner = etree.SubElement(copy, _name(child.tag))
            _fill(inner, child, depth + 1)
        inner.tail = child.tail and carried(child.tail)


def _remark(text: str) -> str:
    """The text of a comment; what XML lets none say (section 2.5) comes of an HTML reader, and is told apart."""
    return re.sub(r"-(?=-|$)", "- ", carried(text))


def _name(tag: str) -> str:
    """Elements without a namespace are XHTML's; `o:p` of a word processor is its `p`."""
    if tag.startswith("{"):
        return tag
    local = tag.rpartition(":")[2]
    return _IN_XHTML + (local if _NAME.fullmatch(local) else "span")
