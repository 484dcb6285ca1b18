"""Coded data types (CD, CE, CV, CO, CS) to CodeableConcept, and identifiers (II) to Identifier."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from hub.kernel.types import Json
from mappings.cda.context import Context
from mappings.cda.node import Node
from mappings.cda.tables import rows, table, translated

LOINC_OID: Final = "2.16.840.1.113883.6.1"
LOINC: Final = "http://loinc.org"
ELEMENTS_OID: Final = "2.16.156.10011.2.2.1"
ELEMENTS: Final = f"urn:oid:{ELEMENTS_OID}"
ABSENT: Final = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
ELEMENT_CODE: Final = re.compile(
    r"\s*(DE\d{1,3})[._](\d{1,3})[._](\d{3})(?:[._](\d{2}))?(?:[._].*)?\Z", re.ASCII | re.I
)

_OID: Final = re.compile(r"[0-2](?:\.(?:0|[1-9]\d*))+\Z", re.ASCII)
_LOINC: Final = re.compile(r"(?:LP)?(\d{1,7})-(\d)\Z", re.ASCII)
_CODE_LEAVES: Final = ("code", "displayName", "codeSystem", "codeSystemName")


def system_uri(oid: str, base: str, name: str = "") -> str:
    """The URI of a code system: FHIR's where it has one, else its OID; a name alone becomes one of the hub's own."""
    known = translated("code-systems", oid) or translated("code-systems", name.upper())
    if known:
        return known
    if _OID.fullmatch(oid):
        return f"urn:oid:{oid}"
    return f"{base}/CodeSystem/{re.sub(r'[^A-Za-z0-9.-]+', '-', oid).strip('-')}" if oid.isascii() and oid else ""


def is_loinc(code: str) -> bool:
    """Whether a code is built as LOINC's are: digits and a right check digit (Luhn, mod 10)."""
    match = _LOINC.fullmatch(code)
    if match is None or match[1] == "99999":
        return False
    doubled = [int(digit) * (2 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(match[1]))]
    return (10 - sum(value // 10 + value % 10 for value in doubled) % 10) % 10 == int(match[2])


def coding(node: Node, context: Context) -> Json | None:
    """The Coding of an element's own attributes; one that claims to be LOINC and cannot be is of the sender's own."""
    code = node.get("code")
    if not code:
        return None
    oid = node.get("codeSystem")
    system = system_uri(oid, context.canonical_base, node.get("codeSystemName"))
    if system == LOINC and not is_loinc(code):
        context.issue("not-loinc", "the code is declared as LOINC and cannot be", node, "information")
        system = ELEMENTS if ELEMENT_CODE.match(code) else f"{context.canonical_base}/CodeSystem/cda-local"
    if not system and ELEMENT_CODE.match(code):
        system = ELEMENTS
    made: Json = {"system": system, "version": node.get("codeSystemVersion"), "code": " ".join(code.split())}
    made["display"] = node.get("displayName")
    return {name: value for name, value in made.items() if value}


def concept(node: Node | None, context: Context, to: str) -> Json | None:
    """CodeableConcept of a coded element with its translations and text; None if it says nothing."""
    if node is None:
        return None
    made: Json = {}
    codings = [found for each in (node, *node.all("translation")) if (found := coding(each, context))]
    if codings:
        made["coding"] = codings
    text = original_text(node, context, to) or node.get("displayName") or node.text.strip()
    if not text and not codings:
        text = next((each.get("displayName") for each in node.all("translation") if each.get("displayName")), "")
    if text and not (codings and codings[0].get("display") == text):
        made["text"] = text
    for each in (node, *node.all("translation")):
        each.take(to, *_CODE_LEAVES, "codeSystemVersion", "")
    for qualifier in node.all("qualifier"):
        said = ": ".join(filter(None, (each.get("displayName") or each.get("code") for each in qualifier.children)))
        if said and codings:
            extension = {"url": context.extension("cda-qualifier"), "valueString": said}
            codings[0].setdefault("extension", []).append(extension)
            qualifier.take_all(to)
    return made or None


def original_text(node: Node, context: Context, to: str) -> str:
    """What stands in originalText, or in the narrative it refers to."""
    return said_in(node.first("originalText"), context, to)


def said_in(node: Node | None, context: Context, to: str) -> str:
    """The words of an element, or of the narrative it refers to."""
    if node is None:
        return ""
    words = node.said()
    if words:
        node.take_all(to)
    return words or referred(node, context, to)


def referred(node: Node, context: Context, to: str) -> str:
    """The words of the narrative that a `reference` within the element points to."""
    pointer = node.first("reference")
    if pointer is None:
        return ""
    found = context.named.get(pointer.get("value").removeprefix("#"))
    if found is None:
        pointer.refuse("points to no element of the narrative", "value")
        return ""
    pointer.take(to)
    return found.words()


def identifier(node: Node, to: str) -> Json | None:
    """Identifier of an II: extension under its root, a root alone as a URI; None if it is empty."""
    extension, name = node.get("extension"), node.get("assigningAuthorityName")
    root = node.get("root") or next((row["root"] for row in rows("identifiers") if row["name"] == name), "")
    if not root and not extension:
        return None
    node.take(to, "root", "extension", "assigningAuthorityName", "displayable")
    made: Json = {}
    row = table("identifiers").get(root)
    if row is not None:
        made["type"] = _type(row["type"], row["name"])
    if extension:
        made |= {"system": _namespace(root), "value": extension} if root else {"value": extension}
    elif row is not None or not re.fullmatch(r"[0-9A-Fa-f-]{36}|[0-2](\.\d+)+", root):
        return None
    else:
        made |= {"system": "urn:ietf:rfc3986", "value": _namespace(root)}
    if name:
        made["assigner"] = {"display": name}
    return made


def _type(code: str, name: str) -> Json:
    system = "http://terminology.hl7.org/CodeSystem/v2-0203"
    return {"coding": [{"system": system, "code": code}], "text": name} if code else {"text": name}


def _namespace(root: str) -> str:
    if _OID.fullmatch(root):
        return f"urn:oid:{root}"
    return f"urn:uuid:{root.lower()}" if re.fullmatch(r"[0-9A-Fa-f-]{36}", root) else root.replace(" ", "")


def identifiers(nodes: list[Node], to: str) -> list[Json]:
    """The identifiers of several II, each once."""
    return list(_unique(nodes, to))


def _unique(nodes: list[Node], to: str) -> Iterator[Json]:
    seen: list[Json] = []
    for node in nodes:
        made = identifier(node, to)
        if made and made not in seen:
            seen.append(made)
            yield made


def absent(reason: str = "unknown") -> list[Json]:
    """The extension of R4 for an element that must be there and is not known."""
    return [{"url": ABSENT, "valueCode": reason}]
