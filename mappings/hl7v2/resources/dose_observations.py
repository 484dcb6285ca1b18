"""Observations behind a vaccination (RXA) that say what R4 Immunization has elements for.

Who pays for the dose, which material was handed out, which dose of which series it was, how it was borne: the guide
leaves these to Immunization (VXU_V04.ORDER.OBSERVATION). The Observation stays beside it, since it tells when and by
whom too. Materials and protocols are told in parts, which OBX-4 holds together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from hub.kernel.types import Json
from mappings.hl7v2.absent import unknown
from mappings.hl7v2.building import Building
from mappings.hl7v2.codetables import table
from mappings.hl7v2.context import Context
from mappings.hl7v2.datatypes.numbers import LARGEST, decimal
from mappings.hl7v2.datatypes.references import coded_organization
from mappings.hl7v2.datatypes.times import moment
from mappings.hl7v2.groups import Noted
from mappings.hl7v2.leaves import clean, field
from mappings.hl7v2.parser import Segment
from mappings.hl7v2.trace import mapped

_LOINC: Final = "http://loinc.org"
#: Observations that state nothing (any more).
_VOID: Final = frozenset({"entered-in-error", "cancelled"})


def tell(dose: Building, observed: Iterable[tuple[Noted, Building]], context: Context) -> None:
    """Say in the Immunization `dose` what the observations behind it say of it."""
    parts: dict[tuple[str, str], list[Json]] = {}
    for noted, building in observed:
        observation = building.resource
        code = _loinc(observation)
        if not code or observation.get("status") in _VOID:
            continue
        _not_given(code, dose.resource)
        entry = table("vaccination-observation").get(code)
        path = entry.code if entry else ""
        owner, _, name = path.partition(".")
        stated = _BY_PATH[path](observation, noted.segment, context) if path else None
        if stated is None:
            continue
        if name:
            _part(parts.setdefault((owner, clean(noted.segment.raw(4))), []), name, stated)
        elif path == "fundingSource":
            dose.resource.setdefault(path, stated[0])
        else:
            dose.resource.setdefault(path, []).extend(stated if path != "reaction" else [_reaction(building)])
        context.took(noted.segment, 5, mapped(f"Immunization.{path}"))
    for (owner, _), several in parts.items():
        for each in several:
            whole = _WHOLE[owner](each)
            if whole is not None:
                dose.resource.setdefault(owner, []).append(whole)


def _loinc(observation: Json) -> str:
    codings = observation["code"].get("coding", ())
    return next((each["code"] for each in codings if each.get("system") == _LOINC and "code" in each), "")


def _not_given(code: str, dose: Json) -> None:
    reason = table("vaccination-not-given").get(code)
    if reason is not None and dose.get("status") == "not-done" and "statusReason" not in dose:
        dose["statusReason"] = {"coding": [reason.coding()]}


def _part(several: list[Json], name: str, stated: Any) -> None:
    """Add to the last of a group; what it has already begins another."""
    if not several or name in several[-1]:
        several.append({})
    several[-1][name] = stated


def _reaction(building: Building) -> Json:
    """What was observed, and when."""
    observed = building.resource.get("effectiveDateTime")
    return {**({"date": observed} if observed else {}), "detail": building.reference}


def _concepts(observation: Json, _: Segment, _context: Context) -> Any:
    """The codes stated, or the words for one; several values of one OBX are components."""
    stated = [each["valueCodeableConcept"] for each in _values(observation) if "valueCodeableConcept" in each]
    return stated or [{"text": each["valueString"]} for each in _values(observation) if "valueString" in each] or None


def _remarks(observation: Json, segment: Segment, context: Context) -> Any:
    said = [_words(each, segment, context) for each in _values(observation)]
    return [{"text": text} for text in said if text] or None


def _values(observation: Json) -> list[Json]:
    return [observation, *observation.get("component", ())]


def _present(observation: Json, _: Segment, _context: Context) -> Any:
    return next((True for name in observation if name.startswith("value")), None)


def _moment(observation: Json, segment: Segment, context: Context) -> Any:
    """A time, of whatever type it was sent as (a CE holds one as its code)."""
    if "valueDateTime" in observation:
        return observation["valueDateTime"]
    found = moment(str(_document(observation, segment, context) or ""))
    return found and found.date_time(context.zone)


def _words(observation: Json, _: Segment, _context: Context) -> Any:
    concept = observation.get("valueCodeableConcept", {})
    return concept.get("text") or _code_of(concept) or observation.get("valueString")


def _document(observation: Json, segment: Segment, _context: Context) -> Any:
    """R4 Immunization.education.documentType is an identifier: the code before the words, or a date as it was sent."""
    concept = observation.get("valueCodeableConcept", {})
    return _code_of(concept) or concept.get("text") or observation.get("valueString") or field(segment, 5)


def _code_of(concept: Json) -> str:
    return next((str(each["code"]) for each in concept.get("coding", ()) if "code" in each), "")


def _count(observation: Json, _: Segment, _context: Context) -> Any:
    """A whole number, or the words for it."""
    said = observation.get("valueString", "")
    found = decimal(said)
    value = observation.get("valueQuantity", {}).get("value", found[0] if found else None)
    if value is not None and 0 < value <= LARGEST and value == int(value):
        return int(value)
    return said or (None if value is None else str(value))


def _authority(observation: Json, segment: Segment, context: Context) -> Any:
    if "valueCodeableConcept" not in observation:
        said = observation.get("valueString")
        return {"display": said} if said else None
    context.segment, context.field, context.rep = segment, 5, 1
    return coded_organization(segment.repetitions(5)[0], context)


_BY_PATH: Final[dict[str, Callable[[Json, Segment, Context], Any]]] = {
    "programEligibility": _concepts,
    "fundingSource": _concepts,
    "reasonCode": _concepts,
    "note": _remarks,
    "reaction": _present,
    "education.documentType": _document,
    "education.vaccine": _words,
    "education.publicationDate": _moment,
    "education.presentationDate": _moment,
    "protocolApplied.series": _words,
    "protocolApplied.authority": _authority,
    "protocolApplied.doseNumber": _count,
    "protocolApplied.seriesDoses": _count,
}


def _education(stated: Json) -> Json | None:
    """Material on a vaccine is designated by it where it has no number; a vaccine alone is no material."""
    vaccine = stated.pop("vaccine", "")
    if not stated:
        return None
    if "documentType" in stated:
        return stated
    return {"documentType": vaccine, **stated} if vaccine else {"_documentType": unknown(), **stated}


def _protocol(stated: Json) -> Json:
    """R4 wants the number of the dose."""
    made: Json = {name: stated[name] for name in ("series", "authority") if name in stated}
    for name in ("doseNumber", "seriesDoses"):
        if name in stated:
            count = stated[name]
            made[f"{name}{'PositiveInt' if isinstance(count, int) else 'String'}"] = count
    return made if "doseNumber" in stated else {**made, "_doseNumberString": unknown()}


_WHOLE: Final[dict[str, Callable[[Json], Json | None]]] = {"education": _education, "protocolApplied": _protocol}
