"""Names of coding systems (CWE.3, v2 table 0396) to the URIs FHIR gives them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final
from urllib.parse import quote

from mappings.hl7v2.codetables import table

OID: Final = re.compile(r"[0-2](\.(0|[1-9]\d*))+\Z")
URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+\Z")
#: A table of HL7 v2 by its name in table 0396, as senders write it, or by the OID HL7 gave it.
_V2_TABLE: Final = re.compile(r"(?:(?i:HL7)[-_ ]?(\d{4})|2\.16\.840\.1\.113883\.12\.([1-9]\d{0,3}))\Z", re.ASCII)


def known_system(name: str) -> str:
    """URI of a coding system that HL7 or FHIR names, by name, table or OID; "" if there is none."""
    known = table("coding-systems").get(name)
    if known:
        return known.code
    match = _V2_TABLE.match(name)
    return f"http://terminology.hl7.org/CodeSystem/v2-{int(match[1] or match[2]):04}" if match else ""


@lru_cache(maxsize=4096)
def system_uri(name: str, canonical_base: str, facility: str) -> str:
    """URI of a coding system named as in v2 table 0396, by OID or by URI; a local name gets a URI of the facility."""
    known = known_system(name)
    if known:
        return known
    if OID.match(name):
        return f"urn:oid:{name}"
    if URI.match(name):
        return name
    return f"{canonical_base}/CodeSystem/{quote(facility, safe='')}/{quote(name, safe='')}"
