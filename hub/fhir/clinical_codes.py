"""The codes of a resource: what it is, reports, orders or gives, as a consent may name it (R4 Consent.provision.code).

One table: the elements of each type that carry them. It serves the search index, when a resource is written, and the
check at release, so that both mean the same. Why, where and how something was done is not among them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hub.kernel.types import Json

#: Type -> elements, as dotted paths with lists walked through. Source: our reading of the R4 resource definitions.
CODES: Final[Mapping[str, tuple[str, ...]]] = {
    "Account": ("type",),
    "AdverseEvent": ("event",),
    "AllergyIntolerance": ("code", "reaction.substance"),
    "Appointment": ("serviceType",),
    "Basic": ("code",),
    "CarePlan": ("category", "activity.detail.code"),
    "CareTeam": ("category",),
    "ChargeItem": ("code",),
    "Claim": ("type",),
    "ClinicalImpression": ("code",),
    "Communication": ("category",),
    "CommunicationRequest": ("category",),
    "Composition": ("type", "category"),
    "Condition": ("code",),
    "Coverage": ("type",),
    "DetectedIssue": ("code",),
    "Device": ("type",),
    "DeviceRequest": ("codeCodeableConcept",),
    "DiagnosticReport": ("code",),
    "DocumentManifest": ("type",),
    "DocumentReference": ("type", "category"),
    "Encounter": ("type",),
    "EpisodeOfCare": ("type",),
    "ExplanationOfBenefit": ("type",),
    "FamilyMemberHistory": ("condition.code",),
    "Flag": ("code",),
    "Goal": ("description",),
    "Group": ("code",),
    "ImagingStudy": ("procedureCode",),
    "Immunization": ("vaccineCode",),
    "ImmunizationEvaluation": ("targetDisease",),
    "ImmunizationRecommendation": ("recommendation.vaccineCode", "recommendation.targetDisease"),
    "Invoice": ("type",),
    "List": ("code",),
    "Media": ("type",),
    "Medication": ("code",),
    "MedicationAdministration": ("medicationCodeableConcept",),
    "MedicationDispense": ("medicationCodeableConcept",),
    "MedicationRequest": ("medicationCodeableConcept",),
    "MedicationStatement": ("medicationCodeableConcept",),
    "NutritionOrder": ("oralDiet.type",),
    "Observation": ("code", "component.code"),
    "Procedure": ("code",),
    "RequestGroup": ("code",),
    "RiskAssessment": ("code",),
    "ServiceRequest": ("code",),
    "Specimen": ("type",),
    "Substance": ("code",),
    "SupplyDelivery": ("type",),
    "SupplyRequest": ("itemCodeableConcept",),
    "Task": ("code",),
}


_PATHS: Final = {rtype: [path.split(".") for path in paths] for rtype, paths in CODES.items()}


def clinical_codes(resource: Json) -> frozenset[tuple[str, str]]:
    """(system, code) of every coding that has both; none for a type without codes. Odd values are passed over."""
    found: set[tuple[str, str]] = set()
    for names in _PATHS.get(str(resource.get("resourceType")), ()):
        concepts = [resource]
        for name in (*names, "coding"):
            concepts = _objects(concepts, name)
        for coding in concepts:
            system, code = coding.get("system"), coding.get("code")
            if isinstance(system, str) and isinstance(code, str) and system and code:
                found.add((system, code))
    return frozenset(found)


def _objects(owners: list[Json], name: str) -> list[Json]:
    """The JSON objects of one name in some others."""
    found: list[Json] = []
    for owner in owners:
        value = owner.get(name)
        if isinstance(value, list):
            found += [item for item in value if isinstance(item, dict)]
        elif isinstance(value, dict):
            found.append(value)
    return found
