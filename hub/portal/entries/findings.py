"""What was found: observations, laboratory and imaging reports, imaging studies."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from hub.kernel.types import Json
from hub.portal.elements import code, codes, concept, objects, reference, text
from hub.portal.entry import Entry, Reading
from hub.portal.record import Item
from hub.portal.values import Result, results_of

#: Categories of Observation and DiagnosticReport by kind: FHIR observation-category and HL7 v2 table 0074.
_IMAGING: Final = frozenset({"imaging", "RAD", "RUS", "CT", "NMR", "NMS", "CUS", "EC", "RX", "IMG"})
_LABORATORY: Final = frozenset(
    {"laboratory", "LAB", "CH", "HM", "MB", "BLB", "IMM", "SR", "TX", "UR", "CG", "GE", "SP", "PAT", "CP", "BG"}
)
#: What the identifier of a study is a number of.
_STUDY: Final = "urn:dicom:uid"
_UID: Final = re.compile(r"[0-9.]{1,64}")
_VOID: Final = frozenset({"entered-in-error", "cancelled"})
_MEASUREMENT: Final = frozenset({"vital-signs", "exam", "activity", "social-history", "survey"})


def observation_kind(item: Item) -> str:
    """The kind of an Observation, by its category; what has none is taken for a laboratory result if it has a range."""
    stated = {one.rpartition("|")[2] for part in objects(item.resource, "category") for one in codes(part)}
    if stated & _IMAGING:
        return "imaging"
    if stated & _LABORATORY:
        return "laboratory"
    if stated & _MEASUREMENT:
        return "measurement"
    return "laboratory" if item.resource.get("referenceRange") else "measurement"


def observation(item: Item, reading: Reading) -> Entry:
    """An Observation on its own."""
    results = tuple(results_of(item.resource, reading.say))
    return reading.entry(
        item, observation_kind(item), concept(item.resource.get("code")), *_notes(item), results=results
    )


def report(item: Item, reading: Reading) -> Entry:
    """A DiagnosticReport with those of its results that were released, and its conclusion."""
    resource = item.resource
    found = [reading.item(wanted) for wanted in result_references(item)]
    results: list[Result] = []
    for one in found:
        if one is not None:
            results += results_of(one.resource, reading.say)
    return reading.entry(
        item, _report_kind(item), concept(resource.get("code")), text(resource, "conclusion"), results=tuple(results)
    )


def result_references(item: Item) -> list[str]:
    """The Observations a DiagnosticReport holds."""
    return [reference(one) for one in objects(item.resource, "result")]


def study(item: Item, reading: Reading) -> Entry:
    """An ImagingStudy: what was taken, with how many images."""
    resource = item.resource
    modalities = [code(one) for one in objects(resource, "modality")]
    series = objects(resource, "series")
    modalities += [code(one.get("modality")) for one in series]
    body = [concept(one.get("bodySite")) or text(one.get("bodySite", {}), "display") for one in series]
    images = resource.get("numberOfInstances")
    title = text(resource, "description") or " ".join(dict.fromkeys(filter(None, [*modalities, *body])))
    entry = reading.entry(
        item,
        "imaging",
        title,
        " ".join(dict.fromkeys(filter(None, modalities))),
        reading.say("images", n=images) if images else "",
    )
    return replace(entry, link=_viewer(resource, reading.viewers))


def _viewer(resource: Json, viewers: Mapping[str, str]) -> str:
    """Where a study is shown; "" if no archive it is in has a viewer, or it is none."""
    numbers = [text(one, "value") for one in objects(resource, "identifier") if text(one, "system") == _STUDY]
    uid = next((number.removeprefix("urn:oid:") for number in numbers), "")
    if not _UID.fullmatch(uid) or text(resource, "status") in _VOID:
        return ""
    found = (viewers.get(reference(one)) for one in objects(resource, "endpoint"))
    return next((viewer.replace("{study}", uid) for viewer in found if viewer), "")


def _report_kind(item: Item) -> str:
    stated = {one.rpartition("|")[2] for part in objects(item.resource, "category") for one in codes(part)}
    if stated & _IMAGING:
        return "imaging"
    return "laboratory" if stated & _LABORATORY or item.resource.get("result") else "other"


def _notes(item: Item) -> list[str]:
    return [text(note, "text") for note in objects(item.resource, "note")]
