"""One ClinicalDocument to drafts: header, sections, the original beside them, and the report of every leaf."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from hub.kernel.ids import IdMaker
from hub.kernel.types import Draft, Issue, Json, Translation
from mappings.cda.context import Context
from mappings.cda.document import keep
from mappings.cda.header import composition, document_row
from mappings.cda.node import Node
from mappings.cda.patient import patient
from mappings.cda.refine import refine
from mappings.cda.sections import body
from mappings.cda.tables import translated
from mappings.cda.times import read
from mappings.cda.trace import report
from mappings.cda.visit import visit

DEFAULT_ZONE: Final = "+08:00"
_LABELLED: Final = frozenset({"R", "V"})
_CONFIDENTIALITY: Final = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
_ACT_CODE: Final = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
#: What other documents tell of too, and carries no label of this one.
_SHARED: Final = frozenset({"Patient", "Practitioner", "PractitionerRole", "Organization", "Location", "Device"})


def translate(
    document: Node, raw: bytes, facility: str, ids: IdMaker, canonical_base: str, *, zone: str = DEFAULT_ZONE,
    issues: Sequence[Issue] = (),
) -> Translation:  # fmt: skip
    """The resources of one document of a file; `facility` is who sent it, `raw` the bytes that are kept as sent."""
    context = Context(document, lambda kind, authority, key: ids(facility, kind, authority, key), canonical_base, zone)
    context.issues.extend(issues)
    context.document = identity(document)
    context.kind = _kind(document)
    context.named = {
        node.get("ID") or node.get("id"): node for node in document.walk() if node.get("ID") or node.get("id")
    }
    numbers: list[Json] = []
    target = document.first("recordTarget")
    if target is not None:
        person, numbers = patient(target, context)
        visit(person, context)
    else:
        context.issue("no-patient", "names no patient", document, "error")
    made = composition(context)
    if found := body(document, context):
        made["section"] = found
    refine(made, numbers, context)
    keep(raw, made, numbers, context)
    _label(made.get("confidentiality", ""), context)
    stated = read(document.first("effectiveTime"), context, "Composition.date")
    return Translation(
        drafts=tuple(_settled(draft) for draft in context.drafts.values()),
        report=report(document),
        issues=tuple(dict.fromkeys(context.issues)),
        event_time=stated.instant(zone) if stated else None,
    )


def identity(document: Node) -> tuple[str, str]:
    """What a document is known by through all its versions: its set, else its own id."""
    for name in ("setId", "id"):
        node = document.first(name)
        if node is not None and (node.get("root") or node.get("extension")):
            for each in document.all(name):
                each.take("identity of Composition")
            return node.get("root"), node.get("extension") or node.get("root")
    return "", "|".join(
        node.words() or node.get("value") for node in document.all("title") + document.all("effectiveTime")
    )


def _kind(document: Node) -> str:
    code = document.first("code")
    return code.get("code") if code is not None else ""


def _label(confidentiality: str, context: Context) -> None:
    """A restricted document makes all that is told in it restricted, a sensitive type all of it sensitive."""
    labels = [{"system": _CONFIDENTIALITY, "code": confidentiality}] if confidentiality in _LABELLED else []
    if sensitive := translated("sensitive", (document_row(context) or {}).get("code", "")):
        labels.append({"system": _ACT_CODE, "code": sensitive})
    for draft in context.drafts.values() if labels else ():
        if draft.resource["resourceType"] not in _SHARED:
            draft.resource["meta"] = {"security": [*labels]}


def _settled(draft: Draft) -> Draft:
    """A person is added to by every document, so the Patient is laid over what is known of it."""
    if draft.resource["resourceType"] != "Patient":
        return draft
    return replace(draft, patient=draft.resource["id"], merge="overlay")


def sender(document: Node) -> str:
    """Who keeps the document, as the facility its ids belong to."""
    for node in document.all("custodian", "assignedCustodian", "representedCustodianOrganization"):
        for number in node.all("id"):
            if number.get("extension"):
                return number.get("extension")
        for name in node.all("name"):
            if words := name.words():
                return words
    return "unknown"
