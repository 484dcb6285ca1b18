"""Segments that need more than rows: the header, whom it is about, orders, observations, documents, referrals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from hub.kernel.types import Json
from mappings.hl7v2.outbound import times
from mappings.hl7v2.outbound.datatypes import Speech, authority, concept, cx, kind_of, xpn
from mappings.hl7v2.outbound.fields import filled
from mappings.hl7v2.outbound.style import Style
from mappings.hl7v2.outbound.values import Stated, attachment, number, stated

#: Kinds of identifier (table 0203) that a person keeps whatever number a facility gives: no merge is about them.
_PERSONAL: Final = frozenset({"NNCHN", "NI", "SS", "PPN", "DL", "BRN", "HC", "MC"})
_ROLES: Final = {"requester": "RP", "performer": "RT"}
_OBSERVATION_UNIT: Final = "observation-unit"


def header(kind: str, structure: str, at: datetime, control: str, style: Style) -> str:
    """MSH; `kind` is `ORU^R01`."""
    event = [*kind.split("^"), structure]
    fields = {
        2: style.separators.encoding_characters,
        3: style.leaf(style.sender[0]),
        4: style.leaf(style.sender[1]),
        5: style.leaf(style.application),
        6: style.leaf(style.facility),
        7: times.of_instant(at, style.zone),
        9: style.components(*event),
        10: control,
        11: "P",
        12: style.version,
        15: style.accept,
        16: style.outcome,
        17: "CHN",
        18: style.declared,
    }
    separator = style.separators.field
    return "MSH" + separator + separator.join(fields.get(n, "") for n in range(2, 19))


def event(at: datetime, style: Style) -> str:
    """EVN; its first field is gone since 2.5, and nobody misses it in 2.4."""
    return style.segment("EVN", {2: times.of_instant(at, style.zone)})


def patient(about: Json, own: Sequence[Json], speech: Speech, ordinal: int = 1) -> str:
    """PID: the receiver's own numbers first, then those of the source it is about; demographics are that source's."""
    fields = filled("PID", about, speech)
    numbers = [cx(one, speech) for each in own for one in each.get("identifier", ())]
    told = dict.fromkeys(filter(None, [*numbers, *_repetitions(fields.get(3, ""), speech)]))
    return speech.style.segment("PID", fields | {1: str(ordinal), 3: speech.style.separators.repetition.join(told)})


def merged(loser: Json, survivor: Json, speech: Speech) -> str:
    """MRG: the numbers that stand for nobody any more. What belongs to the person is none of them."""
    kept = {(one.get("system"), one.get("value")) for one in survivor.get("identifier", ())}
    gone = [
        one
        for one in loser.get("identifier", ())
        if kind_of(one) not in _PERSONAL and (one.get("system"), one.get("value")) not in kept
    ]
    fields = filled("MRG", loser | {"identifier": gone, "name": loser.get("name", [])[:1]}, speech)
    return speech.style.segment("MRG", fields) if fields.get(1) else ""


def visit(encounter: Json | None, speech: Speech) -> str:
    """PV1; class N (not applicable) where no visit is told."""
    fields = {} if encounter is None else filled("PV1", encounter, speech)
    return speech.style.segment("PV1", {1: "1", 2: "N"} | {at: text for at, text in fields.items() if text})


def order(report: Json, request: Json | None, speech: Speech) -> Iterator[str]:
    """ORC and OBR of a report; what its request says of the order stands where the report is silent."""
    style = speech.style
    asked = {} if request is None else filled("ORC", request, speech)
    yield style.segment("ORC", asked | _said(filled("ORC", report, speech)) | {1: "RE"})
    fields = {} if request is None else filled("OBR", request, speech)
    told = fields | _said(filled("OBR", report, speech)) | {1: "1"}
    told.setdefault(3, "")
    told[3] = told[3] or _hub_number(report, style)
    yield style.segment("OBR", told)
    yield from notes([{"text": report.get("conclusion", "")}], style)


def observation(resource: Json, first: int, speech: Speech) -> Iterator[str]:
    """OBX, one for each value that has a code of its own, numbered from `first`; then NTE."""
    style = speech.style
    fields = filled("OBX", resource, speech)
    fields[7] = fields.get(7) or _limits(resource)
    rows = list(_stated(resource, speech))
    for n, (code, said) in enumerate(rows):
        sub = str(n) if len(rows) > 1 and n else ""
        own = {1: str(first + n), 2: said.kind, 3: code or fields.get(3, ""), 4: sub, 5: said.value, 6: said.unit}
        yield style.segment("OBX", fields | own)
    yield from notes(resource.get("note", ()), style)


def _stated(resource: Json, speech: Speech) -> Iterator[tuple[str, Stated]]:
    """Codes ("" for the observation's own) and values. Components that share its code are repetitions of its value."""
    own = stated(resource, speech)
    parts = [(each.get("code"), stated(each, speech)) for each in resource.get("component", ())]
    same = [said for code, said in parts if code == resource.get("code")]
    if same and not own.kind:
        value = speech.style.separators.repetition.join(said.value for said in same)
        own = Stated(same[0].kind, value, same[0].unit)
    yield "", own if own.unit else _with_unit(own, resource, speech)
    for code, said in parts:
        if code != resource.get("code"):
            yield concept(code or {}, speech), said


def _with_unit(said: Stated, resource: Json, speech: Speech) -> Stated:
    """The unit of a text, which its Observation keeps beside it; TX, so that nobody takes it for a number."""
    rows = [one for one in resource.get("extension", ()) if str(one.get("url", "")).endswith(_OBSERVATION_UNIT)]
    if not rows:
        return said
    told = concept(rows[0].get("valueCodeableConcept", {}), speech)
    return Stated("TX" if said.kind == "ST" else said.kind, said.value, told.lstrip(speech.style.separators.component))


def notes(rows: Sequence[Json], style: Style) -> Iterator[str]:
    """NTE for each text."""
    texts = [str(row.get("text", "")) for row in rows]
    for n, text in enumerate(filter(None, texts), 1):
        lines = style.separators.repetition.join(map(style.leaf, text.split("\n")))
        yield style.segment("NTE", {1: str(n), 3: lines})


def document(resource: Json, speech: Speech) -> Iterator[str]:
    """TXA, and an OBX for each content; of a document stated in error only that it is cancelled (TXA-19)."""
    style = speech.style
    fields = filled("TXA", resource, speech)
    fields[12] = fields.get(12) or _hub_number(resource, style)
    fields[17] = fields.get(17) or "DO"
    told = [said for said in (_content(each, speech) for each in resource.get("content", ())) if said.kind]
    form = {"TX": "TX", "ED": "AP"}.get(told[0].kind, "OTH") if told else "TX"
    if resource.get("status") == "entered-in-error":
        yield style.segment("TXA", fields | {1: "1", 3: form, 19: "CA"})
        return
    yield style.segment("TXA", fields | {1: "1", 3: form})
    code = concept(resource.get("type", {}), speech)
    for n, said in enumerate(told, 1):
        yield style.segment("OBX", {1: str(n), 2: said.kind, 3: code, 5: said.value, 11: "F"})


def _content(row: Json, speech: Speech) -> Stated:
    """One content: the Binary it points to if it was let out, else what stands in the attachment itself."""
    held = row.get("attachment", {})
    binary = speech.resources.get(held.get("url", ""))
    if binary is not None:
        held = {**held, "data": binary.get("data", ""), "contentType": binary.get("contentType", "")}
    return attachment({name: value for name, value in held.items() if name != "url" or binary is None}, speech)


def referral(request: Json, speech: Speech) -> Iterator[str]:
    """RF1, and PRD for who refers and to whom."""
    style = speech.style
    fields = filled("RF1", request, speech)
    fields[6] = fields.get(6) or _hub_number(request, style)
    yield style.segment("RF1", fields)
    for element, role in _ROLES.items():
        named = request.get(element, [])
        for reference in named if isinstance(named, list) else [named]:
            yield _provider(role, reference, speech)


def _provider(role: str, reference: Json, speech: Speech) -> str:
    """PRD; an organisation is named by its name, and known by its code."""
    style = speech.style
    found = speech.resolved(reference) or {}
    target = str(reference.get("reference", ""))
    names = found.get("name")
    name = xpn(names[0], speech) if isinstance(names, list) and names else style.leaf(names or "")
    code = target.removeprefix("Organization/") if target.startswith("Organization/") else ""
    known_as = code or next((one.get("value", "") for one in found.get("identifier", ())), "")
    fields = {1: role, 2: name or style.leaf(reference.get("display", "")), 7: style.leaf(known_as)}
    return style.segment("PRD", fields)


def _hub_number(resource: Json, style: Style) -> str:
    """EI of the hub's own: what has no number of its source is known by the id of its resource."""
    return style.components(style.leaf(resource["id"]), authority("", style.sender[0], style))


def _limits(resource: Json) -> str:
    """OBX-7 of limits without a text."""
    found: Json = next(iter(resource.get("referenceRange", ())), {})
    low, high = (number(found.get(end, {}).get("value")) for end in ("low", "high"))
    if low and high:
        return f"{low}-{high}"
    return f">={low}" if low else f"<={high}" if high else ""


def _said(fields: dict[int, str]) -> dict[int, str]:
    return {at: text for at, text in fields.items() if text}


def _repetitions(field: str, speech: Speech) -> list[Any]:
    return field.split(speech.style.separators.repetition) if field else []
