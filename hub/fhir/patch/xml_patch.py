"""XML Patch (RFC 5261, media type of RFC 7351): add, replace and remove on the R4 XML form of a resource.

The root may be named as anyone names it (`diff`, `patch`); its operations are of its namespace. Whether the result is
FHIR at all is judged as any XML is, by reading it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Final

from lxml import etree

from hub.fhir.patch.change import MAX_OPERATIONS, Change, inapplicable, malformed, resource_like, too_large
from hub.fhir.patch.selector import Selector, read_selector
from hub.fhir.xml import read_xml, write_xml
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json

#: Elements inside each other, and elements looked at by one patch.
_MAX_DEPTH: Final = 100
_MAX_WORK: Final = 500_000
_PARSER: Final = etree.XMLParser(
    resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False, remove_pis=True
)
#: Of the resource itself.
_KEEPING: Final = etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False)
_XHTML: Final = "{http://www.w3.org/1999/xhtml}"
_POSITIONS: Final = frozenset({"", "before", "after", "prepend"})


@dataclass(frozen=True, slots=True)
class _Operation:
    """One operation; `attribute` names the attribute an `add` makes."""

    kind: str
    selector: Selector
    where: str
    text: str
    content: tuple[etree._Element, ...]
    position: str = ""
    attribute: str = ""


def read_xml_patch(document: bytes) -> Change:
    """The change a document asks for. Raises HubError UNREADABLE (400) naming the operation, TOO_LARGE."""
    root = _parsed(document)
    _leave_remarks(root)
    if len(root) > MAX_OPERATIONS:
        raise too_large(f"has more than {MAX_OPERATIONS} operations")
    space = etree.QName(root).namespace
    operations = [_read(node, space, f"patch[{index}]") for index, node in enumerate(root)]

    def change(resource: Json) -> Json:
        document = write_xml(resource)
        root, spend = etree.fromstring(document, _KEEPING), _counter()
        for operation in operations:
            root = _applied(operation, root, spend)
        if etree.tostring(root) == etree.tostring(etree.fromstring(document, _KEEPING)):
            return resource
        return resource_like(resource, _resource(root))

    return change


def _parsed(document: bytes) -> etree._Element:
    if b"<!DOCTYPE" in document:
        raise malformed("has a document type declaration", "patch")
    try:
        return etree.fromstring(document, _PARSER)
    except (etree.XMLSyntaxError, ValueError):
        raise malformed("is not well-formed XML", "patch") from None


def _leave_remarks(root: etree._Element) -> None:
    """Take out the comments that are no content: all but those of a narrative, which stay as a write keeps them."""
    for remark in list(root.iter(etree.Comment)):
        owner = remark.getparent()
        if owner is not None and not str(owner.tag).startswith(_XHTML):
            _keep_tail(remark)
            owner.remove(remark)


def _read(node: etree._Element, space: str | None, where: str) -> _Operation:
    name = etree.QName(node)
    if name.localname not in _APPLY or name.namespace != space:
        raise malformed("is not add, replace or remove", where)
    kind, made = name.localname, node.get("type", "")
    selector = read_selector(node.get("sel", ""), node.nsmap, f"{where}.sel")
    attribute = selector.attribute or made
    if len(node) if attribute else _words(node):
        raise malformed("gives elements for an attribute, or words for an element", where)
    if kind != "add":
        return _Operation(kind, selector, where, node.text or "", tuple(node))
    position = node.get("pos", "")
    if selector.attribute or position not in _POSITIONS or (made and not made.removeprefix("@").isalpha()):
        raise malformed("adds to something that can hold nothing", where)
    return _Operation(kind, selector, where, node.text or "", tuple(node), position, made.removeprefix("@"))


def _words(node: etree._Element) -> bool:
    """Whether there is text beside the elements of an operation: FHIR has none, and a narrative is replaced whole."""
    return any(text and not text.isspace() for text in (node.text, *(child.tail for child in node)))


def _counter() -> Callable[[int], None]:
    left = _MAX_WORK

    def spend(elements: int) -> None:
        nonlocal left
        left -= elements
        if left < 0:
            raise too_large("looks at too much")

    return spend


def _applied(operation: _Operation, root: etree._Element, spend: Callable[[int], None]) -> etree._Element:
    found = operation.selector.find(root, spend)
    if len(found) != 1:
        raise inapplicable("the selector does not lead to one place", operation.where)
    (node,) = found
    attribute = operation.selector.attribute
    if attribute and attribute not in node.attrib:
        raise inapplicable("the selector does not lead to one place", operation.where)
    _check_depth(operation, node)
    return _APPLY[operation.kind](operation, node, root)


def _check_depth(operation: _Operation, node: etree._Element) -> None:
    """Level by level: a tree that is too deep would exhaust the stack of whoever writes it."""
    depth = sum(1 for _ in node.iterancestors())
    level = list(operation.content)
    while level:
        depth += 1
        if depth > _MAX_DEPTH:
            raise too_large(f"nests deeper than {_MAX_DEPTH} elements", operation.where)
        level = [inner for one in level for inner in one]


def _add(operation: _Operation, node: etree._Element, root: etree._Element) -> etree._Element:
    if operation.attribute:
        if operation.attribute in node.attrib:
            raise inapplicable("the attribute is there already", operation.where)
        node.set(operation.attribute, operation.text)
        return root
    added = [deepcopy(one) for one in operation.content]
    for one in added:
        one.tail = None
    owner = node if operation.position in ("", "prepend") else node.getparent()
    if owner is None or not added:
        raise inapplicable("there is nothing to add, or no place for it", operation.where)
    at = {"": len(owner), "prepend": 0}.get(operation.position, -1)
    if at < 0:
        at = owner.index(node) + (operation.position == "after")
    owner[at:at] = added
    return root


def _replace(operation: _Operation, node: etree._Element, root: etree._Element) -> etree._Element:
    if operation.selector.attribute:
        node.set(operation.selector.attribute, operation.text)
        return root
    if len(operation.content) != 1:
        raise inapplicable("an element is replaced by one element", operation.where)
    made, owner = deepcopy(operation.content[0]), node.getparent()
    made.tail = node.tail
    if owner is None:
        return made
    owner.replace(node, made)
    return root


def _remove(operation: _Operation, node: etree._Element, root: etree._Element) -> etree._Element:
    owner = node.getparent()
    if operation.selector.attribute:
        del node.attrib[operation.selector.attribute]
    elif owner is None:
        raise inapplicable("the resource itself cannot be removed", operation.where)
    else:
        _keep_tail(node)
        owner.remove(node)
    return root


def _keep_tail(node: etree._Element) -> None:
    """In a narrative, words may follow an element; they are not part of it."""
    before, owner = node.getprevious(), node.getparent()
    if not node.tail or owner is None:
        return
    if before is not None:
        before.tail = (before.tail or "") + node.tail
    else:
        owner.text = (owner.text or "") + node.tail


def _resource(root: etree._Element) -> Json:
    try:
        return read_xml(etree.tostring(root, encoding="UTF-8"))
    except HubError as error:
        if error.category is not Category.UNREADABLE:
            raise
        raise inapplicable("makes no resource of R4", error.where) from None


_APPLY: Final[Mapping[str, Callable[[_Operation, etree._Element, etree._Element], etree._Element]]] = {
    "add": _add,
    "replace": _replace,
    "remove": _remove,
}
