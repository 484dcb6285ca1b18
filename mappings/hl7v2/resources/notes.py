"""NTE: notes of the segment they stand behind."""

from __future__ import annotations

from typing import Any, Final

from mappings.hl7v2.building import Building
from mappings.hl7v2.context import Context
from mappings.hl7v2.datatypes.coded import CONCEPT_PARTS, concept
from mappings.hl7v2.datatypes.references import practitioner
from mappings.hl7v2.datatypes.times import Moment, read
from mappings.hl7v2.leaves import clean
from mappings.hl7v2.parser import Segment
from mappings.hl7v2.trace import mapped

_APPOINTMENT_NOTE: Final = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Appointment.note"
_KINDS: Final = (
    (4, "http://hl7.org/fhir/StructureDefinition/annotationType"),
    (9, "http://hl7.org/fhir/StructureDefinition/alternate-codes"),
)
_CONCEPT: Final = frozenset(CONCEPT_PARTS.items())
#: Resources with an element `note`; others carry notes in an extension.
_WITH_NOTE: Final = frozenset(
    {
        "AllergyIntolerance",
        "Condition",
        "Goal",
        "Immunization",
        "MedicationAdministration",
        "MedicationDispense",
        "MedicationRequest",
        "Observation",
        "ServiceRequest",
        "Specimen",
    }
)


def add_notes(notes: list[Segment], building: Building, context: Context) -> None:
    """Add each NTE as an Annotation; an Appointment has one comment of them all."""
    rtype = building.resource["resourceType"]
    for segment in notes:
        text = "\n".join(filter(None, (clean(rep.plain()) for rep in segment.repetitions(3))))
        if not text or text == '""':
            continue
        if rtype == "Appointment":
            _comment(segment, text, building, context)
        elif rtype in _WITH_NOTE:
            note = _annotation(segment, text, f"{rtype}.note[]", context)
            building.resource.setdefault("note", []).append(note)
            context.took(segment, 3, mapped(f"{rtype}.note[].text"))
        else:
            extension = {"url": context.habits.extension("note"), "valueString": text}
            building.resource.setdefault("extension", []).append(extension)
            context.took(segment, 3, mapped(f"{rtype}.extension[].valueString"))


def _comment(segment: Segment, text: str, building: Building, context: Context) -> None:
    """An Appointment has one comment; who wrote it and as what stands in the element R5 has for it."""
    comment = building.resource.get("comment")
    building.resource["comment"] = f"{comment}\n{text}" if comment else text
    context.took(segment, 3, mapped("Appointment.comment"))
    note = _annotation(segment, text, "Appointment.extension[].valueAnnotation", context)
    if len(note) > 1:
        building.resource.setdefault("extension", []).append({"url": _APPOINTMENT_NOTE, "valueAnnotation": note})


def _annotation(segment: Segment, text: str, target: str, context: Context) -> dict[str, Any]:
    note: dict[str, Any] = {}
    context.segment = segment
    for n, name in ((5, "authorReference"), (6, "time")):
        repetitions = segment.repetitions(n)
        if repetitions:
            context.field, context.rep = n, 1
            value = practitioner(repetitions[0], context) if n == 5 else _time(read(repetitions[0], context), context)
            if value:
                note[name] = value
                context.took(segment, n, mapped(f"{target}.{name}"), 1)
    kinds = [made for n, url in _KINDS if (made := _kind(segment, n, url, target, context)) is not None]
    return ({"extension": kinds} if kinds else {}) | note | {"text": text}


def _kind(segment: Segment, n: int, url: str, target: str, context: Context) -> dict[str, Any] | None:
    """NTE-4 and NTE-9: what kind of note it is, and the note as a code."""
    repetitions = segment.repetitions(n)
    context.field, context.rep = n, 1
    made = concept(repetitions[0], context) if repetitions else None
    if made is None:
        return None
    context.took(segment, n, mapped(f"{target}.extension[].valueCodeableConcept", _CONCEPT))
    return {"url": url, "valueCodeableConcept": made}


def _time(found: object, context: Context) -> str | None:
    return found.date_time(context.zone) if isinstance(found, Moment) else None
