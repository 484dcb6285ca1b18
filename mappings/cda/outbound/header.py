"""The header of a document the hub writes: whose, by whom, kept by whom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from lxml import etree

from hub.kernel.types import Json
from mappings.cda.outbound.values import coded, oid, sub, timestamp
from mappings.cda.tables import Row, rows

_GENDERS: Final = {
    "male": ("1", "男"),
    "female": ("2", "女"),
    "unknown": ("0", "未知的性别"),
    "other": ("9", "未说明的性别"),
}
_SEX_OID: Final = "2.16.156.10011.2.3.3.4"
_CITIZEN: Final = "2.16.156.10011.1.3"


def header(root: etree._Element, row: Row, resources: Sequence[Json], number: str, written: str) -> None:
    """All that stands before the body; `row` is the type of the document (table documents)."""
    sub(root, "realmCode", code="CN")
    sub(root, "typeId", root="2.16.840.1.113883.1.3", extension="POCD_MT000040")
    sub(root, "templateId", root=row["template"])
    sub(root, "id", root="2.16.156.10011.1.1", extension=number)
    sub(root, "code", code=row["code"], codeSystem="2.16.156.10011.2.4", displayName=row["title"])
    sub(root, "title", row["title"])
    sub(root, "effectiveTime", value=timestamp(written))
    sub(root, "confidentialityCode", code=_secrecy(resources), codeSystem="2.16.840.1.113883.5.25")
    sub(root, "languageCode", code="zh-CN")
    _patient(root, next(each for each in resources if each["resourceType"] == "Patient"))
    _author(root, resources, written)
    _custodian(root, resources)


def _secrecy(resources: Sequence[Json]) -> str:
    """The strictest label among what the document tells."""
    labels = {label.get("code") for each in resources for label in each.get("meta", {}).get("security", [])}
    return next((code for code in ("V", "R") if code in labels), "N")


def _patient(root: etree._Element, patient: Json) -> None:
    role = sub(sub(root, "recordTarget", typeCode="RCT", contextControlCode="OP"), "patientRole", classCode="PAT")
    numbers = [
        (oid(each.get("system", "")), each["value"]) for each in patient.get("identifier", []) if "value" in each
    ]
    for system, value in numbers:
        if system != _CITIZEN:
            sub(role, "id", root=system, extension=value)
    for address in patient.get("address", []):
        _address(role, address)
    for contact in patient.get("telecom", []):
        if "value" in contact:
            sub(
                role,
                "telecom",
                value=f"tel:{contact['value']}" if contact.get("system") == "phone" else contact["value"],
            )
    person = sub(role, "patient", classCode="PSN", determinerCode="INSTANCE")
    for system, value in numbers:
        if system == _CITIZEN:
            sub(person, "id", root=system, extension=value)
    _named(person, patient.get("name", []))
    if code := _GENDERS.get(patient.get("gender", "")):
        sub(person, "administrativeGenderCode", code=code[0], codeSystem=_SEX_OID, displayName=code[1])
    if born := patient.get("birthDate"):
        sub(person, "birthTime", value=timestamp(born))
    stated = patient.get("maritalStatus", {}).get("coding", [])
    if national := [each for each in stated if "urn:oid" in each.get("system", "")]:
        coded(person, "maritalStatusCode", {"coding": national})
    for extension in patient.get("extension", []):
        if extension["url"].endswith("/ethnic-group") and "valueCodeableConcept" in extension:
            coded(person, "ethnicGroupCode", extension["valueCodeableConcept"])


def _address(role: etree._Element, address: Json) -> None:
    made = sub(role, "addr", address.get("text", ""), use="H" if address.get("use") == "home" else "")
    for line in address.get("line", []):
        sub(made, "streetAddressLine", line)
    parts = {"district": "county", "city": "city", "state": "state", "postalCode": "postalCode", "country": "country"}
    for name, part in parts.items():
        if name in address:
            sub(made, part, address[name])


def _named(parent: etree._Element, names: Sequence[Json]) -> None:
    for name in names:
        text = name.get("text") or "".join([name.get("family", ""), *name.get("given", [])])
        if text:
            sub(parent, "name", text)


def _ids(parent: etree._Element, resource: Json, default: str) -> None:
    for each in resource.get("identifier", []):
        sub(parent, "id", root=oid(each.get("system", "")) or default, extension=each.get("value", ""))


def _first(resources: Sequence[Json], kind: str) -> Json | None:
    return next((each for each in resources if each["resourceType"] == kind), None)


def _author(root: etree._Element, resources: Sequence[Json], written: str) -> None:
    author = sub(root, "author", typeCode="AUT", contextControlCode="OP")
    sub(author, "time", value=timestamp(written))
    made = sub(author, "assignedAuthor", classCode="ASSIGNED")
    if person := _first(resources, "Practitioner"):
        _ids(made, person, next(row["root"] for row in rows("identifiers") if row["name"] == "文档作者编号"))
        _named(sub(made, "assignedPerson"), person.get("name", []))


def _custodian(root: etree._Element, resources: Sequence[Json]) -> None:
    holder = sub(sub(root, "custodian", typeCode="CST"), "assignedCustodian", classCode="ASSIGNED")
    made = sub(holder, "representedCustodianOrganization", classCode="ORG", determinerCode="INSTANCE")
    if organisation := _first(resources, "Organization"):
        _ids(made, organisation, "2.16.156.10011.1.5")
        sub(made, "name", organisation.get("name", ""))
