"""MSH, SFT, MSA and EVN: who told whom what happened. Not about the patient, but about the message itself.

A feed keeps what the message states of its own origin in the Provenance the hub writes for it (`origin`), and the rest
with the raw message in the inbox. `yilian convert`, which has neither, writes the MessageHeader and the guide's
Provenances into the bundle (`add_exchange`). See docs/decisions/0016-message-header.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from hub.kernel.types import Json
from mappings.hl7v2.absent import unknown
from mappings.hl7v2.building import Building
from mappings.hl7v2.codetables import table
from mappings.hl7v2.context import Context
from mappings.hl7v2.datatypes.authorities import authority_of, organization_of
from mappings.hl7v2.engine import Rules
from mappings.hl7v2.leaves import field
from mappings.hl7v2.parser import Segment

_PARTICIPANT: Final = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
_ACTIVITY: Final = "http://hl7.org/fhir/uv/v2mappings/CodeSystem/provenance-activity-type-v2-to-fhir"
_AUTHOR: Final = {"coding": [{"system": _PARTICIPANT, "code": "author"}]}
_ASSEMBLER: Final = {"coding": [{"system": _PARTICIPANT, "code": "assembler"}]}


class Origin(Struct, frozen=True):
    """Members of Provenance that a message states: `source` by MSH and SFT, `event` by EVN."""

    source: Json
    event: Json

    def together(self) -> Json:
        """Both for one Provenance, without the times, which the hub knows better."""
        both = {**self.event, **self.source}
        agents = [*self.source.get("agent", ()), *self.event.get("agent", ())]
        both |= {"agent": agents} if agents else {}
        return {name: value for name, value in both.items() if name.strip("_") not in {"recorded", "occurredDateTime"}}


def origin(context: Context, rules: Rules) -> Origin:
    """What the message says of where it comes from and what happened."""
    source = _stated(context.message.segments[0], context, rules)
    entities = list(_software(context, rules))
    if entities:
        source["entity"] = [*source.get("entity", ()), *entities]
    evn = context.message.first("EVN")
    return Origin(source, _stated(evn, context, rules) if evn else {})


def _stated(segment: Segment, context: Context, rules: Rules) -> Json:
    building = Building({"resourceType": "Provenance"}, "", "", None)
    rules.run(segment, building, context)
    return {name: value for name, value in building.resource.items() if name != "resourceType"}


def _software(context: Context, rules: Rules) -> Iterator[Json]:
    """SFT: the first is the software the message comes from, others have passed it on."""
    for n, segment in enumerate(context.message.all("SFT")):
        device = context.draft("Device", "software", "|".join(segment.raw(at) for at in (1, 2, 3, 4)), None)
        device.resource.setdefault("type", {"text": "software"})
        rules.run(segment, device, context)
        yield {"role": "derivation" if n else "source", "what": device.reference}


def add_exchange(stated: Origin, context: Context, rules: Rules) -> None:
    """Add the MessageHeader and the Provenances of source, transformation and event."""
    header = _header(context, rules)
    about = context.references()
    source = _source(stated.source, about, context)
    _transformation(about, context)
    if stated.event:
        _event(stated.event, source, header, context)


def _header(context: Context, rules: Rules) -> Building:
    message = context.message
    header = context.draft("MessageHeader", *_identity(context), None)
    for name in ("MSH", "SFT", "MSA"):
        for segment in message.all(name)[:1]:
            rules.run(segment, header, context)
    resource = header.resource
    if "eventCoding" not in resource:
        resource["eventCoding"] = unknown()
    if "response" in resource:
        _complete(resource["response"])
    for place in (resource.setdefault("source", {}), *resource.get("destination", ())):
        if "endpoint" not in place:
            place.setdefault("_endpoint", unknown())
    _country(message.segments[0], context)
    return header


def _complete(response: Json) -> None:
    for name in ("code", "identifier"):
        if name not in response:
            response.setdefault(f"_{name}", unknown())


def _country(msh: Segment, context: Context) -> None:
    """MSH-17: the country of the sender."""
    entry = table("country-code").get(field(msh, 17))
    sender = organization_of(authority_of(msh.repetitions(4)[0]), context) if entry and msh.raw(4) else None
    if entry and sender:
        building = next(each for each in context.drafts.values() if each.reference["reference"] == sender["reference"])
        building.resource["address"] = [{"country": entry.code}]


def _identity(context: Context) -> tuple[str, str]:
    return "message", f"{context.control}|{context.time}"


def _source(stated: Json, about: list[Json], context: Context) -> Json:
    """Where the message comes from."""
    agents, entities = stated.get("agent", ()), stated.get("entity", ())
    authors = [*_sender(context), *agents] or [{"type": _AUTHOR, "who": {"display": "unknown"}}]
    whole = {**stated, "agent": authors, "entity": [_raw(context), *entities]}
    _provenance("source", about, whole, context)
    return whole


def _sender(context: Context) -> list[Json]:
    """MSH-4 as the author, unless MSH-22 names one."""
    msh = context.message.segments[0]
    if msh.raw(22):
        return []
    who = organization_of(authority_of(msh.repetitions(4)[0]), context) if msh.raw(4) else None
    return [{"type": _AUTHOR, "who": who}] if who else []


def _raw(context: Context) -> Json:
    """The message as it was sent, by its identity."""
    return {"role": "source", "what": {"identifier": {"value": context.control or "unknown"}}}


def _transformation(about: list[Json], context: Context) -> None:
    """That it was turned into FHIR; when is not known here, for the same message is to give the same bundle."""
    activity = {"coding": [{"system": _ACTIVITY, "code": "v2-fhir-transformation"}]}
    agent = {"type": _ASSEMBLER, "who": {"display": "Yilian Hub"}}
    _provenance("transformation", about, {"activity": activity, "agent": [agent], "entity": [_raw(context)]}, context)


def _event(stated: Json, source: Json, header: Building, context: Context) -> None:
    """What happened, as EVN tells it; by the sender where it names no operator."""
    activity = {"coding": [{"display": f"event - :{context.kind}^{context.event}"}]}
    whole = {"agent": source["agent"], **stated, "activity": activity}
    _provenance("event", [header.reference], whole, context)


def _provenance(kind: str, about: list[Json], stated: Json, context: Context) -> None:
    resource = context.draft("Provenance", kind, "|".join(_identity(context)), None).resource
    resource |= {"target": about, **stated}
    if "recorded" not in resource:
        resource.setdefault("_recorded", unknown())
