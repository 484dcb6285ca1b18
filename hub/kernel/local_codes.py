"""Local codes of feeds: how those that engineers approve are named, which code is one, and what of it may be told.

An approved code stands in a concept map of its feed, whose groups are by field and coding system. A field is one of
HL7 v2 (`OBX-3`), or for formats without such names the element it becomes (`Observation.code`).
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

from hub.kernel.types import UnmappedCode

#: Longest code, coding system and text that are noted, in characters.
_LONGEST_CODE: Final = 64
_LONGEST_SYSTEM: Final = 128
_LONGEST_TEXT: Final = 80
#: What looks like a number of a person: a citizen id, a mobile phone, an identifier of many digits.
_PERSONAL: Final = re.compile(r"(?<!\d)(?:\d{15}|\d{17}[\dXx]|1[3-9]\d{9}|\d{16,})(?!\d)")
#: Code systems that mean the same everywhere: of HL7, of other keepers of terminologies, of the national arc
#: 2.16.156.10011, and HL7's arcs of code systems (5), of external ones (6) and of tables (12, 18).
_COMMON: Final = (
    *("http://hl7.org/", "http://terminology.hl7.org/", "http://loinc.org", "http://snomed.info/"),
    *("http://unitsofmeasure.org", "http://www.whocc.no/", "http://dicom.nema.org/", "http://www.nlm.nih.gov/"),
    *("urn:iso:", "urn:ietf:", "urn:hub:", "urn:oid:2.16.156.10011."),
    *(f"urn:oid:2.16.840.1.113883.{arc}." for arc in (5, 6, 12, 18)),
)
#: Code systems of the hub's own below its canonical base; what else stands there is named after its sender.
_OWN: Final = re.compile(r"form|form-[a-z-]+|record-kind|referral-direction|episode-type", re.ASCII)


def approved_map(feed: str) -> str:
    """The URL of the concept map of a feed."""
    return f"urn:yilian:approved-codes:{quote(feed, safe='.-_')}"


def local_system(field: str, system: str) -> str:
    """The source of a group: a field (`OBX-3`), and the coding system as it is sent, or ""."""
    return f"urn:yilian:field:{quote(field)}" + (f":{quote(system, safe='')}" if system else "")


def is_local(system: str, canonical_base: str) -> bool:
    """Whether a code system, as a URI, means something to its sender alone: it is neither common nor the hub's own."""
    own = _OWN.fullmatch(system.removeprefix(f"{canonical_base}/CodeSystem/"))
    return not (own or system.startswith(_COMMON))


def tellable(field: str, code: str, system: str = "", display: str = "") -> UnmappedCode:
    """A local code as it may be told; an empty code if it may not: somebody may send numbers of persons as codes."""
    if len(code) > _LONGEST_CODE or not code.isprintable() or _PERSONAL.search(code):
        return UnmappedCode(field=field, code="")
    system, display = _told(system, _LONGEST_SYSTEM), _told(display, _LONGEST_TEXT)
    return UnmappedCode(field=field, code=code, system=system, display=display)


def _told(text: str, longest: int) -> str:
    """A text if it may be told, else ""."""
    return text if len(text) <= longest and text.isprintable() and not _PERSONAL.search(text) else ""
