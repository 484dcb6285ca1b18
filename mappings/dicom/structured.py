"""Structured reports (SR) as DiagnosticReport and Observations (HL7 dicom-sr guide; PS3.16 TID 300, 1419, 1500).

Measurements are Observations with their UCUM units, codes and texts beside them; what modifies or explains an item
(finding site, method, tracking) stands in the Observation it is about. The whole tree is kept as text with the report.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from hub.kernel.types import Json
from mappings.attachment import attachment
from mappings.dicom.case import UNKNOWN, Case, oid, texts
from mappings.dicom.coded import concept
from mappings.dicom.content import Node, moment, qualifier, quantity, tree, value_text, written
from mappings.dicom.item import Item
from mappings.dicom.person import displays
from mappings.dicom.study import accession, category
from mappings.dicom.times import at, day

#: What modifies a measurement, by the code of its concept: the element of Observation (PS3.16 TID 300, 1419).
_MODIFIERS: Final = {
    "363698007": "bodySite",
    "G-C0E3": "bodySite",
    "370129005": "method",
    "G-C036": "method",
    "121401": "method",
}
_OBSERVER: Final = "121008"
_TRACKING: Final = frozenset({"112039", "112040"})
#: Words of a report that say what it concludes (PS3.16 CID 7002: Conclusions, Impressions, Summary).
_CONCLUSIONS: Final = frozenset({"121077", "121076", "121073", "121072", "121111"})
_VALUES: Final = frozenset({"NUM", "CODE", "TEXT", "DATE", "DATETIME", "PNAME"})
_FACTS: Final = frozenset({"CONTAINS", "HAS PROPERTIES", "INFERRED FROM"})


def structured_report(item: Item, case: Case) -> None:
    """The DiagnosticReport of one SR object and its Observations."""
    uid = item.uid("SOPInstanceUID")
    nodes = tree(item, case)
    when = moment(item, case.zone) or at(item, "StudyDate", "StudyTime", case.zone)
    results = [_observation(node, context, uid, when, case) for node, context in _facts(nodes, {})]
    ordered = accession([item], case)
    text = "\n".join(written(nodes, case))
    kept = attachment(text.encode(), "text/plain; charset=utf-8", when)
    case.draft(
        "DiagnosticReport",
        "urn:dicom:uid",
        uid,
        {
            "identifier": [oid(uid), *([ordered] if ordered else [])],
            "basedOn": [{"type": "ServiceRequest", "identifier": ordered}] if ordered else [],
            "status": _status(item),
            "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0074", "code": "RAD"}]}],
            "code": concept(item.first("ConceptNameCodeSequence"), case) or dict(UNKNOWN),
            "subject": case.patient,
            "effectiveDateTime": when,
            "performer": [{"display": name} for name in _observers(nodes, case)],
            "resultsInterpreter": [{"display": name} for name in _verifiers(item)],
            "result": results,
            "imagingStudy": [case.study],
            "conclusion": "\n".join(texts(_conclusions(nodes))),
            "presentedForm": [kept] if text else [],
        },
    )


def _facts(nodes: list[Node], context: Mapping[str, Node]) -> Iterator[tuple[Node, Mapping[str, Node]]]:
    """The items that state something, each with what modifies it; a modifier of a group holds for all of it."""
    here = {**context, **_modifiers(nodes)}
    for node in nodes:
        if node.relation in _FACTS and node.kind in _VALUES and node.code() not in _TRACKING:
            yield node, {**here, **_modifiers(node.children)}
        if node.relation in _FACTS:
            yield from _facts(node.children, here)


def _modifiers(nodes: list[Node]) -> dict[str, Node]:
    return {_MODIFIERS[node.code()]: node for node in nodes if node.kind == "CODE" and node.code() in _MODIFIERS}


def _observation(node: Node, context: Mapping[str, Node], uid: str, when: str, case: Case) -> Json:
    resource: Json = {
        "status": "final",
        "category": [category("imaging")],
        "code": node.concept or dict(UNKNOWN),
        "subject": case.patient,
        "effectiveDateTime": when,
        "derivedFrom": [case.study],
    }
    resource |= _value(node, case)
    for element, modifier in context.items():
        resource[element] = concept(modifier.item.first("ConceptCodeSequence"), case)
    return case.draft("Observation", f"urn:dicom:uid/{uid}", node.place, resource)


def _value(node: Node, case: Case) -> Json:
    """The value element of an item, or why it has none."""
    found: Json = {}
    match node.kind:
        case "NUM":
            found = {"valueQuantity": quantity(node.item)}
        case "CODE":
            found = {"valueCodeableConcept": concept(node.item.first("ConceptCodeSequence"), case)}
        case "DATE":
            found = {"valueDateTime": day(node.item.text("Date"))}
        case "DATETIME":
            found = {"valueDateTime": value_text(node, case)}
        case _:
            found = {"valueString": value_text(node, case)}
    return found if all(found.values()) else {"dataAbsentReason": _absent(node, case)}


def _absent(node: Node, case: Case) -> Json:
    stated = qualifier(node.item, case)
    own = {"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": "unknown"}
    return {"coding": [own, stated] if stated else [own]}


def _status(item: Item) -> str:
    """Status of the report by CompletionFlag, VerificationFlag and PreliminaryFlag (PS3.3 C.17.2)."""
    if item.text("CompletionFlag") == "PARTIAL":
        return "partial"
    if item.text("PreliminaryFlag") == "PRELIMINARY":
        return "preliminary"
    return (
        "final"
        if item.text("VerificationFlag") == "VERIFIED" or item.text("PreliminaryFlag") == "FINAL"
        else "preliminary"
    )


def _observers(nodes: list[Node], case: Case) -> list[str]:
    return texts(value_text(node, case) for node in nodes if node.code() == _OBSERVER or node.kind == "PNAME")


def _verifiers(item: Item) -> list[str]:
    return texts(
        name for each in item.items("VerifyingObserverSequence") for name in displays(each, "VerifyingObserverName")
    )


def _conclusions(nodes: list[Node]) -> Iterator[str]:
    for node in nodes:
        if node.kind == "TEXT" and node.code() in _CONCLUSIONS:
            yield node.item.text("TextValue")
        yield from _conclusions(node.children)
