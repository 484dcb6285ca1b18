"""Places (PL, DLD, and those of an NDL) as Location resources: the bed, its room, its ward and so on, each in the next.

One resource for each place as it is written; a reference means the innermost. The order in which they contain each
other is the guide's (PL[Location], NDL[PractitionerRole]): bed, room, level, ward, building, site.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from mappings.hl7v2.building import Building
from mappings.hl7v2.context import Context
from mappings.hl7v2.datatypes.authorities import identifiers, site
from mappings.hl7v2.datatypes.base import Datatype, plain
from mappings.hl7v2.datatypes.contacts import address
from mappings.hl7v2.datatypes.identifiers import Number, meaning, typed
from mappings.hl7v2.datatypes.references import known, reference
from mappings.hl7v2.leaves import component, leaf
from mappings.hl7v2.parser import Repetition
from mappings.hl7v2.trace import mapped


class Layout(NamedTuple):
    """Which components hold the kinds of place (codes of location-physical-type); `si` is the site or facility."""

    si: int
    bu: int
    wa: int
    lvl: int
    ro: int
    bd: int


PL: Final = Layout(si=4, bu=7, wa=1, lvl=8, ro=2, bd=3)
NDL: Final = Layout(si=7, bu=10, wa=4, lvl=11, ro=5, bd=6)
_SYSTEM: Final = "http://terminology.hl7.org/CodeSystem/location-physical-type"
#: The order in which the parts of a name are written.
_NAME: Final = ("bu", "lvl", "wa", "ro", "bd")

_PL_PARTS: Final = {
    **{f"{n}.*": "name" for n in (1, 2, 3, 7, 8)},
    "4.1": "partOf.name",
    "4.2": "identifier.system",
    "4.3": "identifier.system",
    "9": "description",
    "10.1": "identifier.value",
    "10.2": "identifier.assigner.display",
    "10.3": "identifier.assigner.identifier",
    "10.4": "identifier.assigner.identifier.type",
    "11.1": "identifier.assigner.display",
}

_ADDRESS: Final = mapped("Location.address")
#: The first of the components of an LA2 that are those of an XAD.
_LA2_ADDRESS: Final = 9

#: A place by its kind, and the component that names it.
_Level = tuple[str, str, int]


def place_in(rep: Repetition, context: Context, layout: Layout, number: str = "") -> Building | None:
    """The draft of the innermost place a type names, with those around it; None if it names none.

    The site is the innermost where nothing else is named. `number` is the innermost place's own, by which it is known.
    """
    levels = [
        (code, text, at) for code, at in layout._asdict().items() if code != "si" and (text := component(rep, at))
    ]
    around = _site(rep, layout.si, context)
    if not levels and number:
        return _within(_known(levels, number, rep, layout, context), around)
    for depth in range(1, len(levels) + 1):
        building = _known(levels[:depth], number if depth == len(levels) else "", rep, layout, context)
        around = _within(building, around)
    return around


def _within(building: Building, around: Building | None) -> Building:
    if around is not None:
        building.resource.setdefault("partOf", around.reference)
    return building


def _site(rep: Repetition, at: int, context: Context) -> Building | None:
    authority = (leaf(rep, at, 1), leaf(rep, at, 2), leaf(rep, at, 3))
    return site(authority, context) if authority[0] or authority[1] else None


def _known(levels: Sequence[_Level], number: str, rep: Repetition, layout: Layout, context: Context) -> Building:
    by_code = {code: text for code, text, _ in levels}
    named = [(code, by_code[code]) for code in _NAME if code in by_code]
    place = number or "/".join(f"{code}={text}" for code, text in named)
    authority = (leaf(rep, layout.si, 1), leaf(rep, layout.si, 2), leaf(rep, layout.si, 3))
    building = known("Location", Number(place, authority), context)
    resource = building.resource
    if "name" not in resource:
        resource["name"] = " ".join(text for _, text in named) or number
        resource["mode"] = "instance"
        if levels:
            kind, _, at = levels[-1]
            resource["physicalType"] = {"coding": [{"system": _SYSTEM, "code": kind}]}
            own = (leaf(rep, at, 1), leaf(rep, at, 2), leaf(rep, at, 3))
            resource["identifier"] = [*identifiers(own, context), *resource["identifier"]]
    return building


def location(rep: Repetition, context: Context) -> dict[str, Any] | None:
    """Reference to the innermost place a PL names."""
    number, description = leaf(rep, 10, 1), leaf(rep, 9)
    building = place_in(rep, context, PL, number)
    if building is None:
        context.note("refused", "no place in it")
        return None
    resource = building.resource
    if description:
        resource.setdefault("description", description)
    if len(rep.components()) > 9:
        _numbered(building, rep, number, context)
    return reference(building, resource["name"])


def _numbered(building: Building, rep: Repetition, number: str, context: Context) -> None:
    """PL.10 with its own assigner, and PL.11, the assigner of those that name none."""
    stated = building.resource["identifier"]
    own = (leaf(rep, 10, 2), leaf(rep, 10, 3), leaf(rep, 10, 4))
    if number and any(own):
        found = Number(number, own)
        made = typed(found, meaning(found, context, context.at))
        if made not in stated:
            stated.append(made)
    assigner = leaf(rep, 11, 1)
    for each in stated if assigner else ():
        if "assigner" not in each or (each["value"] == number and not any(own)):
            each["assigner"] = {"display": assigner}


def addressed_place(rep: Repetition, context: Context) -> dict[str, Any] | None:
    """Reference to the Location a PL names (RXA-27), with the address of the next field."""
    found = location(rep, context)
    made, addresses = context.made(found), context.segment.repetitions(context.field + 1)
    stated = address(addresses[0], context) if made is not None and addresses else None
    if made is not None and stated:
        made.resource.setdefault("address", stated)
        context.took(context.segment, context.field + 1, _ADDRESS)
    return found


def facility_place(rep: Repetition, context: Context) -> dict[str, Any] | None:
    """Reference to the Location an LA2 names (RXA-11): its point of care, else the facility; with its address."""
    named = [component(rep, comp) for comp in (1, 2, 3)]
    name = " ".join(filter(None, named)) or leaf(rep, 4)
    if not name:
        return None
    authority = (leaf(rep, 4, 1), leaf(rep, 4, 2), leaf(rep, 4, 3)) if any(named) else ("", "", "")
    building = known("Location", Number(name, authority), context)
    building.resource.setdefault("name", name)
    where = rep.components()[_LA2_ADDRESS - 1 :]
    if any(where):
        stated = address(Repetition(rep.separators.component.join(where), rep.separators), context)
        if stated:
            building.resource.setdefault("address", stated)
    return reference(building, name)


def discharge_place(rep: Repetition, context: Context) -> dict[str, Any] | None:
    """Reference to the Location a DLD names by a code and its text; the code is its type too."""
    code, text = leaf(rep, 1, 1), leaf(rep, 1, 2)
    if not code and not text:
        return None
    building = known("Location", Number(code or text), context)
    building.resource.setdefault("name", text or code)
    if code and " " not in code:
        coding = {"code": code, "display": text} if text else {"code": code}
        building.resource.setdefault("type", [{"coding": [coding], "text": text or code}])
    return reference(building, text or code)


DATATYPES: Final[dict[str, Datatype]] = {
    "PL": plain(location, _PL_PARTS, repeated=True),
    "PL-addressed": plain(addressed_place, _PL_PARTS),
    "LA2": plain(
        facility_place,
        {"1.*": "name", "2.*": "name", "3.*": "name", "4.1": "name", "4.2": "identifier.system"}
        | {f"{n}.*": "address.line" for n in (9, 10, 16)}
        | {"11": "address.city", "12": "address.state", "13": "address.postalCode", "14": "address.country"}
        | {"15": "address.use"},
    ),
    "DLD": plain(discharge_place, {"1.1": "type.coding.code", "1.2": "name"}),
}
