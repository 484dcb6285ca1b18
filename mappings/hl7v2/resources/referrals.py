"""RF1 and PRD (REF, RRI): a referral as a ServiceRequest, who refers and to whom.

Known by the number of the one who began it (RF1-6), else by the other's (RF1-11), else by the message. An answer (RRI)
tells of the same referral. I14 takes it back.
"""

from __future__ import annotations

from typing import Any, Final

from hub.kernel.types import Json
from mappings.hl7v2.absent import unknown
from mappings.hl7v2.building import Building
from mappings.hl7v2.context import Context
from mappings.hl7v2.datatypes.base import Options
from mappings.hl7v2.datatypes.contacts import DATATYPES as CONTACTS
from mappings.hl7v2.datatypes.contacts import address
from mappings.hl7v2.datatypes.identifiers import PLACEHOLDERS, Number
from mappings.hl7v2.datatypes.names import person_name
from mappings.hl7v2.datatypes.places import location
from mappings.hl7v2.datatypes.references import known, reference
from mappings.hl7v2.engine import Rules
from mappings.hl7v2.groups import Noted, PatientGroup
from mappings.hl7v2.leaves import field
from mappings.hl7v2.parser import Segment
from mappings.hl7v2.paths import LONG_LISTS, append
from mappings.hl7v2.resources.case import numbered
from mappings.hl7v2.resources.notes import add_notes
from mappings.hl7v2.resources.periods import mend_period
from mappings.hl7v2.trace import mapped

_REFERRAL: Final = {
    "coding": [{"system": "http://snomed.info/sct", "code": "3457005", "display": "Patient referral"}],
}
_WITHDRAWN: Final = frozenset({"I14"})
#: PRD-1 (v2 table 0286): who refers, and to whom.
_REFERRING: Final = frozenset({"RP"})
_REFERRED_TO: Final = frozenset({"RT"})
_CONTACT: Final = CONTACTS["XTN"].make(Options())


def referrals(
    group: PatientGroup, patient: Building | None, visit: Building | None, context: Context, rules: Rules
) -> None:
    """The referral of a patient, with the providers named beside it."""
    providers = [noted for noted in group.others if noted.segment.name == "PRD"]
    for noted in group.others:
        if noted.segment.name == "RF1":
            building = _referral(noted, patient, visit, context, rules)
            for each in providers:
                _provider(each.segment, building, context)


def _referral(
    noted: Noted, patient: Building | None, visit: Building | None, context: Context, rules: Rules
) -> Building:
    rf1 = noted.segment
    owner = patient.patient if patient else None
    building = context.draft("ServiceRequest", *_identity(rf1, context), owner)
    resource = building.resource
    resource["subject"] = patient.reference if patient else unknown()
    if visit is not None:
        resource["encounter"] = visit.reference
    rules.run(rf1, building, context)
    mend_period(resource, "occurrencePeriod", rf1, context)
    add_notes(noted.notes, building, context)
    resource["category"] = [dict(_REFERRAL), *resource.get("category", ())]
    resource.setdefault("intent", "order")
    if "orderDetail" in resource:  # R4 ServiceRequest, prr-1
        resource.setdefault("code", unknown())
    if context.event in _WITHDRAWN:
        resource["status"] = "revoked"
    elif "status" not in resource:
        building.defaults["status"] = "active"
    return building


def _identity(rf1: Segment, context: Context) -> tuple[str, str]:
    for n in (6, 11):
        if field(rf1, n):
            return numbered(rf1, n, "referral")
    context.issue("referral-identity", "no referral number: known by this message only", "RF1-6")
    return "message", f"{context.control}|{context.time}|{rf1.ordinal}"


def _provider(prd: Segment, referral: Building, context: Context) -> None:
    found = _person(prd, context)
    role = field(prd, 1)
    if found is None:
        return
    if role in _REFERRING:
        referral.resource.setdefault("requester", found)
        context.took(prd, 1, mapped("ServiceRequest.requester"))
    elif role in _REFERRED_TO:
        append(referral.resource, "performer", found, {LONG_LISTS: context.long_lists})
        context.took(prd, 1, mapped("ServiceRequest.performer[]"))


def _person(prd: Segment, context: Context) -> Json | None:
    """The Practitioner of a PRD: known by the number of PRD-7; one without is only named."""
    context.segment = prd
    names = _values(prd, 2, person_name, context)
    display = str(names[0].get("text", "")) if names else ""
    value = field(prd, 7)
    context.field = 7
    if value in PLACEHOLDERS:
        return {"display": display} if display else None
    building = known("Practitioner", Number(value, ("", "", ""), field(prd, 7, 2)), context)
    context.took(prd, 7, mapped("Practitioner.identifier[]"))
    for n, name, convert in ((2, "name", person_name), (3, "address", address), (5, "telecom", _CONTACT)):
        for made in _values(prd, n, convert, context):
            append(building.resource, name, made, {LONG_LISTS: context.long_lists})
        if prd.raw(n):
            context.took(prd, n, mapped(f"Practitioner.{name}[]"))
    places = _values(prd, 4, location, context)
    if places:
        role = context.draft("PractitionerRole", building.resource["id"], str(places[0].get("reference")), None)
        role.resource |= {"practitioner": reference(building, display), "location": places}
        context.took(prd, 4, mapped("PractitionerRole.location[]"))
        return reference(role, display)
    return reference(building, display)


def _values(segment: Segment, n: int, convert: Any, context: Context) -> list[Json]:
    context.field = n
    found: list[Json] = []
    for context.rep, repetition in enumerate(segment.repetitions(n), 1):
        made = convert(repetition, context) if repetition.text else None
        found += made if isinstance(made, list) else [made] if made else []
    return found
