"""Which parameters of a type have columns and btrees of their own, besides the index all share.

One table: the code and the date a type is mostly searched and sorted by. A promoted date is an element that occurs at
most once (a Timing counts by its outer limits, R4 search.html 3.1.1.4.7).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

from hub.fhir.compartments import is_about_patients
from hub.fhir.search_parameters import SearchParameter, parameters
from hub.fhir.structure import structure

#: Type -> (code parameter, date parameter); "" for none. Source: our reading of the R4 search parameter registry.
PROMOTED: Final[Mapping[str, tuple[str, str]]] = {
    "AdverseEvent": ("event", "date"),
    "AllergyIntolerance": ("code", "date"),
    "Appointment": ("service-type", "date"),
    "AuditEvent": ("type", "date"),
    "Basic": ("code", "created"),
    "CarePlan": ("category", "date"),
    "CareTeam": ("category", "date"),
    "ChargeItem": ("code", "entered-date"),
    "Claim": ("", "created"),
    "ClinicalImpression": ("", "date"),
    "Communication": ("category", "sent"),
    "Composition": ("type", "date"),
    "Condition": ("code", "onset-date"),
    "Consent": ("category", "date"),
    "DetectedIssue": ("code", "identified"),
    "Device": ("type", ""),
    "DeviceRequest": ("code", "authored-on"),
    "DiagnosticReport": ("code", "date"),
    "DocumentReference": ("type", "date"),
    "Encounter": ("type", "date"),
    "EpisodeOfCare": ("type", "date"),
    "ExplanationOfBenefit": ("", "created"),
    "FamilyMemberHistory": ("code", "date"),
    "Flag": ("", "date"),
    "Goal": ("category", "start-date"),
    "ImagingStudy": ("", "started"),
    "Immunization": ("vaccine-code", "date"),
    "Invoice": ("type", "date"),
    "List": ("code", "date"),
    "Media": ("type", "created"),
    "MedicationAdministration": ("code", "effective-time"),
    "MedicationDispense": ("code", "whenhandedover"),
    "MedicationRequest": ("code", "authoredon"),
    "MedicationStatement": ("code", "effective"),
    "Observation": ("code", "date"),
    "Patient": ("", "birthdate"),
    "Person": ("", "birthdate"),
    "Procedure": ("code", "date"),
    "Provenance": ("", "recorded"),
    "QuestionnaireResponse": ("", "authored"),
    "RelatedPerson": ("relationship", "birthdate"),
    "RiskAssessment": ("method", "date"),
    "ServiceRequest": ("code", "authored"),
    "Slot": ("service-type", "start"),
    "Specimen": ("type", "collected"),
    "SupplyRequest": ("", "date"),
    "Task": ("code", "authored-on"),
}

_NEITHER: Final = ("", "")

#: Elements that name the one patient a resource is about; the same as lead hub.fhir.compartments.
_LEADING: Final = frozenset({"patient", "subject", "for", "beneficiary", "individual"})


def code_parameter(rtype: str) -> str:
    """The promoted token parameter of a type, "" for none."""
    return PROMOTED.get(rtype, _NEITHER)[0]


def date_parameter(rtype: str) -> str:
    """The promoted date parameter of a type, "" for none."""
    return PROMOTED.get(rtype, _NEITHER)[1]


@cache
def leading_parameters(rtype: str) -> frozenset[str]:
    """Parameters that name the patient whose key leads the row: `patient` and `subject` where they are single.

    A type that is in no Patient compartment has none: a Device's row is about nobody, whomever it serves.
    """
    if not is_about_patients(rtype):
        return frozenset()
    known = parameters(rtype)
    return frozenset(code for code in ("patient", "subject") if code in known and _is_single(known[code]))


def _is_single(parameter: SearchParameter) -> bool:
    _, _, element = parameter.expression.partition(".")
    name = element.partition(".where(")[0]
    shape = structure(parameter.base)
    found = shape.elements.get(name) if shape else None
    return name in _LEADING and found is not None and found.maximum == 1
