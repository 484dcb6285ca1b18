"""OBX-5 of types ED and RP: a file, in the message or elsewhere, as the Attachment that R5 lets an Observation have."""

from __future__ import annotations

import re
from base64 import b64encode
from typing import Final

from hub.kernel.types import Json
from mappings.hl7v2.context import Context
from mappings.hl7v2.leaves import clean, component, leaf
from mappings.hl7v2.parser import Repetition

ATTACHMENT: Final = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Observation.value"
#: The media type of data of which only a kind is told; R4 wants one (att-1).
_ANY_DATA: Final = "application/octet-stream"
_ALTERNATE: Final = "http://hl7.org/fhir/StructureDefinition/alternate-codes"
_V2_MEDIA: Final = "http://terminology.hl7.org/CodeSystem/v2-0191"
_BASE64: Final = re.compile(r"[A-Za-z0-9+/]+={0,2}\Z")
#: Longest text of an attachment that stands beside it as it was sent.
_SHORT_TEXT: Final = 4096
_HEX: Final = re.compile(r"([0-9A-Fa-f]{2})+\Z")
_MEDIA: Final = {
    "PDF": "application/pdf",
    "JPEG": "image/jpeg",
    "JPG": "image/jpeg",
    "PNG": "image/png",
    "TIFF": "image/tiff",
    "GIF": "image/gif",
    "RTF": "text/rtf",
    "HTML": "text/html",
    "XML": "text/xml",
    "PLAIN": "text/plain",
    "DICOM": "application/dicom",
    "HL7": "text/xml",
    "X-HL7-CDA-LEVEL-ONE": "text/xml",
}


def embedded(rep: Repetition, _: Json, context: Context) -> Json | None:
    """ED: an attachment, if its data is what it says; else its text. Its other components are kept as sent.

    So is a short text, which is read and found as such.
    """
    kind, subtype, encoding = leaf(rep, 2), leaf(rep, 3), leaf(rep, 4).upper()
    media = _media_type(kind, subtype)
    data = _encoded(component(rep, 5), encoding, media)
    if not data:
        return None
    is_short_text = encoding == "A" and len(rep.text) <= _SHORT_TEXT
    described = rep.plain() if is_short_text else rep.separators.component.join(rep.components()[:4])
    content: Json = {"contentType": media or _ANY_DATA, "data": data}
    if kind and not subtype:
        concept = {"coding": [{"system": _V2_MEDIA, "code": kind}], "text": kind}
        content = {"extension": [{"url": _ALTERNATE, "valueCodeableConcept": concept}], **content}
    stated = _attachment(content, leaf(rep, 1))
    return {"extension": [*stated["extension"], context.original(clean(described))]}


def _encoded(text: str, encoding: str, media: str) -> str:
    """The data in base64, by its encoding (table 0299); "" if it is not in that.

    `A` is text as it is shown, here in UTF-8, so that it is no other kind of thing. Of such, what looks like base64 is
    that if no encoding is stated.
    """
    bare = "".join(text.split())
    words = media.startswith("text/")
    if encoding == "BASE64" or (not encoding and media and not words):
        return bare if _BASE64.match(bare) and not len(bare) % 4 else ""
    if encoding == "HEX" and _HEX.match(bare):
        return b64encode(bytes.fromhex(bare)).decode()
    return b64encode(text.encode()).decode() if encoding == "A" and words else ""


def pointed_at(rep: Repetition, _: Json, _context: Context) -> Json | None:
    """RP: an attachment elsewhere, if the pointer can be a URL."""
    pointer = component(rep, 1)
    if not pointer or any(character.isspace() for character in pointer):
        return None
    return _attachment({"contentType": _media_type(leaf(rep, 3), leaf(rep, 4)), "url": pointer}, leaf(rep, 2))


def _attachment(content: Json, title: str) -> Json:
    named = {name: text for name, text in {**content, "title": title}.items() if text}
    return {"extension": [{"url": ATTACHMENT, "valueAttachment": named}]}


def _media_type(kind: str, subtype: str) -> str:
    known = _MEDIA.get(subtype.upper()) or _MEDIA.get(kind.upper())
    if known:
        return known
    return (
        f"{kind.lower()}/{subtype.lower()}" if kind.isalpha() and re.fullmatch(r"[\w.+-]+", subtype, re.ASCII) else ""
    )
