"""WS/T 483.12, 483.13 and 483.20 from FHIR: header, sections by layout, every coded fact in its place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from lxml import etree

from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from mappings.cda.outbound.facts import diagnoses, element_of, referrals, said
from mappings.cda.outbound.header import header
from mappings.cda.outbound.values import V3, XSI, coded, sub, timestamp, value
from mappings.cda.tables import Row, rows, table

_ELEMENTS_OID: Final = "2.16.156.10011.2.2.1"
_LOINC_OID: Final = "2.16.840.1.113883.6.1"
_MEDICINES: Final = ("MedicationStatement", "MedicationRequest", "MedicationAdministration")


def write(code: str, resources: Sequence[Json], *, number: str, written: str) -> bytes:
    """The document of a type (`HSDB04.01`, `HSDB04.02`, `HSDC00.05`) that tells these resources, in UTF-8.

    `resources` hold one Patient; Observations, Goals, Conditions and medicines are told, whoever takes part stands in
    the header. `number` is the document's own, `written` its FHIR dateTime. Raises HubError UNSUPPORTED for a type
    without a layout, INVALID without one Patient.
    """
    layout = [row for row in rows("layouts") if row["document"] == code]
    if not layout:
        todo = f"use one of {', '.join(dict.fromkeys(row['document'] for row in rows('layouts')))}"
        raise HubError(Category.UNSUPPORTED, "this type of document is not written", where=code, todo=todo)
    if [each["resourceType"] for each in resources].count("Patient") != 1:
        raise HubError(
            Category.INVALID, "does not hold one Patient", where="resources", todo="give those of one person"
        )
    root = etree.Element(f"{{{V3}}}ClinicalDocument", nsmap={None: V3, "xsi": XSI})
    header(root, table("documents")[code], resources, number, written)
    body = sub(sub(root, "component"), "structuredBody")
    facts = [*resources, *diagnoses(resources), *referrals(resources)]
    for row in layout:
        _section(body, row, facts, layout)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def _section(body: etree._Element, row: Row, facts: Sequence[Json], layout: Sequence[Row]) -> None:
    made = sub(sub(body, "component"), "section")
    system = _LOINC_OID if row["section"] else ""
    sub(made, "code", code=row["section"], codeSystem=system, displayName=row["name"])
    sub(made, "title", row["title"])
    held = row["elements"].split("|")
    named = {element for each in layout for element in each["elements"].split("|")}
    for fact in facts:
        kind = fact["resourceType"]
        if kind == "Observation":
            element, name = element_of(fact["code"])
            if element in held or ("-" in held and element not in named):
                _observation(sub(made, "entry"), fact["code"], (element, name), said(fact, "value"), fact)
        elif kind == "Goal" and "goal" in held:
            for target in fact.get("target", []):
                place = element_of(target.get("measure", {}))
                _observation(sub(made, "entry"), target.get("measure", {}), place, said(target, "detail"), fact)
        elif kind in _MEDICINES and "medicine" in held:
            _medicine(sub(made, "entry"), fact)


def _observation(
    entry: etree._Element, code: Json, place: tuple[str, str], spoken: tuple[str, object] | None, fact: Json
) -> None:
    mood = "GOL" if fact["resourceType"] == "Goal" else "EVN"
    made = sub(entry, "observation", classCode="OBS", moodCode=mood)
    if fact.get("modifierExtension"):
        made.set("negationInd", "true")
    element, name = place
    if element:
        sub(made, "code", code=element, codeSystem=_ELEMENTS_OID, displayName=name)
    else:
        coded(made, "code", code)
    _time(made, fact, "effective")
    if spoken is not None:
        value(made, *spoken)


def _time(parent: etree._Element, fact: Json, prefix: str) -> None:
    if at := fact.get(f"{prefix}DateTime"):
        sub(parent, "effectiveTime", value=timestamp(at))
    elif period := fact.get(f"{prefix}Period"):
        made = sub(parent, "effectiveTime")
        for name, end in (("low", "start"), ("high", "end")):
            if end in period:
                sub(made, name, value=timestamp(period[end]))


def _medicine(entry: etree._Element, fact: Json) -> None:
    mood = "RQO" if fact["resourceType"] == "MedicationRequest" else "EVN"
    made = sub(entry, "substanceAdministration", classCode="SBADM", moodCode=mood)
    dosage = fact.get("dosage") or fact.get("dosageInstruction") or {}
    dosage = dosage[0] if isinstance(dosage, list) else dosage
    if text := dosage.get("text"):
        sub(made, "text", text)
    _time(made, fact, "effective")
    if route := dosage.get("route"):
        coded(made, "routeCode", route)
    amounts = [each["doseQuantity"] for each in dosage.get("doseAndRate", []) if "doseQuantity" in each]
    for amount in amounts[:1] or ([dosage["dose"]] if "value" in dosage.get("dose", {}) else []):
        sub(made, "doseQuantity", value=str(amount["value"]), unit=amount.get("unit", ""))
    product = sub(sub(sub(made, "consumable"), "manufacturedProduct"), "manufacturedLabeledDrug")
    drug = fact.get("medicationCodeableConcept", {})
    coded(product, "code", {"coding": drug.get("coding", [])})
    shown = drug.get("text") or next((each.get("display", "") for each in drug.get("coding", [])), "")
    if shown:
        sub(product, "name", shown)
