"""Which element a JSON key belongs to."""

from __future__ import annotations

import pytest

from hub.fhir.structure import RESOURCE_TYPES
from hub.records.choices import CHOICES, element_of


@pytest.mark.parametrize(
    ("rtype", "key", "element"),
    [
        ("Observation", "valueQuantity", "value[x]"),
        ("Observation", "_valueString", "value[x]"),
        ("Observation", "value[x]", "value[x]"),
        ("Observation", "code", "code"),
        ("Patient", "_birthDate", "birthDate"),
        ("Patient", "valueString", "valueString"),
        ("MedicationAdministration", "eventHistory", "eventHistory"),
        ("GuidanceResponse", "occurrenceDateTime", "occurrenceDateTime"),
        ("ChargeItem", "productCodeableConcept", "product[x]"),
    ],
)
def test_a_key_belongs_to_its_element(rtype: str, key: str, element: str) -> None:
    assert element_of(rtype, key) == element


def test_every_type_of_the_table_is_a_resource_type() -> None:
    assert set(CHOICES) <= set(RESOURCE_TYPES)
