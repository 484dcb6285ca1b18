"""The de-identified form: what is left of a resource, and that nothing else is."""

from __future__ import annotations

import json
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.fhir.deidentify import PSEUDONYMISED, RELEASED, Disguise, codings, deidentified
from hub.fhir.structure import structure
from hub.fhir.validate import validate
from hub.kernel.types import Json
from tests.fhir.any_resource import any_resource

LOINC: Final = "http://loinc.org"
PERSONS: Final = "https://yilian-hub.example/fhir/sid/project-person"
#: What no disguise may let through, put wherever a text can stand.
CANARY: Final = "沈桂兰-0990-5550101"


def disguise(days: int = 40, common: Any = ((LOINC, "4548-4"),), births: Any = (("female", 1955),)) -> Disguise:
    return Disguise(
        name=lambda rtype, rid: f"p-{rtype}-{len(rid)}", person="somebody", days=days, codings=common, births=births
    )


def form(resource: Json, **changes: Any) -> Json | None:
    return deidentified(resource, disguise(**changes), PERSONS)


def coded(code: str = "4548-4", system: str = LOINC) -> Json:
    return {"coding": [{"system": system, "code": code, "display": CANARY}], "text": CANARY}


def test_a_value_keeps_its_code_number_and_unit_and_its_moved_day() -> None:
    found = form(
        {
            "resourceType": "Observation",
            "id": "hba1c",
            "meta": {"versionId": "3", "source": "urn:inbox:1", "security": [{"system": "urn:x", "code": "y"}]},
            "identifier": [{"value": CANARY}],
            "status": "final",
            "code": coded(),
            "subject": {"reference": "Patient/abc", "display": CANARY},
            "performer": [{"reference": "Practitioner/fang"}, {"reference": "Organization/F01", "display": CANARY}],
            "effectiveDateTime": "2026-05-20T09:31:07.123+08:00",
            "issued": "2026-05-20T10:00:00+08:00",
            "valueQuantity": {"value": 7.1, "unit": "%", "system": "http://unitsofmeasure.org", "code": "%"},
            "note": [{"text": CANARY}],
            "extension": [{"url": "urn:x", "valueString": CANARY}],
        }
    )
    assert found == {
        "resourceType": "Observation",
        "id": "p-Observation-5",
        "meta": {"security": [PSEUDONYMISED]},
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": "4548-4"}]},
        "subject": {"reference": "Patient/p-Patient-3"},
        "performer": [{"reference": "Organization/F01"}],
        "effectiveDateTime": "2026-06-29",
        "valueQuantity": {"value": 7.1, "unit": "%", "system": "http://unitsofmeasure.org", "code": "%"},
    }


def test_a_person_keeps_sex_and_a_band_of_years_where_many_share_them() -> None:
    patient = {
        "resourceType": "Patient",
        "id": "abc",
        "name": [{"text": CANARY}],
        "telecom": [{"value": CANARY}],
        "gender": "female",
        "birthDate": "1958-04-12",
        "address": [{"text": CANARY}],
        "maritalStatus": coded("M", "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus"),
        "contact": [{"name": {"text": CANARY}}],
    }
    found = form(patient)
    assert found is not None
    assert (found["gender"], found["birthDate"]) == ("female", "1955")
    assert found["identifier"] == [{"system": PERSONS, "value": "somebody"}]
    assert found.keys() == {"resourceType", "id", "meta", "gender", "birthDate", "identifier"}
    assert "birthDate" not in (form(patient, births=()) or {})


def test_what_few_share_has_no_form() -> None:
    condition = {"resourceType": "Condition", "id": "c", "subject": {"reference": "Patient/a"}, "code": coded("rare")}
    found = form(condition)
    assert found is not None
    assert "code" not in found
    assert form({"resourceType": "Observation", "id": "o", "status": "final", "code": coded("rare")}) is None


def test_a_type_that_is_not_listed_has_no_form() -> None:
    assert form({"resourceType": "DocumentReference", "id": "d", "status": "current", "content": []}) is None
    assert form({"resourceType": "Practitioner", "id": "p", "gender": "male"}) is None


def test_a_modifier_that_is_not_understood_leaves_no_form() -> None:
    plain = {"resourceType": "Condition", "id": "c", "subject": {"reference": "Patient/a"}}
    assert form(plain) is not None
    assert form({**plain, "modifierExtension": [{"url": "urn:not", "valueBoolean": True}]}) is None
    assert form({**plain, "implicitRules": "urn:rules"}) is None


def test_the_oldest_tell_no_age() -> None:
    def onset(years: int) -> Json:
        age = {"value": years, "unit": "a", "system": "http://unitsofmeasure.org", "code": "a"}
        subject = {"reference": "Patient/a"}
        return form({"resourceType": "Condition", "id": "c", "subject": subject, "onsetAge": age}) or {}

    assert onset(89)["onsetAge"]["value"] == 89
    assert "onsetAge" not in onset(90)


def test_dates_keep_their_precision_and_the_days_between_them() -> None:
    def moved(text: str) -> str:
        subject = {"reference": "Patient/a"}
        found = form({"resourceType": "Condition", "id": "c", "subject": subject, "recordedDate": text}, days=-20)
        assert found is not None
        return str(found["recordedDate"])

    assert [moved(text) for text in ("2026-03-10", "2026-03-10T23:59:59Z", "2026-03", "2026")] == [
        *("2026-02-18", "2026-02-18", "2026-02", "2025")
    ]


def test_codings_are_found_wherever_they_stand_but_for_those_of_the_specification() -> None:
    standard = coded("laboratory", "http://terminology.hl7.org/CodeSystem/observation-category")
    assert set(codings({"code": coded(), "category": [standard], "component": [{"code": coded("8480-6")}]})) == {
        (LOINC, "4548-4"),
        (LOINC, "8480-6"),
    }


def seeded(value: Any) -> Any:
    """The same with every text that is no code, type or date turned into a canary."""
    if isinstance(value, dict):
        return {key: CANARY if key in _FREE and isinstance(item, str) else seeded(item) for key, item in value.items()}
    return [seeded(item) for item in value] if isinstance(value, list) else value


_FREE: Final = frozenset(
    {
        "text",
        "display",
        "value",
        "family",
        "title",
        "description",
        "valueString",
        "div",
        "line",
        "city",
        "patientInstruction",
    }
)


@settings(max_examples=60, deadline=None)
@given(resource=st.sampled_from(sorted(RELEASED)).flatmap(any_resource).map(seeded))
def test_no_text_ever_gets_through_and_what_is_left_keeps_its_shape(resource: Json) -> None:
    found = form({"id": "x", **resource})
    assert found is None or CANARY not in json.dumps(found, ensure_ascii=False, default=str)
    if found is not None:
        known = structure(found["resourceType"])
        assert known is not None
        missing = [
            e.name for e in known.elements.values() if e.minimum and not any(k in found for k, _ in e.properties())
        ]
        assert not missing


def test_what_is_left_of_a_valid_resource_is_valid() -> None:
    request = {
        "resourceType": "MedicationRequest",
        "id": "m",
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": coded(),
        "subject": {"reference": "Patient/a"},
        "dosageInstruction": [{"text": CANARY, "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}}}],
    }
    found = form(request)
    assert found is not None
    assert [issue for issue in validate(found) if issue.severity in {"error", "fatal"}] == []
    assert found["dosageInstruction"] == [{"timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}}}]
