"""The header of a document to Composition, Encounter and whoever took part."""

from __future__ import annotations

from typing import Final

from hub.kernel.types import Json
from mappings.cda.codes import absent, concept, identifier
from mappings.cda.context import Context, reference
from mappings.cda.node import Node
from mappings.cda.parties import organization, party
from mappings.cda.tables import rows, table
from mappings.cda.times import date_time, when

_CONFIDENTIALITY: Final = frozenset({"U", "L", "M", "N", "R", "V"})
#: How somebody vouches for the document.
_ATTEST: Final = {"legalAuthenticator": "legal", "authenticator": "professional"}


def composition(context: Context) -> Json:
    """The Composition without its sections."""
    root = context.root
    made = context.resource("Composition", context.document[0], context.document[1])
    if number := identifier(root.first("id") or root, "Composition.identifier"):
        made["identifier"] = number
    code = concept(root.first("code"), context, "Composition.type") or {}
    row = document_row(context)
    if row is not None and "coding" not in code:
        code["coding"] = [{"system": "urn:oid:2.16.156.10011.2.4", "code": row["code"], "display": row["title"]}]
    made |= {
        "status": "final",
        "type": code or {"text": row["title"] if row else "CDA"},
        "title": _title(code, row, root),
    }
    stated = date_time(root.first("effectiveTime"), context, "Composition.date")
    made |= {"date": stated} if stated else {"_date": {"extension": absent()}}
    if context.patient:
        made["subject"] = context.patient
    made["author"] = _authors(root, context)
    members = {
        "extension": [*_versions(root), *_templates(root, context)],
        "language": _language(root),
        "confidentiality": _confidentiality(root),
        "attester": _attesters(root, context),
        "custodian": _custodian(root, context),
        "relatesTo": _relations(root),
        "event": _events(root, context),
        "encounter": context.encounter,
    }
    made |= {name: each for name, each in members.items() if each}
    return made


def document_row(context: Context) -> dict[str, str] | None:
    """The row of the document's type: by its code, else by a template it claims."""
    found = table("documents").get(context.kind)
    if found is None:
        templates = {each.get("root") for each in context.root.all("templateId")}
        found = next((row for row in rows("documents") if row["template"] in templates), None)
    return dict(found) if found else None


def _title(code: Json, row: dict[str, str] | None, root: Node) -> str:
    title = root.first("title")
    words = title.said() if title is not None else ""
    if title is not None and words:
        title.take_all("Composition.title")
    named = code.get("text") or next((each.get("display", "") for each in code.get("coding", [])), "")
    return words or named or (row["title"] if row else "") or "CDA"


def _versions(root: Node) -> list[Json]:
    number = root.first("versionNumber")
    if number is None or not number.get("value"):
        return []
    number.take("Composition.extension[composition-clinicaldocument-versionNumber]")
    url = "http://hl7.org/fhir/StructureDefinition/composition-clinicaldocument-versionNumber"
    return [{"url": url, "valueString": number.get("value")}]


def _templates(root: Node, context: Context) -> list[Json]:
    """The templates the document claims; a claim that its code belies is told."""
    made = []
    row = document_row(context)
    for node in root.all("templateId"):
        if not node.get("root"):
            continue
        node.take("Composition.extension[cda-template]", "root", "extension")
        value = "|".join(filter(None, (f"urn:oid:{node.get('root')}", node.get("extension"))))
        made.append({"url": context.extension("cda-template"), "valueUri": value})
        if row and node.get("root").startswith("2.16.156.10011.2.1.1.") and node.get("root") != row["template"]:
            context.issue(
                "template-code", "the template is another document type's than the code; the code is believed", node
            )
    return made


def _language(root: Node) -> str:
    node = root.first("languageCode")
    if node is None or not node.get("code"):
        return ""
    node.take("Composition.language")
    return node.get("code").replace("_", "-").replace("chn", "zh")


def _confidentiality(root: Node) -> str:
    node = root.first("confidentialityCode")
    code = node.get("code").upper() if node is not None else ""
    if node is None or code not in _CONFIDENTIALITY:
        return ""
    node.take("Composition.confidentiality")
    return code


def _authors(root: Node, context: Context) -> list[Json]:
    """The authors; where none is named who keeps the document, else nobody known."""
    found = [made for each in root.all("author") if (made := party(each, context))]
    for each in root.all("author"):
        date_time(each.first("time"), context, "Composition.author")
    if not found and (keeper := _custodian(root, context)):
        found = [keeper]
    return found or [{"display": "不详", "extension": absent()}]


def _attesters(root: Node, context: Context) -> list[Json]:
    made = []
    for name, mode in _ATTEST.items():
        for node in root.all(name):
            who = party(node, context)
            time = date_time(node.first("time"), context, "Composition.attester.time")
            if who or time:
                made.append({"mode": mode} | ({"time": time} if time else {}) | ({"party": who} if who else {}))
    return made


def _custodian(root: Node, context: Context) -> Json | None:
    for holder in root.all("custodian", "assignedCustodian"):
        for node in (*holder.all("representedCustodianOrganization"), *holder.all("representedOrganization")):
            made = organization(node, context)
            if made and made["resourceType"] == "Organization":
                return reference(made) | {"display": made["name"]}
    return None


def _relations(root: Node) -> list[Json]:
    codes = {"RPLC": "replaces", "APND": "appends", "XFRM": "transforms"}
    made = []
    for node in root.all("relatedDocument"):
        for parent in node.all("parentDocument", "id"):
            if number := identifier(parent, "Composition.relatesTo.targetIdentifier"):
                node.take("Composition.relatesTo.code", "typeCode")
                made.append({"code": codes.get(node.get("typeCode"), "appends"), "targetIdentifier": number})
    return made


def _events(root: Node, context: Context) -> list[Json]:
    made = []
    for node in root.all("documentationOf", "serviceEvent"):
        event: Json = {}
        if code := concept(node.first("code"), context, "Composition.event.code"):
            event["code"] = [code]
        time = when(node.first("effectiveTime"), context, "Composition.event.period")
        if "Period" in time:
            event["period"] = time["Period"]
        elif "DateTime" in time:
            event["period"] = {"start": time["DateTime"], "end": time["DateTime"]}
        who = [found for each in node.all("performer") if (found := party(each, context))]
        if event or who:
            made.append(event | ({"detail": who} if who else {}))
    return made
