"""OBX: observations, of an order, of a specimen or of a patient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from msgspec import Struct

from hub.kernel.types import Json
from mappings.hl7v2.absent import unknown
from mappings.hl7v2.building import Building
from mappings.hl7v2.codetables import table
from mappings.hl7v2.context import Context
from mappings.hl7v2.datatypes.base import SHORT
from mappings.hl7v2.datatypes.coded import CONCEPT_PARTS, concept
from mappings.hl7v2.datatypes.reference_ranges import reference_range
from mappings.hl7v2.datatypes.series import samples
from mappings.hl7v2.datatypes.specimens import specimen
from mappings.hl7v2.datatypes.statuses import is_flag
from mappings.hl7v2.datatypes.times import Moment, moment
from mappings.hl7v2.datatypes.values import LINES, unit, value
from mappings.hl7v2.engine import Rules
from mappings.hl7v2.groups import Noted, PatientGroup
from mappings.hl7v2.leaves import clean, field, lines
from mappings.hl7v2.parser import Segment
from mappings.hl7v2.repeated import Meant, has_room
from mappings.hl7v2.resources.attachments import keep_files
from mappings.hl7v2.resources.flags import flag
from mappings.hl7v2.resources.impressions import is_impression
from mappings.hl7v2.resources.labels import label
from mappings.hl7v2.resources.notes import add_notes
from mappings.hl7v2.resources.observed_with import observers
from mappings.hl7v2.sharing import LONG, share
from mappings.hl7v2.trace import Mapped, mapped

#: Status of a report (R4 diagnostic-report-status) to that of its observations.
_OF_REPORT: Final = {"partial": "preliminary", "appended": "amended"}
#: OBX-11 X: no result can be obtained, which `cancelled` alone does not tell.
_NOT_OBTAINED: Final = {
    "url": "http://hl7.org/fhir/StructureDefinition/alternate-codes",
    "valueCodeableConcept": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0085", "code": "X"}]},
}
#: Types of OBX-5 that hold or name a file.
_FILES: Final = frozenset({"ED", "RP"})
#: Types of OBX-5 that are lines of a narrative, and those that are shown with a report.
NARRATIVE: Final = frozenset({"TX", "FT"})
PRESENTED: Final = NARRATIVE | _FILES
#: Values that have the unit within them.
_WITH_UNIT: Final = ("valueQuantity", "valueRange", "valueRatio", "valueSampledData")
_SPECIMENS: Final = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Observation.specimen"
_UNIT_PARTS: Final = {"1": "unit", "2": "unit", "3": "system"}
_QUANTITY_UNIT: Final = Mapped("Observation.value[x]", _UNIT_PARTS)
_OTHER_UNIT: Final = Mapped("Observation.extension[].valueCodeableConcept", CONCEPT_PARTS)
_CONCEPT: Final = frozenset(CONCEPT_PARTS.items())
_CODED: Final = frozenset({"CE", "CWE", "CNE", "CF", "IS", "ID"})


class Setting(Struct, frozen=True):
    """What an observation belongs to: identity of the order, patient, visit, OBR and specimen, as far as there are.

    `focus`: it is about the specimen itself.
    """

    authority: str
    key: str
    patient: Building | None = None
    visit: Building | None = None
    obr: Segment | None = None
    specimen: Building | None = None
    focus: bool = False


class Observed(Struct, frozen=True):
    """An OBX and what it became (`building` None: let go of); whether it is a result of its order, whether it answers
    a question of it, and whether it may be more to the report than one of its results.
    """

    noted: Noted
    reference: Json
    building: Building | None
    result: bool = True
    asked: bool = False
    told: bool = False


def observed(
    noted: Noted,
    setting: Setting,
    context: Context,
    rules: Rules,
    labels: Sequence[Json] = (),
    *,
    result: bool,
    asked: bool,
) -> Observed:
    """An OBX, told apart before it is mapped: of a long message it is not split again, and let go of with `labels`."""
    segment = noted.segment
    told = segment.raw(2) in PRESENTED or is_impression(segment)
    building = observation(noted, setting, context, rules)
    reference = building.reference
    if context.lets_go and segment.ordinal > LONG and not told:
        label(building, labels)
        context.let_go(building)
        return Observed(noted, reference, None, result, asked, told)
    return Observed(noted, reference, building, result, asked, told)


def patient_observations(
    group: PatientGroup, patient: Building | None, visit: Building | None, context: Context, rules: Rules
) -> None:
    """Observations sent without an order, as in ADT: known by visit or patient, and by their time."""
    if not group.observations:
        return
    owner = visit or patient
    authority = f"{owner.resource['resourceType']}/{owner.resource['id']}" if owner else "message"
    for noted in group.observations:
        said = field(noted.segment, 14) or (context.time if owner else f"{context.control}|{context.time}")
        building = observation(noted, Setting(authority, said, patient, visit), context, rules)
        if noted.segment.ordinal > LONG and not rules.apart:
            context.let_go(building)


def observation(noted: Noted, setting: Setting, context: Context, rules: Rules) -> Building:
    """One OBX. The same test twice in one order is told apart by sub-id, else by its place among its like."""
    segment = noted.segment
    test = field(segment, 3) or field(segment, 3, 4) or field(segment, 3, 2)
    identity = f"{setting.key}|{test}|{clean(segment.raw(4))}"
    nth = context.repeats[identity] = context.repeats.get(identity, 0) + 1
    key = identity if nth == 1 else f"{identity}|{nth}"
    patient = setting.patient.patient if setting.patient else None
    building = context.draft("Observation", setting.authority, key, patient, merge="replace")
    resource = building.resource
    _refer(resource, setting)
    rules.run(segment, building, context)
    _values(segment, resource, context)
    _complete(segment, resource, setting, context)
    if segment.raw(33):
        _specimens(segment, resource, context)
    if segment.raw(2) in _FILES:
        keep_files(building, setting.patient, setting.visit, context)
    if noted.parts:
        observers(noted.parts, building, context, rules)
    if noted.notes:
        add_notes(noted.notes, building, context)
    if segment.ordinal > LONG:
        share(resource, context.shared)
        segment.forget()
        context.settle(segment)
    return building


def _refer(resource: Json, setting: Setting) -> None:
    for name, other in (("subject", setting.patient), ("encounter", setting.visit), ("specimen", setting.specimen)):
        if other is not None:
            resource[name] = other.reference
    if setting.focus and setting.specimen is not None:
        resource["focus"] = [setting.specimen.reference]


def _specimens(segment: Segment, resource: Json, context: Context) -> None:
    """OBX-33: the specimen; R4 has room for one, several stand in the element of R5."""
    context.segment, context.field = segment, 33
    found = []
    for context.rep, repetition in enumerate(segment.repetitions(33), 1):
        made = specimen(repetition, context)
        if made is not None:
            found.append(made)
            context.took(segment, 33, mapped("Observation.specimen"), context.rep)
    if len(found) == 1:
        resource["specimen"] = found[0]
    for each in found if len(found) > 1 else ():
        resource.setdefault("extension", []).append({"url": _SPECIMENS, "valueReference": each})


def _values(segment: Segment, resource: Json, context: Context) -> None:
    units = _units(segment, context)
    said = [rep for rep in segment.repetitions(5) if rep.text]
    kind = field(segment, 2)
    if said and not said[0].is_null:
        context.segment, context.field = segment, 5
        series = samples(said, units) if kind == "NA" else None
        if series is not None:
            resource |= series
            context.took(segment, 5, mapped("Observation.valueSampledData"))
        elif len(said) > 1:
            _several(segment, kind, units, resource, context)
        else:
            context.rep = 1 + [bool(rep.text) for rep in segment.repetitions(5)].index(True)
            stated = value(kind, said[0], units, context)
            _merge(resource, stated)
            _took(segment, kind, stated, "Observation", context)
    elif said:
        resource.setdefault("dataAbsentReason", _reason("unknown"))
        context.took(segment, 5, mapped("Observation.dataAbsentReason"))
    _around(segment, units, resource, context)


def _units(segment: Segment, context: Context) -> Json:
    """OBX-6, not to be changed: one of a few for thousands of results."""
    raw = segment.raw(6)
    if not raw:
        return {}
    known = context.known.get((unit, raw))
    if known is None:
        known = Meant(((1, unit(segment.repetitions(6)[0], context)),))
        if len(raw) <= SHORT and has_room(context.known):
            context.known[unit, raw] = known
    units: Json = known.values[0][1]
    return units


def _several(segment: Segment, kind: str, units: Json, resource: Json, context: Context) -> None:
    """Several values: lines of one text, or components that all have the code of the observation."""
    if kind in LINES:
        text = "\n".join(lines(segment, 5)).strip()
        if text:
            resource["valueString"] = text
        context.took(segment, 5, mapped("Observation.valueString"))
        return
    code = resource.get("code", unknown())
    for rep, repetition in enumerate(segment.repetitions(5), 1):
        if repetition.text and not repetition.is_null:
            context.rep = rep
            stated = value(kind, repetition, units, context)
            if stated:
                resource.setdefault("component", []).append({**stated, "code": code})
            _took(segment, kind, stated, "Observation.component[]", context)


def _merge(resource: Json, stated: Json) -> None:
    for name, each in stated.items():
        resource[name] = [*resource.get(name, ()), *each] if name == "extension" else each


def _took(segment: Segment, kind: str, stated: Json, owner: str, context: Context) -> None:
    if context.trace is None:
        return
    if not stated:
        context.note("refused", "nothing but blanks")
        return
    name = next((name for name in stated if name.startswith("value")), "extension")
    whole = kind not in _CODED or name == "valueString" or "extension" in stated
    way = mapped(f"{owner}.{name}") if whole else mapped(f"{owner}.{name}", _CONCEPT)
    context.took(segment, 5, way, context.rep)
    context.took(segment, 2, mapped(f"{owner}.value[x]"))


def _around(segment: Segment, units: Json, resource: Json, context: Context) -> None:
    """Unit and reference range, which lean on the value."""
    if units:
        if _has_quantity(resource):
            context.took(segment, 6, _QUANTITY_UNIT)
        else:
            stated = concept(segment.repetitions(6)[0], context)
            extension = {"url": context.habits.extension("observation-unit"), "valueCodeableConcept": stated}
            resource.setdefault("extension", []).append(extension)
            context.took(segment, 6, _OTHER_UNIT)
    # OBX-7 is one text, of which `3.9~6.1` is no two (HL7 v2.5.1, 7.4.2: it does not repeat).
    text = segment.separators.repetition.join(filter(None, (clean(rep.plain()) for rep in segment.repetitions(7))))
    if text and text != '""':
        resource["referenceRange"] = [reference_range(text, units)]
        context.took(segment, 7, mapped("Observation.referenceRange[].text"))


def _has_quantity(resource: Json) -> bool:
    parts: list[Any] = [resource, *resource.get("component", ())]
    return any(
        name in part for part in parts for name in ("valueQuantity", "valueRange", "valueRatio", "valueSampledData")
    )


def _reason(code: str) -> Json:
    return {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": code}]}


def _complete(segment: Segment, resource: Json, setting: Setting, context: Context) -> None:
    """Required elements, and what the order says where the OBX is silent."""
    resource.setdefault("code", unknown())
    sent = field(segment, 11)
    if resource.get("status", "unknown") == "unknown":
        report = table("report-status").get(field(setting.obr, 25))
        resource["status"] = _OF_REPORT.get(report.code, report.code) if report else "unknown"
    if sent in {"X", "N"} and not any(name.startswith("value") for name in resource):
        resource.setdefault("dataAbsentReason", _reason("not-asked" if sent == "N" else "error"))
    if sent == "X":
        resource["_status"] = {"extension": [dict(_NOT_OBTAINED)]}
    elif sent and is_flag(sent):
        flag(segment, resource, context)
    if "effectiveDateTime" not in resource and "_effectiveDateTime" not in resource:
        observed = moment(field(setting.obr, 7))
        if isinstance(observed, Moment):
            resource["effectiveDateTime"] = observed.date_time(context.zone)
