"""What $validate alone tells: best practice (conformance-rules.html#best-practice), extensible bindings
(terminologies.html#extensible) and unknown extensions (extensibility.html).
"""

from __future__ import annotations

from hub.fhir.location import location
from hub.fhir.validate import validate
from hub.fhir.validator import LIMIT, Validator
from hub.kernel.types import Json
from tests.fhir.cases import BROKEN, CONTAINED, NARRATIVE, VALID, condition, patient, status

EXAMINE = Validator().examine


def told(resource: Json) -> list[tuple[str, str, str]]:
    """Severity, place and code of everything there is to say."""
    return [(issue.severity, issue.where, issue.code) for issue in EXAMINE(resource)]


def test_warnings_of_the_specification_are_told_and_refuse_nothing() -> None:
    assert told(patient()) == [("warning", "Patient", "invariant")]
    assert told(patient(text=NARRATIVE)) == []
    assert validate(patient()) == []
    assert told(condition(text=NARRATIVE, category=[{"text": "x"}])) == [("warning", "Condition", "invariant")]
    assert told(condition(text=NARRATIVE, clinicalStatus=status("condition-clinical", "active"))) == []
    value_set = {"resourceType": "ValueSet", "status": "active", "name": "not a name", "text": NARRATIVE}
    assert [issue.text[-7:] for issue in EXAMINE(value_set)] == ["(vsd-0)"]


def test_a_code_beyond_an_extensible_value_set_is_a_warning_and_text_alone_is_none() -> None:
    other = {"coding": [{"system": "urn:x", "code": "y"}]}
    assert told(patient(text=NARRATIVE, maritalStatus=other)) == [("warning", "Patient.maritalStatus", "code-invalid")]
    assert told(patient(text=NARRATIVE, maritalStatus={"text": "x"})) == []
    married = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus", "code": "M"}]}
    assert told(patient(text=NARRATIVE, maritalStatus=married)) == []


def test_an_extension_nobody_knows_is_told_of_once_and_not_its_parts() -> None:
    nested = {"url": "urn:x", "extension": [{"url": "part", "valueCode": "y"}]}
    known = {"url": "http://hl7.org/fhir/StructureDefinition/patient-birthPlace", "valueAddress": {"city": "x"}}
    assert told(patient(text=NARRATIVE, extension=[known, nested])) == [
        ("information", "Patient.extension[1]", "informational")
    ]


def test_contained_resources_are_looked_at_in_their_own_scope() -> None:
    outer = patient(text=NARRATIVE, contained=[CONTAINED], managingOrganization={"reference": "#o"})
    assert told(outer) == [("warning", "Patient.contained[0]", "invariant")]


def test_a_wrong_structure_is_all_there_is_to_say() -> None:
    for _, resource, *_ in BROKEN:
        assert EXAMINE(resource) == validate(resource)
    for resource in VALID.values():
        assert not any(issue.severity == "error" for issue in EXAMINE(resource))


def test_errors_come_first_and_not_without_end() -> None:
    many = patient(text=NARRATIVE, extension=[{"url": f"urn:{n}", "valueCode": "x"} for n in range(LIMIT * 2)])
    assert len(EXAMINE(many)) == LIMIT
    assert EXAMINE(many, ["urn:unknown"])[0].severity == "error"


def test_a_place_is_told_as_xpath_too() -> None:
    assert location("Patient") == "/f:Patient"
    assert location("Patient.name[0].given[1]") == "/f:Patient/f:name[1]/f:given[2]"
    assert location("Observation.component[2].value.ofType(Quantity).code") == (
        "/f:Observation/f:component[3]/f:valueQuantity/f:code"
    )
