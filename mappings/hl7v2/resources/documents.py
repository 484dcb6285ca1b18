"""TXA and the OBX behind it (MDM): a DocumentReference, its content as it was sent, and how it follows earlier ones.

Known by its unique number (TXA-12). Its content is files (ED, RP) and the lines of a text (TX, FT) as one text in the
order they were sent, which is its narrative too; other observations stand beside it. What a message says of the
document without sending it (T01, T03, T05, T07, T09, T11) leaves the stored content as it is.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from html import escape
from typing import Final

from hub.kernel.types import Json
from mappings.hl7v2.absent import unknown
from mappings.hl7v2.building import Building
from mappings.hl7v2.codetables import table
from mappings.hl7v2.context import Context
from mappings.hl7v2.datatypes.files import ATTACHMENT
from mappings.hl7v2.datatypes.times import moment
from mappings.hl7v2.datatypes.values import value
from mappings.hl7v2.engine import Rules
from mappings.hl7v2.groups import Document, Noted
from mappings.hl7v2.leaves import clean, field, lines
from mappings.hl7v2.parser import Segment
from mappings.hl7v2.resources.attachments import settle
from mappings.hl7v2.resources.case import numbered
from mappings.hl7v2.resources.labels import spread
from mappings.hl7v2.resources.parents import Made
from mappings.hl7v2.resources.provenance import event
from mappings.hl7v2.resources.results import Setting, observation
from mappings.hl7v2.trace import mapped

#: Events of a document that takes the place of the one TXA-13 names; any other belongs to it (v2.5.1, 9.6.1.13).
_REPLACES: Final = frozenset({"T09", "T10"})
#: Fields of TXA that tell what was done to the document: edited, transcribed, changed for a reason, sent to people.
_DONE: Final = (8, 11, 21, 23)
#: A document of these events was never meant to be.
_CANCELLED: Final = frozenset({"T11"})
_TEXTS: Final = frozenset({"TX", "FT"})
_FILES: Final = frozenset({"ED", "RP"})
#: Availability (TXA-19) that FHIR's status does not tell exactly.
_TOLD: Final = frozenset({"CA", "OB", "UN"})
#: Longest text that is the narrative too.
_NARRATIVE: Final = 100_000
_TEXT: Final = mapped("DocumentReference.content[].attachment.data")


def documents(
    found: Sequence[Document],
    patient: Building | None,
    visit: Building | None,
    made: Sequence[Made],
    context: Context,
    rules: Rules,
) -> None:
    """The DocumentReference of every TXA of a patient."""
    for each in found:
        before = len(context.drafts)
        building = _document(each, patient, visit, context, rules)
        ordered = next((one.request for one in made if one.case.order is each.order), None)
        _contents(each, building, patient, visit, context, rules)
        if ordered is not None:
            _related(building.resource).insert(0, ordered.reference)
        if any(each.txa.segment.raw(n) for n in _DONE):
            key = f"{building.resource['id']}|{field(each.txa.segment, 8) or context.event}"
            event(each.txa.segment, key, building, context, rules)
        spread(building, context, before)
        _follow(each.txa.segment, building, context)  # behind it: the labels of this document are not the other's


def _document(
    each: Document, patient: Building | None, visit: Building | None, context: Context, rules: Rules
) -> Building:
    txa = each.txa.segment
    if field(txa, 12):
        authority, key = numbered(txa, 12, "document")
    else:
        context.issue("document-identity", "no unique document number: known by this message only", "TXA-12")
        authority, key = "message", f"{context.control}|{context.time}|{txa.ordinal}"
    building = context.draft("DocumentReference", authority, key, patient.patient if patient else None)
    resource = building.resource
    if patient is not None:
        resource["subject"] = patient.reference
    context.stand_beside([txa])
    rules.run(txa, building, context)
    if visit is not None:
        resource.setdefault("context", {})["encounter"] = [visit.reference]
    _status(txa, building, context)
    return building


def _status(txa: Segment, building: Building, context: Context) -> None:
    sent = field(txa, 19)
    if context.event in _CANCELLED:
        building.resource |= {"status": "entered-in-error", "docStatus": "entered-in-error"}
    elif "status" not in building.resource:
        building.defaults["status"] = "current"
    if sent in _TOLD:
        coding = {"system": "http://terminology.hl7.org/CodeSystem/v2-0273", "code": sent}
        url = "http://hl7.org/fhir/StructureDefinition/alternate-codes"
        told = {"url": url, "valueCodeableConcept": {"coding": [coding]}}
        building.resource["_status"] = {"extension": [told]}


def _related(resource: Json) -> list[Json]:
    found: list[Json] = resource.setdefault("context", {}).setdefault("related", [])
    return found


def _contents(
    each: Document,
    building: Building,
    patient: Building | None,
    visit: Building | None,
    context: Context,
    rules: Rules,
) -> None:
    text: list[str] = []
    files: list[Json] = []
    for noted in each.contents:
        kind = field(noted.segment, 2)
        if kind in _FILES:
            files += _files(noted.segment, kind, text, context)
        elif kind in _TEXTS:
            text += _lines(noted.segment, context)
        else:
            key = f"{building.key}|content"
            beside = observation(noted, Setting(building.authority, key, patient, visit), context, rules)
            _related(building.resource).append(beside.reference)
    texts = ["\n".join(text)] if any(text) else []
    texts += [note for noted in (each.txa, *each.contents) for note in _notes(noted, context)]
    attachments = [*map(_plain, texts), *files]
    if texts:
        _narrative(texts, building.resource)
    _state(each.txa.segment, [settle(one) for one in attachments], building, context)


def _state(txa: Segment, attachments: list[Json], building: Building, context: Context) -> None:
    """What was sent as the content; where nothing was, TXA-3 says at least what kind of thing it is."""
    presentation = table("document-presentation").get(field(txa, 3))
    if presentation is not None:
        context.took(txa, 3, mapped("DocumentReference.content[].attachment.contentType"))
        for one in attachments:
            one.setdefault("contentType", presentation.code)
    created = _transcribed(txa, context)
    for one in attachments if created else ():
        one.setdefault("creation", created)
    if attachments:
        building.resource["content"] = [{"attachment": one} for one in attachments]
    else:
        attachment = {"contentType": presentation.code} if presentation else {}
        attachment |= {"creation": created} if created else {}
        building.defaults["content"] = [{"attachment": attachment or unknown()}]


def _transcribed(txa: Segment, context: Context) -> str:
    """When the content was put on record (TXA-7); "" if that is not told or cannot be."""
    told = moment(field(txa, 7))
    if told is None:
        return ""
    context.took(txa, 7, mapped("DocumentReference.content[].attachment.creation"))
    return told.date_time(context.zone)


def _files(segment: Segment, kind: str, text: list[str], context: Context) -> list[Json]:
    """Each repetition a file, with what else was sent of it; one that is none after all is a line of the text."""
    found = []
    context.segment, context.field = segment, 5
    for context.rep, repetition in enumerate(segment.repetitions(5), 1):
        if not repetition.text:
            continue
        stated = value(kind, repetition, {}, context)
        extensions = stated.get("extension", ())
        beside = [each for each in extensions if each["url"] != ATTACHMENT]
        attached = [each["valueAttachment"] for each in extensions if each["url"] == ATTACHMENT]
        for each in attached if beside else ():
            each["extension"] = [*each.get("extension", ()), *beside]
        found += attached
        if not attached and "valueString" in stated:
            text.append(stated["valueString"])
        context.took(segment, 5, mapped("DocumentReference.content[].attachment"), context.rep)
    _typed(segment, context)
    return found


def _lines(segment: Segment, context: Context) -> list[str]:
    context.took(segment, 5, _TEXT)
    _typed(segment, context)
    return lines(segment, 5) or [""]


def _typed(segment: Segment, context: Context) -> None:
    context.took(segment, 2, mapped("DocumentReference.content[].attachment.contentType"))


def _notes(noted: Noted, context: Context) -> list[str]:
    """NTE behind TXA or OBX: a text of its own (NTE-3), and its codes as one (NTE-9)."""
    found = []
    for segment in noted.notes:
        text = "\n".join(filter(None, (clean(rep.plain()) for rep in segment.repetitions(3))))
        code = "-".join(filter(None, (field(segment, 9, n) for n in (1, 2, 3))))
        coded = "\n".join(filter(None, (field(segment, 9, 9), code)))
        for n, said in ((3, text), (9, coded)):
            if said and said != '""':
                found.append(said)
                context.took(segment, n, _TEXT)
    return found


def _plain(text: str) -> Json:
    return {"contentType": "text/plain; charset=utf-8", "data": b64encode(text.encode()).decode()}


def _narrative(texts: list[str], resource: Json) -> None:
    """The text for people, which a search for words finds."""
    whole = "\n\n".join(texts)
    if len(whole) <= _NARRATIVE:
        div = f'<div xmlns="http://www.w3.org/1999/xhtml"><pre>{escape(whole, quote=False)}</pre></div>'
        resource["text"] = {"status": "generated", "div": div}


def _follow(txa: Segment, building: Building, context: Context) -> None:
    """TXA-13: what this document belongs to or takes the place of."""
    if not field(txa, 13):
        return
    code = "replaces" if context.event in _REPLACES else "appends"
    parent = context.draft("DocumentReference", *numbered(txa, 13, "document"), building.patient)
    context.took(txa, 13, mapped("DocumentReference.relatesTo[].target"))
    if parent is building:
        return
    building.resource["relatesTo"] = [{"code": code, "target": parent.reference}]
    if "subject" in building.resource:
        parent.resource.setdefault("subject", building.resource["subject"])
    if code == "replaces":
        parent.resource["status"] = "superseded"
    else:
        parent.defaults.setdefault("status", "current")
    parent.defaults.setdefault("content", [{"attachment": unknown()}])
