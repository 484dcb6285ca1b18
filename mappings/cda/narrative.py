"""The text of a section (StrucDoc) to the XHTML of a narrative: known elements only, no links out, no scripts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Final

from mappings.cda.node import Node

#: Elements that are called the same in XHTML.
_SAME: Final = (
    "table", "thead", "tbody", "tfoot", "tr", "td", "th", "caption", "sub", "sup", "br", "p", "ul", "ol", "li", "b",
    "i", "u", "span", "div", "pre", "h1", "h2", "h3", "h4", "h5", "h6",
)  # fmt: skip
_ELEMENTS: Final[Mapping[str, str]] = {name: name for name in _SAME} | {
    "paragraph": "p", "list": "ul", "item": "li", "content": "span", "linkHtml": "span", "footnote": "span",
    "footnoteRef": "span", "strong": "b", "em": "i",
}  # fmt: skip
#: Where XHTML has a caption, and where it is a paragraph.
_CAPTIONED: Final = frozenset({"table"})
_STYLES: Final = {
    "Bold": "font-weight: bold",
    "Italics": "font-style: italic",
    "Underline": "text-decoration: underline",
}
#: Attributes that say where a cell belongs; everything else only decorates.
_KEPT: Final = ("colspan", "rowspan")
_LEFT_OUT: Final = frozenset({"script", "style", "iframe", "object", "embed", "renderMultiMedia"})


def narrative(node: Node) -> str:
    """An XHTML `div`, or "" if the text says nothing. What was taken is recorded."""
    if not node.words():
        return ""
    _take(node)
    return f'<div xmlns="http://www.w3.org/1999/xhtml">{"".join(_inner(node))}</div>'


def _take(node: Node) -> None:
    node.take("Composition.section.text", "")
    node.take("Composition.section.text", *_KEPT)
    for child in node.children:
        if child.name in _LEFT_OUT:
            child.refuse("no text: not carried into the narrative")
            continue
        child.refuse("only decorates the narrative", *(set(child.attributes) - {*_KEPT}))
        _take(child)
        if child.tail.strip():
            child.became.setdefault("", []).append("Composition.section.text")


def _inner(node: Node) -> Iterator[str]:
    yield escape(node.text, quote=False)
    for child in node.children:
        if child.name not in _LEFT_OUT:
            yield from _element(child)
        yield escape(child.tail, quote=False)


def _element(node: Node) -> Iterator[str]:
    parent = node.parent.name if node.parent else ""
    name = _ELEMENTS.get(node.name, "")
    if node.name == "list" and node.get("listType") == "ordered":
        name = "ol"
    if node.name == "caption" and parent not in _CAPTIONED:
        name = "" if parent in {"list", "item"} else "b"
    if name == "br":
        yield "<br/>"
        return
    if not name or (name == "tr" and not node.children):
        yield from _inner(node)
        return
    yield f"<{name}{''.join(_attributes(node))}>"
    yield from _inner(node)
    yield f"</{name}>"


def _attributes(node: Node) -> Iterator[str]:
    for name in _KEPT:
        if node.get(name).isdecimal():
            yield f' {name}="{node.get(name)}"'
    styles = [_STYLES[each] for each in node.get("styleCode").split() if each in _STYLES]
    if styles:
        yield f' style="{"; ".join(styles)}"'
