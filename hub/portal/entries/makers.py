"""Which function makes the entry of which resource type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hub.portal.entries import care, documents, findings, problems, treatment
from hub.portal.entry import Maker

#: Types that are not here make no entry: people, places, provenance.
MAKERS: Final[Mapping[str, Maker]] = {
    "AllergyIntolerance": problems.allergy,
    "Appointment": care.appointment,
    "CarePlan": care.plan,
    "Communication": documents.communication,
    "Composition": documents.document,
    "Condition": problems.condition,
    "DiagnosticReport": findings.report,
    "DocumentReference": documents.document,
    "Encounter": care.visit,
    "EpisodeOfCare": care.episode,
    "ImagingStudy": findings.study,
    "Immunization": treatment.immunization,
    "MedicationAdministration": treatment.medication,
    "MedicationDispense": treatment.medication,
    "MedicationRequest": treatment.medication,
    "MedicationStatement": treatment.medication,
    "Observation": findings.observation,
    "Procedure": care.procedure,
    "QuestionnaireResponse": care.questionnaire,
    "ServiceRequest": care.order,
}
