"""People in a role (PractitionerRole), and the Location and Device resources that orders name.

The guide lets a person act in a role where a message says on whose behalf or as what: who ordered and for which
organisation (ORC-12, ORC-21), who observed (OBX-16), who interpreted (OBR-32).
"""

from __future__ import annotations

from typing import Any, Final

from mappings.hl7v2.building import Building
from mappings.hl7v2.context import Context
from mappings.hl7v2.datatypes.base import Converter, Datatype, Options, plain
from mappings.hl7v2.datatypes.contacts import DATATYPES as CONTACTS
from mappings.hl7v2.datatypes.contacts import address
from mappings.hl7v2.datatypes.identifiers import PLACEHOLDERS, XON_NUMBER, Number, checked, entity, meaning, typed
from mappings.hl7v2.datatypes.places import NDL as NDL_PLACE
from mappings.hl7v2.datatypes.places import place_in
from mappings.hl7v2.datatypes.references import (
    NDL_PARTS,
    XCN_PARTS,
    XON_PARTS,
    is_person,
    known,
    organization,
    person_with_duty,
    reference,
)
from mappings.hl7v2.datatypes.references import practitioner as person
from mappings.hl7v2.datatypes.times import date_time, period
from mappings.hl7v2.leaves import leaf
from mappings.hl7v2.parser import Repetition
from mappings.hl7v2.paths import LONG_LISTS, append
from mappings.hl7v2.trace import Mapped, mapped

_V2_0912: Final = "http://terminology.hl7.org/CodeSystem/v2-0912"
#: Systems of the codes of a role that rows name (the guide's OBX map).
_SYSTEMS: Final = {
    "responsibleObserver": "http://terminology.hl7.org/CodeSystem/practitioner-role",
    "MDIR": _V2_0912,
}
_OF_FACILITY: Final = Mapped("PractitionerRole.organization", XON_PARTS)
_OF_REQUEST: Final = Mapped("ServiceRequest.requester.practitioner", XCN_PARTS)
_PERSON: Final = {key: f"practitioner.{part}" for key, part in XCN_PARTS.items()}
_FACILITY: Final = {key: f"organization.{part}" for key, part in XON_PARTS.items()}
_DUTY: Final = {key: f"practitioner.{part}" for key, part in NDL_PARTS.items()}
_CONTACT: Final = CONTACTS["XTN"].make(Options())


def role(who: dict[str, Any] | None, where: dict[str, Any] | None, code: str, context: Context) -> Building | None:
    """The PractitionerRole of a person for an organisation (references); None where neither is a resource."""
    if "reference" not in (who or {}) and "reference" not in (where or {}):
        return None
    ends = [_known_by(each, context) for each in (who, where)]
    building = context.draft("PractitionerRole", "|".join(ends), code, None)
    resource = building.resource
    if who:
        resource.setdefault("practitioner", who)
    if where:
        resource.setdefault("organization", where)
    if code:
        resource.setdefault("code", [{"coding": [{"system": _SYSTEMS[code], "code": code}]}])
    return building


def _known_by(end: dict[str, Any] | None, context: Context) -> str:
    """What a role is known by of one end; a facility without a number by its name, with an address or without."""
    made = context.made(end)
    named = made is not None and made.resource["resourceType"] == "Organization" and made.authority == "named"
    return str((end or {}).get("display" if named else "reference", (end or {}).get("display", "")))


def _as_role(who: dict[str, Any] | None, code: str, context: Context) -> dict[str, Any] | None:
    building = role(who, None, code, context)
    return who if who is None or building is None else _acting(building, who, context)


def _acting(building: Building, who: dict[str, Any] | None, context: Context) -> dict[str, Any]:
    """Reference to a role that tells the person too: a consent about an author must reach what they did in any role."""
    made: dict[str, Any] = dict(reference(building, (who or {}).get("display", "")))
    if who and "reference" in who:
        person_of = {"reference": who["reference"]}
        made["extension"] = [{"url": context.habits.extension("practitioner"), "valueReference": person_of}]
    return made


def _make_person(options: Options) -> Converter:
    return lambda rep, context: _as_role(person(rep, context), options.word, context)


def _make_duty(options: Options) -> Converter:
    """NDL: the person, and when they were on duty."""

    def convert(rep: Repetition, context: Context) -> dict[str, Any] | None:
        if is_person(rep):
            return None
        found = _as_role(person_with_duty(rep, context), options.word, context)
        span = period(date_time(rep, context, 2), date_time(rep, context, 3))
        made = context.made(found)
        if made is not None and span:
            made.resource.setdefault("period", span)
        place = place_in(rep, context, NDL_PLACE) if made is not None and len(rep.components()) > 3 else None
        if made is not None and place is not None:
            append(made.resource, "location", place.reference, {LONG_LISTS: context.long_lists})
        return found

    return convert


def _make_dutiful(options: Options) -> Converter:
    """An NDL that is written as an XCN."""
    convert = _make_person(options)
    return lambda rep, context: convert(rep, context) if is_person(rep) else None


def orderer(rep: Repetition, context: Context) -> dict[str, Any] | None:
    """Who ordered (ORC-12) in their role for the ordering facility (ORC-21); ORC-24 is their address."""
    who = person(rep, context)
    _with(who, 24, "address", address, context)
    where = _facility(context, 21, 22, 23, of_role=True)
    building = role(who, where, "", context)
    return who if building is None else _acting(building, who, context)


def ordering_facility(rep: Repetition, context: Context) -> dict[str, Any] | None:
    """The role at the ordering facility of whom OBR-16 names, else of nobody."""
    who = _named_in_request(context)
    building = role(who, _facility(context, 21, 22, 23, of_role=who is not None), "", context)
    if building is None:
        return organization(rep, context)
    return _acting(building, who, context) if who else building.reference | {"display": leaf(rep, 1)}


def _named_in_request(context: Context) -> dict[str, Any] | None:
    """The person whom OBR-16 names, where ORC-12 names nobody."""
    obr, orc, n, rep = context.beside("OBR"), context.segment, context.field, context.rep
    repetitions = obr.repetitions(16) if obr is not None else []
    if obr is None or not repetitions:
        return None
    context.segment, context.field, context.rep = obr, 16, 1
    who = person(repetitions[0], context)
    if who is not None:
        context.took(obr, 16, _OF_REQUEST, 1)
    context.segment, context.field, context.rep = orc, n, rep
    return who


def director(rep: Repetition, context: Context) -> dict[str, Any] | None:
    """Who directs the performing organisation (OBX-25), which is OBX-23 with its address OBX-24."""
    who = person(rep, context)
    building = role(who, _facility(context, 23, 24, of_role=True), "MDIR", context)
    return who if building is None else _acting(building, who, context)


def performing_organization(_: Repetition, context: Context) -> dict[str, Any] | None:
    """The performing organisation (OBX-23) with its address (OBX-24)."""
    return _facility(context, 23, 24)


def _facility(
    context: Context, n: int, address_at: int, telecom_at: int = 0, *, of_role: bool = False
) -> dict[str, Any] | None:
    """Reference to the Organization of field `n`, with the address and telephone of other fields.

    One of which these are told is a resource though it has no number, known by its name: nothing else could hold them.
    """
    repetitions = context.segment.repetitions(n)
    found = organization(repetitions[0], context) if repetitions else None
    told = any(context.segment.raw(at) for at in (address_at, telecom_at) if at)
    if found is not None and "reference" not in found and told:
        building = context.draft("Organization", "named", found["display"], None)
        building.resource.setdefault("name", found["display"])
        found = reference(building, found["display"])
    if found is not None:
        if of_role:
            context.took(context.segment, n, _OF_FACILITY, 1)
        _with(found, address_at, "address", _not_at_home(address), context)
        if telecom_at:
            _with(found, telecom_at, "telecom", _not_at_home(_CONTACT), context)
    return found


def _not_at_home(convert: Converter) -> Converter:
    """An organisation has no home (R4 Organization, org-2 and org-3), whatever the sender says."""

    def converted(rep: Repetition, context: Context) -> list[dict[str, Any]]:
        value = convert(rep, context)
        stated = value if isinstance(value, list) else [value] if value else []
        return [{k: v for k, v in each.items() if (k, v) != ("use", "home")} for each in stated]

    return converted


def _with(found: dict[str, Any] | None, n: int, name: str, convert: Converter, context: Context) -> None:
    """Add what field `n` of the segment says to the list `name` of the resource `found` refers to."""
    made = context.made(found)
    repetitions = context.segment.repetitions(n)
    if not repetitions or made is None:
        return
    at = context.field, context.rep
    context.field = n
    for context.rep, repetition in enumerate(repetitions, 1):
        value = convert(repetition, context) if repetition.text else None
        if value:
            append(made.resource, name, value, {LONG_LISTS: context.long_lists})
            context.took(context.segment, n, mapped(f"{made.resource['resourceType']}.{name}[]"), context.rep)
    context.field, context.rep = at


def place_of_order(rep: Repetition, context: Context) -> dict[str, Any] | None:
    """The Location an XON names (ORC-21), with its address (ORC-22) and telephone (ORC-23)."""
    name, value = leaf(rep, 1), leaf(rep, 10) or leaf(rep, 3)
    if value in PLACEHOLDERS:
        value = name
    if not value:
        return None
    found_number = Number(value, (leaf(rep, 6, 1), leaf(rep, 6, 2), leaf(rep, 6, 3)), leaf(rep, 7))
    building = known("Location", found_number, context)
    building.resource["identifier"][0] = checked(building.resource["identifier"][0], rep, XON_NUMBER)
    building.resource.setdefault("name", name or value)
    found = reference(building, name)
    _with(found, 23, "telecom", _CONTACT, context)
    addresses = context.segment.repetitions(22)
    stated = address(addresses[0], context) if addresses else None
    if stated:
        building.resource.setdefault("address", stated)
    return found


def document_number(rep: Repetition, context: Context) -> dict[str, Any] | None:
    """Identifier of an EI whose assigner is an Organization (EI[Identifier-Organization])."""
    made = entity(rep, context)
    named = leaf(rep, 2) or leaf(rep, 3)
    if made is None or not named:
        return made
    building = known("Organization", Number(named), context)
    universal = leaf(rep, 3)
    if universal and universal != named:
        append(building.resource, "identifier", {"value": universal, **_universal(leaf(rep, 4))}, {"": {}})
    building.resource.setdefault("name", named)
    return made | {"assigner": reference(building, named)}


def _universal(kind: str) -> dict[str, Any]:
    return (
        {"type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0301", "code": kind}]}}
        if kind
        else {}
    )


def device(rep: Repetition, context: Context) -> dict[str, Any] | None:
    """Reference to the Device an EI identifies (OBX-18)."""
    made = entity(rep, context)
    if made is None:
        return None
    building = _device(made["system"], made["value"], context)
    building.resource.setdefault("identifier", [made])
    return building.reference


def _device(authority: str, number: str, context: Context) -> Building:
    """A device is known for each patient it was used with, in whose record it stands."""
    owner = context.owner.patient if context.owner else None
    return context.draft("Device", owner or "message", f"{authority}|{number}", owner)


def coded_device(rep: Repetition, context: Context) -> dict[str, Any] | None:
    """Reference to the Device a CWE names by codes and texts (ORC-18)."""
    stated = [
        Number(code, (leaf(rep, system), "", ""))
        for at, system in ((1, 3), (4, 6), (10, 12))
        if (code := leaf(rep, at)) not in PLACEHOLDERS
    ]
    texts = list(dict.fromkeys(text for at in (2, 5, 11, 9) if (text := leaf(rep, at))))
    display = texts[0] if texts else ""
    if not stated:
        return {"display": display} if display else None
    meant = [meaning(found, context, context.at) for found in stated]
    building = _device(meant[0].key, stated[0].value, context)
    building.resource.setdefault("identifier", [typed(*each) for each in zip(stated, meant, strict=True)])
    if texts:
        building.resource.setdefault("deviceName", [{"name": text, "type": "user-friendly-name"} for text in texts])
    return reference(building, display)


DATATYPES: Final[dict[str, Datatype]] = {
    "XCN-role": Datatype(_make_person, _PERSON),
    "XCN-orderer": plain(orderer, _PERSON),
    "XON-orderer": plain(ordering_facility, _FACILITY),
    "NDL-XCN": Datatype(_make_dutiful, _PERSON),
    "XCN-director": plain(director, _PERSON),
    "XON-performing": plain(performing_organization, XON_PARTS),
    "XON-location": plain(place_of_order, XON_PARTS),
    "NDL-role": Datatype(
        _make_duty,
        _DUTY | {"2": "period.start", "3": "period.end"} | {f"{n}.*": "location" for n in (4, 5, 6, 7, 10, 11)},
    ),
    "EI-organization": plain(
        document_number, {"1.*": "value", "2": "assigner", "3": "assigner.identifier", "4": "assigner.identifier.type"}
    ),
    "EI-device": plain(device, {"1.*": "identifier.value", "2": "identifier.system", "3": "identifier.system"}),
    "CWE-device": plain(
        coded_device,
        {str(n): "identifier.value" for n in (1, 4, 10)}
        | {str(n): "identifier.system" for n in (3, 6, 12)}
        | {str(n): "deviceName.name" for n in (2, 5, 9, 11)},
    ),
}
