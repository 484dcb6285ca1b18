"""Local codes of feeds: how those that engineers approve are named, which code is one, and what of it may be told.

An approved code stands in a concept map of its feed, whose groups are by field and coding system. A field is one of
HL7 v2 (`OBX-3`), or for formats without such names the element it becomes (`Observation.code`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final
from urllib.parse import quote

from hub.kernel.types import UnmappedCode

#: Longest code, coding system and text that are noted, in characters.
_LONGEST_CODE: Final = 64
_LONGEST_SYSTEM: Final = 128
_LONGEST_TEXT: Final = 80
#: What looks like a number of a person: a citizen id, a mobile phone, an identifier of many digits.
_PERSONAL: Final = re.compile(r"(?<!\d)(?:\d{15}|\d{17}[\dXx]|1[3-9]\d{9}|\d{16,})(?!\d)")
_NATIONAL: Final = "national value domains: those with a source come with the hub, the standards themselves are loaded"
_HL7: Final = (
    "HL7's own: what R4 requires and the HL7 v2 maps lead to comes with the hub, the package hl7.terminology the rest"
)
_LICENSED: Final = "a terminology of its own licence, loaded by whoever has it"
_GRAMMAR: Final = "a grammar: nothing is loaded"
#: Code systems that mean the same wherever their codes come from, by the beginning of their URI: where the hub has
#: them from. All others are their sender's own.
COMMON: Final[Mapping[str, str]] = {
    "http://hl7.org/fhir/sid/": _LICENSED,
    "http://hl7.org/": _HL7,
    "http://terminology.hl7.org/": _HL7,
    **{f"urn:oid:2.16.840.1.113883.{arc}.": _HL7 for arc in (5, 12, 18)},
    "urn:oid:2.16.840.1.113883.6.": _LICENSED,
    "http://loinc.org": "a few terms come with the hub, LOINC itself is loaded",
    "http://snomed.info/": _LICENSED,
    "http://www.whocc.no/": _LICENSED,
    "http://www.nlm.nih.gov/": _LICENSED,
    "http://www.ama-assn.org/": _LICENSED,
    "http://www.cms.gov/": _LICENSED,
    "http://va.gov/terminology/": _LICENSED,
    "http://fdasis.nlm.nih.gov": _LICENSED,
    "http://ncicb.nci.nih.gov/": _LICENSED,
    "https://www.usps.com/": "states of the USA, by their two letters",
    "http://dicom.nema.org/": "the DICOM standard, loaded from its FHIR resources",
    "http://unitsofmeasure.org": _GRAMMAR,
    "urn:ietf:": _GRAMMAR,
    "urn:iso:": "codes of ISO: MDC and countries come with the hub as far as they are needed",
    "urn:oid:1.0.3166.": "countries of ISO 3166, by OID",
    "urn:oid:2.16.156.10011.": _NATIONAL,
    "urn:hub:": "the hub's own",
}
_PREFIXES: Final = tuple(COMMON)
#: Code systems of the hub's own below its canonical base; what else stands there is named after its sender.
_OWN: Final = re.compile(r"form|form-[a-z-]+|record-kind|referral-direction|episode-type", re.ASCII)


def approved_map(feed: str) -> str:
    """The URL of the concept map of a feed."""
    return f"urn:yilian:approved-codes:{quote(feed, safe='.-_')}"


@lru_cache(maxsize=4096)
def local_system(field: str, system: str) -> str:
    """The source of a group: a field (`OBX-3`), and the coding system as it is sent, or ""."""
    return f"urn:yilian:field:{quote(field)}" + (f":{quote(system, safe='')}" if system else "")


def is_local(system: str, canonical_base: str = "") -> bool:
    """Whether a code system, as a URI, means something to its sender alone: it is neither common nor the hub's own."""
    own = canonical_base and _OWN.fullmatch(system.removeprefix(f"{canonical_base}/CodeSystem/"))
    return not (own or system.startswith(_PREFIXES))


def tellable(field: str, code: str, system: str = "", display: str = "") -> UnmappedCode:
    """A local code as it may be told; an empty code if it may not: somebody may send numbers of persons as codes."""
    if len(code) > _LONGEST_CODE or not code.isprintable() or _PERSONAL.search(code):
        return UnmappedCode(field=field, code="")
    system, display = _told(system, _LONGEST_SYSTEM), _told(display, _LONGEST_TEXT)
    return UnmappedCode(field=field, code=code, system=system, display=display)


def _told(text: str, longest: int) -> str:
    """A text if it may be told, else ""."""
    return text if len(text) <= longest and text.isprintable() and not _PERSONAL.search(text) else ""
