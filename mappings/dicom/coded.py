"""Items of code sequences (PS3.3 8.8) to Coding, CodeableConcept and units."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from hub.kernel.types import Json
from mappings.dicom.case import Case
from mappings.dicom.item import Item
from mappings.dicom.tables import column

UCUM: Final = "http://unitsofmeasure.org"


def coding(item: Item, case: Case) -> Json:
    """The Coding of an item; {} if it holds no code."""
    code = item.text("CodeValue") or item.text("LongCodeValue") or item.text("URNCodeValue")
    if not code:
        return {}
    found: Json = {"system": _system(item, case)}
    if version := item.text("CodingSchemeVersion"):
        found["version"] = version
    found["code"] = " ".join(code.split())
    if meaning := item.text("CodeMeaning"):
        found["display"] = meaning
    return found


def concept(item: Item | None, case: Case) -> Json:
    """The CodeableConcept of an item; {} if it says nothing."""
    if item is None:
        return {}
    code, meaning = coding(item, case), item.text("CodeMeaning")
    return ({"coding": [code]} if code else {}) | ({"text": meaning} if meaning else {})


def concepts(items: list[Item], case: Case) -> list[Json]:
    return [found for item in items if (found := concept(item, case))]


def unit(item: Item | None) -> Json:
    """The unit members of a Quantity; a code that is not UCUM is a unit for people only."""
    if item is None:
        return {}
    code, meaning = item.text("CodeValue"), item.text("CodeMeaning")
    if item.text("CodingSchemeDesignator") != "UCUM" or not code:
        return {"unit": meaning or code} if meaning or code else {}
    if code in {"1", "{no units}", "no units"}:
        return {"system": UCUM, "code": "1"}
    return {"unit": code, "system": UCUM, "code": code}


def _system(item: Item, case: Case) -> str:
    """URI of a coding scheme; one of the sender's own is a name below the facility."""
    uid = item.uid("CodingSchemeUID")
    designator = item.text("CodingSchemeDesignator")
    known = column("schemes", "designator", "system").get(designator)
    if known or uid:
        return known or f"urn:oid:{uid}"
    facility, scheme = quote(case.sender.facility, safe=""), quote(designator or "unknown", safe="")
    return f"{case.sender.canonical_base}/sid/{facility}/{scheme}"
