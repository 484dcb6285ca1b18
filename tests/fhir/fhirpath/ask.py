"""Asks an expression of a small resource and tells the answers as plain JSON values."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from hub.fhir.fhirpath.context import Environment
from hub.fhir.fhirpath.engine import compile_expression
from hub.fhir.fhirpath.nodes import Node

PATIENT: Final = {
    "resourceType": "Patient",
    "id": "p",
    "active": True,
    "birthDate": "1974-12-25",
    "_birthDate": {"extension": [{"url": "http://x.test/time", "valueDateTime": "1974-12-25T14:35:45+08:00"}]},
    "name": [
        {"use": "official", "family": "Bai", "given": ["Min", "Hua"]},
        {"use": "usual", "given": ["Xiao"], "_given": [{"id": "g"}]},
    ],
    "telecom": [{"system": "phone", "value": "1", "rank": 2}, {"system": "phone", "value": "2", "rank": 1}],
    "multipleBirthInteger": 2,
}
OBSERVATION: Final = {
    "resourceType": "Observation",
    "id": "o",
    "status": "final",
    "contained": [{"resourceType": "Patient", "id": "in", "name": [{"family": "Li"}]}],
    "subject": {"reference": "#in"},
    "performer": [{"reference": "Organization/F01"}],
    "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
    "effectiveDateTime": "2026-03-01T08:00:00+08:00",
    "valueQuantity": {
        "value": Decimal("72.50"),
        "unit": "kg",
        "system": "http://unitsofmeasure.org",
        "code": "kg",
    },
    "component": [{"code": {"text": "a"}, "valueString": "x"}, {"code": {"text": "b"}, "valueInteger": 3}],
}


def ask(
    expression: str, resource: Any = PATIENT, environment: Environment | None = None, **variables: Any
) -> list[Any]:
    """The answers: the JSON of elements, the values of the System types."""
    found = compile_expression(expression).evaluate(
        resource,
        variables={name: [value] for name, value in variables.items()},
        environment=environment or Environment(),
    )
    return [item.value if isinstance(item, Node) else item for item in found]
