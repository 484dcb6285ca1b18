"""From the bytes of a file to the ClinicalDocuments in it, safely: no DTD, so no entities; nothing is fetched.

The character set is what the bytes show, not what the file claims: what reads as UTF-8 is UTF-8, else the declared
set, else GB18030. Faults that senders make are mended and told: prefixes nobody declared, bare `&`, control characters.
"""

from __future__ import annotations

import codecs
import html
import re
from base64 import b64decode
from binascii import Error
from collections.abc import Iterator
from typing import Final

from lxml import etree

from hub.kernel.errors import Category, HubError
from hub.kernel.types import Issue
from mappings.cda.node import Node

#: Largest file, in bytes.
MAX_SIZE: Final = 64 * 1024 * 1024
#: Elements of one file; each costs about thirty times its bytes.
MAX_TAGS: Final = 1_000_000

_V3: Final = "urn:hl7-org:v3"
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_ENCODING: Final = re.compile(rb"""<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z0-9._-]+)""")
_CONTROLS: Final = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|&#(?:x0*(?:[0-8bcef]|1[0-9a-f])|0*(?:[0-8]|1[124-9]|2\d|3[01]));", re.I
)
_BARE: Final = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[0-9A-Fa-f]+);)(?:([A-Za-z][A-Za-z0-9]*);)?")
_START: Final = re.compile(r"<[A-Za-z_][^\s/>]*")
_PREFIX: Final = re.compile(r"(?:</?|\s)([A-Za-z_][\w.-]*):[A-Za-z_]")
#: Names of elements the mappings compare, however a sender capitalises them.
_NAMES: Final = {
    name.casefold(): name
    for name in (
        "observation", "organizer", "act", "procedure", "substanceAdministration", "encounter", "supply", "section",
        "component", "structuredBody", "entry", "nonXMLBody", "observationMedia",
    )
}  # fmt: skip
_TYPE: Final = "{http://www.w3.org/2001/XMLSchema-instance}type"
_PARSER: Final = etree.XMLParser(
    encoding="utf-8",
    resolve_entities=False,
    load_dtd=False,
    dtd_validation=False,
    no_network=True,
    huge_tree=False,
    remove_comments=True,
    remove_pis=True,
    collect_ids=False,
)


def documents(raw: bytes) -> tuple[list[Node], list[Issue]]:
    """The ClinicalDocuments of a file, and what had to be mended to read them.

    Raises HubError UNREADABLE for what is no XML, has a DTD or holds no document; TOO_LARGE over a limit.
    """
    if len(raw) > MAX_SIZE:
        raise HubError(Category.TOO_LARGE, f"has more than {MAX_SIZE} bytes", where="file", todo="send it in parts")
    issues: list[Issue] = []
    root = _parsed(_decoded(raw, issues), issues)
    found = list(root.iter("{*}ClinicalDocument")) or list(_enclosed(root, issues))
    if not found:
        raise HubError(
            Category.UNREADABLE,
            "holds no ClinicalDocument",
            where="file",
            todo="send a CDA document",
            code="no-document",
        )
    return [_node(element, None) for element in found], issues


def _enclosed(root: etree._Element, issues: list[Issue]) -> Iterator[etree._Element]:
    """Documents that an envelope carries as text: in a CDATA section, escaped, or in base64."""
    for text in filter(None, (element.text for element in root.iter() if isinstance(element.tag, str))):
        plain = text if text.lstrip().startswith("<") else _from_base64(text, issues)
        if "ClinicalDocument" in plain:
            yield from _parsed(plain, issues).iter("{*}ClinicalDocument")


def _from_base64(text: str, issues: list[Issue]) -> str:
    try:
        raw = b64decode("".join(text.split()), validate=True)
    except (Error, ValueError):
        return ""
    return _decoded(raw, issues) if b"ClinicalDocument" in raw else ""


def _decoded(raw: bytes, issues: list[Issue]) -> str:
    for bom, codec in _BOMS:
        if raw.startswith(bom):
            return raw[len(bom) :].decode(codec, "replace")
    declared = _ENCODING.search(raw[:400])
    name = declared[1].decode().lower() if declared else "utf-8"
    if raw[:4] in (b"<\0?\0", b"\0<\0?"):
        return raw.decode("utf-16-le" if raw[0] else "utf-16-be", "replace")
    for codec in ("utf-8", _codec(name), "gb18030"):
        try:
            text = raw.decode(codec)
        except UnicodeDecodeError:
            continue
        if codec != _codec(name) and not raw.isascii():
            said = f"declared as {name}, read as {codec}"
            issues.append(Issue(severity="information", where="file", code="charset", text=said))
        return text
    text = raw.decode(_codec(name), "replace")
    said = "some bytes are of no known character set and are replaced"
    issues.append(Issue(severity="warning", where="file", code="charset", text=said))
    return text


def _codec(name: str) -> str:
    """The Python codec of a declared set; GB2312 and GBK are read as GB18030, which holds both."""
    if name in {"gb2312", "gbk", "cp936", "gb18030", "gb_2312-80"}:
        return "gb18030"
    try:
        return codecs.lookup(name).name
    except LookupError:
        return "utf-8"


def _parsed(text: str, issues: list[Issue]) -> etree._Element:
    text = _without_declaration(text).lstrip("\ufeff \t\r\n\0")
    if re.search("<!(?:DOCTYPE|ENTITY)", text, re.I):
        raise _unreadable("has a document type declaration", "file", "dtd")
    if text.count("<") > MAX_TAGS:
        raise HubError(Category.TOO_LARGE, f"has more than {MAX_TAGS} tags", where="file", todo="send it in parts")
    try:
        return _tree(text)
    except etree.XMLSyntaxError as error:
        mended = _mended(text)
        if mended == text:
            raise _unreadable("is not well-formed XML", f"line {error.lineno}", "xml") from None
    try:
        root = _tree(mended)
    except etree.XMLSyntaxError as error:
        raise _unreadable("is not well-formed XML", f"line {error.lineno}", "xml") from None
    said = "was not well-formed: undeclared prefixes, bare & or control characters were mended"
    issues.append(Issue(severity="warning", where="file", code="mended-xml", text=said))
    return root


def _without_declaration(text: str) -> str:
    """A text without its XML declaration. Found by search: a pattern would look again from every blank of a run."""
    begin = text.find("<?xml")
    end = text.find(">", begin) if begin >= 0 else -1
    return text[:begin] + text[end + 1 :] if end > 0 and text[end - 1] == "?" else text


def _tree(text: str) -> etree._Element:
    try:
        return etree.fromstring(text.encode("utf-8", "replace"), _PARSER)
    except etree.XMLSyntaxError as error:
        if error.code == etree.ErrorTypes.ERR_RESOURCE_LIMIT:
            said = "is nested too deeply or has a value that is too long"
            raise HubError(Category.TOO_LARGE, said, where="file", todo="send it in parts") from None
        raise


def _mended(text: str) -> str:
    text = _CONTROLS.sub("", text)
    text = _BARE.sub(lambda match: html.escape(_character(match[1])) if match[1] else "&amp;", text)
    missing = {prefix for prefix in set(_PREFIX.findall(text)) if f"xmlns:{prefix}=" not in text} - {"xml", "xmlns"}
    spaces = {"xsi": _TYPE[1 : _TYPE.index("}")]}
    declared = "".join(f' xmlns:{prefix}="{spaces.get(prefix, _V3)}"' for prefix in sorted(missing))
    return _START.sub(lambda match: match[0] + declared, text, count=1) if declared else text


def _character(name: str) -> str:
    """What a named character of HTML stands for; another name stands for itself."""
    return html.unescape(f"&{name};")


def _unreadable(what: str, where: str, code: str) -> HubError:
    return HubError(Category.UNREADABLE, what, where=where, todo="send well-formed XML", code=code)


def _node(element: etree._Element, parent: Node | None) -> Node:
    name = etree.QName(element).localname
    node = Node(
        _NAMES.get(name.casefold(), name),
        {_attribute(str(name)): value for name, value in element.attrib.items()},
        element.text or "",
        element.tail or "",
        parent,
    )
    node.children = [_node(child, node) for child in element if isinstance(child.tag, str)]
    return node


def _attribute(name: str) -> str:
    return "xsi:type" if name == _TYPE else name.rpartition("}")[2]
