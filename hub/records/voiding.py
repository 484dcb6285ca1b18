"""Deleting a clinical statement: it is first marked entered in error, so that its history says it was withdrawn.

R4 http.html#delete lets a server keep what was deleted; reads then answer 410. What was never more than a draft of
the facility is taken out of sight as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hub.kernel.types import Json

_ENTERED_IN_ERROR: Final = "entered-in-error"

# fmt: off
#: Types whose `status` has the code entered-in-error (R4 4.0.1, required bindings).
_STATUS_TYPES: Final = frozenset({
    "Account", "Appointment", "CarePlan", "CareTeam", "ChargeItem", "Claim", "ClaimResponse", "ClinicalImpression",
    "Communication", "CommunicationRequest", "Composition", "Contract", "Coverage", "CoverageEligibilityRequest",
    "CoverageEligibilityResponse", "DetectedIssue", "Device", "DeviceRequest", "DeviceUseStatement",
    "DiagnosticReport", "DocumentManifest", "DocumentReference", "Encounter", "Endpoint", "EnrollmentRequest",
    "EnrollmentResponse", "EpisodeOfCare", "ExplanationOfBenefit", "FamilyMemberHistory", "Flag", "GuidanceResponse",
    "ImagingStudy", "Immunization", "ImmunizationEvaluation", "Invoice", "List", "Media", "Medication",
    "MedicationAdministration", "MedicationDispense", "MedicationKnowledge", "MedicationRequest",
    "MedicationStatement", "NutritionOrder", "Observation", "PaymentNotice", "PaymentReconciliation", "Procedure",
    "QuestionnaireResponse", "RequestGroup", "RiskAssessment", "ServiceRequest", "Slot", "Specimen", "Substance",
    "SupplyDelivery", "SupplyRequest", "Task", "TestReport", "VisionPrescription",
})
# fmt: on

#: Types that say it in a CodeableConcept, with its code system; their clinicalStatus must then be absent (R4
#: invariants con-5 and ait-2).
_VERIFICATION: Final[Mapping[str, str]] = {
    "AllergyIntolerance": "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification",
    "Condition": "http://terminology.hl7.org/CodeSystem/condition-ver-status",
}

#: Values of `status` that state nothing about a patient yet.
_DRAFTS: Final = frozenset({"draft", "preliminary", "registered", "planned", "proposed", "preparation", "requested"})


def voided(resource: Json) -> Json | None:
    """The resource marked entered in error; None for a draft, or a type that has no such mark, or one marked already.

    The argument is not altered.
    """
    kind = resource["resourceType"]
    if kind in _VERIFICATION:
        return _unverified(resource, _VERIFICATION[kind])
    if kind == "Goal":
        return _marked(resource, "lifecycleStatus")
    return _marked(resource, "status") if kind in _STATUS_TYPES else None


def _marked(resource: Json, element: str) -> Json | None:
    if resource.get(element) in _DRAFTS | {_ENTERED_IN_ERROR}:
        return None
    return {**resource, element: _ENTERED_IN_ERROR}


def _unverified(resource: Json, system: str) -> Json | None:
    concept: dict[str, Any] = {"coding": [{"system": system, "code": _ENTERED_IN_ERROR}]}
    if resource.get("verificationStatus") == concept:
        return None
    kept = {key: value for key, value in resource.items() if key not in ("clinicalStatus", "_clinicalStatus")}
    return {**kept, "verificationStatus": concept}
