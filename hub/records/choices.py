"""Top-level elements of several types (`value[x]`) by resource type: only one of a family may stand at a time.

Source: FHIR R4 4.0.1, profiles-resources.json, elements at the first level whose path ends in `[x]`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final

CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "ActivityDefinition": ("subject", "timing", "product"),
    "AllergyIntolerance": ("onset",),
    "ChargeItem": ("occurrence", "product"),
    "ClinicalImpression": ("effective",),
    "CommunicationRequest": ("occurrence",),
    "ConceptMap": ("source", "target"),
    "Condition": ("onset", "abatement"),
    "Consent": ("source",),
    "Contract": ("topic", "legallyBinding"),
    "CoverageEligibilityRequest": ("serviced",),
    "CoverageEligibilityResponse": ("serviced",),
    "DetectedIssue": ("identified",),
    "DeviceDefinition": ("manufacturer",),
    "DeviceRequest": ("code", "occurrence"),
    "DeviceUseStatement": ("timing",),
    "DiagnosticReport": ("effective",),
    "EventDefinition": ("subject",),
    "FamilyMemberHistory": ("born", "age", "deceased"),
    "Goal": ("start",),
    "GuidanceResponse": ("module",),
    "Immunization": ("occurrence",),
    "ImmunizationEvaluation": ("doseNumber", "seriesDoses"),
    "Library": ("subject",),
    "Measure": ("subject",),
    "Media": ("created",),
    "MedicationAdministration": ("medication", "effective"),
    "MedicationDispense": ("statusReason", "medication"),
    "MedicationRequest": ("reported", "medication"),
    "MedicationStatement": ("medication", "effective"),
    "MessageDefinition": ("event",),
    "MessageHeader": ("event",),
    "Observation": ("effective", "value"),
    "Patient": ("deceased", "multipleBirth"),
    "PlanDefinition": ("subject",),
    "Procedure": ("performed",),
    "Provenance": ("occurred",),
    "ResearchDefinition": ("subject",),
    "ResearchElementDefinition": ("subject",),
    "RiskAssessment": ("occurrence",),
    "ServiceRequest": ("quantity", "occurrence", "asNeeded"),
    "SupplyDelivery": ("occurrence",),
    "SupplyRequest": ("item", "occurrence"),
}

#: Elements that look like a member of a family of their type and are none (R4 4.0.1).
_OWN_NAMES: Final = frozenset({"GuidanceResponse.occurrenceDateTime", "MedicationAdministration.eventHistory"})


@lru_cache(maxsize=4096)
def element_of(resource_type: str, key: str) -> str:
    """The element a JSON key belongs to: `_birthDate` is part of `birthDate`, `valueQuantity` of `value[x]`."""
    name = key.removeprefix("_")
    for family in CHOICES.get(resource_type, ()):
        rest = name[len(family) :]
        if name.startswith(family) and (rest == "[x]" or rest[:1].isupper()):
            return name if f"{resource_type}.{name}" in _OWN_NAMES else family + "[x]"
    return name


def elements(resource: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """Every (element, JSON key) of a resource's first level, but for resourceType, id and meta."""
    return _elements(resource["resourceType"], tuple(resource))


def element_names(resource: Mapping[str, Any]) -> frozenset[str]:
    """The elements of `elements`, each once."""
    return _element_names(resource["resourceType"], tuple(resource))


@lru_cache(maxsize=4096)
def _element_names(resource_type: str, keys: tuple[str, ...]) -> frozenset[str]:
    return frozenset([element for element, _ in _elements(resource_type, keys)])


@lru_cache(maxsize=4096)
def _elements(resource_type: str, keys: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Resources of one source and type have the same keys mostly."""
    return tuple([(element_of(resource_type, key), key) for key in keys if key not in {"resourceType", "id", "meta"}])
