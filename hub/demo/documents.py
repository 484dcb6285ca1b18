"""CDA documents as the systems of the demo write them: rows of `documents.yaml` as WS/T 483 and WS/T 500. Pure.

What a value is, its text says: `158 mmHg` is a quantity, `I10^高血压^2.16.156.10011.2.3.3.11` a code, `day -9 08:30` a
time of the story, anything else words. Sections are named by LOINC code and name, facts by data element and name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from lxml import etree

from hub.demo.calendar import Calendar
from hub.demo.population import Person
from hub.demo.staff import Staff
from hub.kernel.types import Json
from mappings.cda.outbound.values import V3, XSI, sub
from mappings.cda.tables import table

_ELEMENTS: Final = "2.16.156.10011.2.2.1"
_LOINC: Final = "2.16.840.1.113883.6.1"
_TYPE: Final = f"{{{XSI}}}type"
_AMOUNT: Final = re.compile(r"([0-9.]+) (\S+)")
#: Digits of a date.
_DAY: Final = 8
_TIME: Final = re.compile(r"day ([+-]?\d+(?: \d\d:\d\d)?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """What stands around the rows: who there is, and when the story happens."""

    persons: Mapping[str, Person]
    staff: Mapping[str, Staff]
    organisations: Mapping[str, str]
    calendar: Calendar

    def document(self, row: Json) -> bytes:
        """The document of a row, in UTF-8."""
        kind = table("documents")[row["type"]]
        root = etree.Element(f"{{{V3}}}ClinicalDocument", nsmap={None: V3, "xsi": XSI})
        sub(root, "realmCode", code="CN")
        sub(root, "typeId", root="2.16.840.1.113883.1.3", extension="POCD_MT000040")
        sub(root, "templateId", root=kind["template"])
        sub(root, "id", root="2.16.156.10011.1.1", extension=row["number"])
        sub(root, "code", code=row["type"], codeSystem="2.16.156.10011.2.4", displayName=kind["title"])
        sub(root, "title", kind["title"])
        sub(root, "effectiveTime", value=self.calendar.hl7(row["at"]))
        sub(root, "confidentialityCode", code=row.get("secrecy", "N"), codeSystem="2.16.840.1.113883.5.25")
        sub(root, "languageCode", code="zh-CN")
        self._patient(root, row)
        self._author(root, row)
        body = sub(sub(root, "component"), "structuredBody")
        for name, section in row["sections"].items():
            self._section(body, name, section, row)
        return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))

    def _patient(self, root: etree._Element, row: Json) -> None:
        person = self.persons[row["person"]]
        role = sub(sub(root, "recordTarget", typeCode="RCT"), "patientRole", classCode="PAT")
        for system, value in _numbers(person, row):
            sub(role, "id", root=system, extension=value)
        sub(role, "telecom", value=f"tel:{person.phone}")
        said = sub(role, "patient", classCode="PSN", determinerCode="INSTANCE")
        sub(said, "id", root="2.16.156.10011.1.3", extension=person.citizen)
        sub(said, "name", person.name)
        sub(said, "administrativeGenderCode", code=person.sex, codeSystem="2.16.156.10011.2.3.3.4")
        sub(said, "birthTime", value=person.born)

    def _author(self, root: etree._Element, row: Json) -> None:
        by = self.staff[row["by"]]
        author = sub(root, "author", typeCode="AUT", contextControlCode="OP")
        sub(author, "time", value=self.calendar.hl7(row["at"]))
        assigned = sub(author, "assignedAuthor", classCode="ASSIGNED")
        sub(assigned, "id", root="2.16.156.10011.1.7", extension=by.id)
        sub(sub(assigned, "assignedPerson"), "name", by.name)
        keeper = sub(sub(root, "custodian", typeCode="CST"), "assignedCustodian", classCode="ASSIGNED")
        organisation = sub(keeper, "representedCustodianOrganization", classCode="ORG", determinerCode="INSTANCE")
        sub(organisation, "id", root="2.16.156.10011.1.5", extension=by.facility)
        sub(organisation, "name", self.organisations[by.facility])

    def _section(self, body: etree._Element, name: str, section: Json, row: Json) -> None:
        code, _, title = name.partition(" ")
        made = sub(sub(body, "component"), "section")
        sub(made, "code", code=code, codeSystem=_LOINC, displayName=title)
        sub(made, "title", title)
        for fact, said in section.items():
            if fact == "medicines":
                for medicine in said:
                    _medicine(sub(made, "entry"), medicine, self.calendar.hl7(row["at"]))
            else:
                self._fact(sub(made, "entry"), fact, str(said), row["at"])

    def _fact(self, entry: etree._Element, name: str, said: str, at: str) -> None:
        element, _, title = name.partition(" ")
        made = sub(entry, "observation", classCode="OBS", moodCode="EVN")
        sub(made, "code", code=element, codeSystem=_ELEMENTS, displayName=title)
        sub(made, "effectiveTime", value=self.calendar.hl7(at))
        kind, attributes, text = self._value(said)
        sub(made, "value", text, **attributes).set(_TYPE, kind)

    def _value(self, said: str) -> tuple[str, dict[str, str], str]:
        """Its type, attributes and text."""
        if amount := _AMOUNT.fullmatch(said):
            return "PQ", {"value": amount[1], "unit": amount[2]}, ""
        if time := _TIME.fullmatch(said):
            stated = self.calendar.hl7(time[1])
            return "TS", {"value": stated if " " in time[1] else stated[:_DAY]}, ""
        if "^" in said:
            code, name, system = said.split("^")
            return "CD", {"code": code, "displayName": name, "codeSystem": system}, ""
        return "ST", {}, said


def _numbers(person: Person, row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The patient's numbers beside the citizen id: record, card, and those the document gives."""
    if person.record:
        yield "2.16.156.10011.1.2", person.record
    yield "2.16.156.10011.1.19", person.card
    yield from row.get("numbers", {}).items()


def _medicine(entry: etree._Element, said: Mapping[str, str], at: str) -> None:
    made = sub(entry, "substanceAdministration", classCode="SBADM", moodCode="EVN")
    sub(made, "text", said["use"])
    sub(made, "statusCode", code="active")
    sub(made, "effectiveTime", value=at)
    if dose := _AMOUNT.fullmatch(said.get("dose", "")):
        sub(made, "doseQuantity", value=dose[1], unit=dose[2])
    drug = sub(sub(sub(made, "consumable"), "manufacturedProduct"), "manufacturedLabeledDrug")
    sub(drug, "name", said["name"])
