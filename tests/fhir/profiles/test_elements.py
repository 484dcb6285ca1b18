"""What a profile may demand of an element: R4 profiling.html and elementdefinition.html."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from hub.fhir.validate import validate
from hub.kernel.types import Json
from tests.fhir.cases import LOINC, observation, patient, without
from tests.fhir.profiles.package import BASE, R4, element, guide, judged, profile, told


def test_cardinality_is_tightened(tmp_path: Path) -> None:
    profiles = guide(
        tmp_path,
        profile(
            "p",
            "Patient",
            element("Patient.birthDate", min=1),
            element("Patient.photo", max="0"),
            element("Patient.name", min=1, max="1"),
            element("Patient.name.family", min=1),
        ),
    )
    assert told(profiles, patient(birthDate="1980", name=[{"family": "王"}]), "p") == []
    assert told(profiles, patient(name=[{"text": "x"}, {"family": "y"}], photo=[{"url": "u"}]), "p") == [
        ("Patient.birthDate", "required"),
        ("Patient.photo", "structure"),
        ("Patient.name", "structure"),
        ("Patient.name[0].family", "required"),
    ]
    extended = patient(_birthDate={"extension": [{"url": "u", "valueCode": "x"}]}, name=[{"family": "王"}])
    assert told(profiles, extended, "p") == []


def test_an_element_of_an_absent_parent_is_not_missed(tmp_path: Path) -> None:
    profiles = guide(tmp_path, profile("p", "Patient", element("Patient.maritalStatus.text", min=1)))
    assert told(profiles, patient(), "p") == []
    assert told(profiles, patient(maritalStatus={"coding": [{"code": "M"}]}), "p") == [
        ("Patient.maritalStatus.text", "required")
    ]


def test_a_fixed_value_is_exactly_that(tmp_path: Path) -> None:
    profiles = guide(
        tmp_path,
        profile(
            "p",
            "Observation",
            element("Observation.status", fixedCode="final"),
            element("Observation.code", fixedCodeableConcept={"coding": [{"system": LOINC, "code": "8867-4"}]}),
        ),
    )
    assert told(profiles, observation(), "p") == []
    more = observation(code={"coding": [{"system": LOINC, "code": "8867-4"}], "text": "x"}, status="amended")
    assert told(profiles, more, "p") == [("Observation.status", "value"), ("Observation.code", "value")]


def test_a_fixed_decimal_keeps_its_digits(tmp_path: Path) -> None:
    fixed = element("Observation.value[x]", type=[{"code": "Quantity"}], fixedQuantity={"value": Decimal("1.0")})
    profiles = guide(tmp_path, profile("p", "Observation", fixed))
    assert told(profiles, observation(valueQuantity={"value": Decimal("1.0")}), "p") == []
    assert told(profiles, observation(valueQuantity={"value": Decimal("1.00")}), "p") != []


def test_a_pattern_is_the_least_there_is(tmp_path: Path) -> None:
    pattern = {"coding": [{"system": LOINC, "code": "8867-4"}]}
    profiles = guide(tmp_path, profile("p", "Observation", element("Observation.code", patternCodeableConcept=pattern)))
    right = {"coding": [{"code": "x"}, {"system": LOINC, "code": "8867-4", "display": "y"}], "text": "z"}
    assert told(profiles, observation(code=right), "p") == []
    for wrong in ({"text": "z"}, {"coding": [{"system": LOINC}, {"code": "8867-4"}]}):
        assert told(profiles, observation(code=wrong), "p") == [("Observation.code", "value")]


def test_types_are_narrowed(tmp_path: Path) -> None:
    narrow = element("Observation.value[x]", type=[{"code": "string"}, {"code": "Quantity"}])
    profiles = guide(tmp_path, profile("p", "Observation", narrow))
    assert told(profiles, observation(), "p") == []
    assert told(profiles, without(observation(), "valueQuantity") | {"valueBoolean": True}, "p") == [
        ("Observation.value.ofType(boolean)", "structure")
    ]


def test_the_short_name_of_a_choice_means_its_type(tmp_path: Path) -> None:
    short = {"id": "Observation.valueQuantity", "path": "Observation.valueQuantity", "min": 1}
    unit = {"id": "Observation.valueQuantity.unit", "path": "Observation.valueQuantity.unit", "min": 1}
    profiles = guide(tmp_path, profile("p", "Observation", short, unit))
    assert told(profiles, observation(), "p") == []
    assert told(profiles, observation(valueQuantity={"value": 1}), "p") == [
        ("Observation.value.ofType(Quantity).unit", "required")
    ]
    assert told(profiles, without(observation(), "valueQuantity"), "p") == [("Observation.value", "required")]


def test_targets_of_references_are_narrowed(tmp_path: Path) -> None:
    to_person = [{"code": "Reference", "targetProfile": [R4 + "Patient", BASE + "group"]}]
    profiles = guide(
        tmp_path,
        profile("p", "Observation", element("Observation.subject", type=to_person)),
        profile("group", "Group", element("Group.name", min=1)),
    )
    for right in ("Patient/a", "https://h.example/fhir/Group/1", "urn:uuid:c757873d-ec9a-4326-a141-556f43239520"):
        assert told(profiles, observation(subject={"reference": right}), "p") == []
    assert told(profiles, observation(subject={"reference": "Device/a"}), "p") == [("Observation.subject", "value")]
    assert told(profiles, observation(subject={"type": "Device", "display": "x"}), "p") != []


def test_a_contained_target_conforms_to_its_profile(tmp_path: Path) -> None:
    to_group = element("Observation.subject", type=[{"code": "Reference", "targetProfile": [BASE + "group"]}])
    group = profile("group", "Group", element("Group.name", min=1))
    profiles = guide(tmp_path, profile("p", "Observation", to_group), group)
    inner: Json = {"resourceType": "Group", "id": "g", "type": "person", "actual": True}
    sent = observation(contained=[inner], subject={"reference": "#g"})
    assert told(profiles, sent, "p") == [("Observation.subject", "value")]
    assert told(profiles, {**sent, "contained": [{**inner, "name": "x"}]}, "p") == []


def test_a_target_in_the_same_bundle_conforms_to_its_profile(tmp_path: Path) -> None:
    to_patient = element("Observation.subject", type=[{"code": "Reference", "targetProfile": [BASE + "named"]}])
    profiles = guide(
        tmp_path,
        profile("p", "Observation", to_patient),
        profile("named", "Patient", element("Patient.name", min=1)),
    )
    url = "urn:uuid:c757873d-ec9a-4326-a141-556f43239520"
    claimed = observation(subject={"reference": url}, meta={"profile": [BASE + "p"]})
    for name, expected in ([], ["Bundle.entry[0].resource.subject"]), ([{"text": "x"}], []):
        who = patient(**({"name": name} if name else {}))
        entries = [{"resource": claimed}, {"fullUrl": url, "resource": who}]
        sent = {"resourceType": "Bundle", "type": "collection", "entry": entries}
        assert [issue.where for issue in profiles.claimed(sent)] == expected


def test_invariants_of_a_profile_are_asked(tmp_path: Path) -> None:
    def constraint(key: str, severity: str, expression: str) -> Json:
        return {"key": key, "severity": severity, "human": f"is {key}", "expression": expression}

    adult = constraint("g-1", "error", "birthDate <= today() - 18 years")
    named = constraint("g-2", "warning", "family.exists() or text.exists()")
    around = constraint("g-3", "error", "%resource.active")
    profiles = guide(
        tmp_path,
        profile(
            "p",
            "Patient",
            element("Patient", constraint=[adult]),
            element("Patient.name", constraint=[named, around]),
        ),
    )
    assert told(profiles, patient(active=True, birthDate="1980-01-01", name=[{"family": "x"}]), "p") == []
    found = judged(profiles, patient(birthDate="2026-01-01", name=[{"given": ["x"]}]), "p")
    assert [(issue.severity, issue.where, issue.text) for issue in found] == [
        ("error", "Patient", "is g-1 (g-1)"),
        ("warning", "Patient.name[0]", "is g-2 (g-2)"),
        ("error", "Patient.name[0]", "is g-3 (g-3)"),
    ]


def test_bindings_to_sets_of_the_package_are_judged_and_others_left_open(tmp_path: Path) -> None:
    system: Json = {"resourceType": "CodeSystem", "url": "urn:s", "content": "complete", "status": "active"}
    system["concept"] = [{"code": "a", "concept": [{"code": "b"}]}]
    bound: Json = {"resourceType": "ValueSet", "url": BASE + "v", "status": "active"}
    bound["compose"] = {"include": [{"system": "urn:s"}]}
    elsewhere = {"strength": "required", "valueSet": "urn:elsewhere"}
    profiles = guide(
        tmp_path,
        profile(
            "p",
            "Observation",
            element("Observation.code", binding={"strength": "required", "valueSet": BASE + "v|1.0"}),
            element("Observation.method", binding={"strength": "extensible", "valueSet": BASE + "v"}),
            element("Observation.bodySite", binding=elsewhere),
        ),
        system,
        bound,
    )
    right = {"coding": [{"system": "urn:s", "code": "b"}]}
    assert told(profiles, observation(code=right, method=right, bodySite={"text": "x"}), "p") == []
    found = judged(profiles, observation(method={"coding": [{"system": "urn:s", "code": "c"}]}), "p")
    assert [(issue.severity, issue.where) for issue in found] == [
        ("error", "Observation.code"),
        ("warning", "Observation.method"),
    ]


def test_a_binding_nobody_lists_here_is_judged_once_the_terminology_knows_its_set(tmp_path: Path) -> None:
    elsewhere = {"strength": "required", "valueSet": "urn:elsewhere|2"}
    packaged: Json = {"resourceType": "ValueSet", "url": BASE + "v", "status": "active"}
    packaged["compose"] = {"include": [{"system": "urn:loaded"}]}
    profiles = guide(
        tmp_path,
        profile(
            "p",
            "Observation",
            element("Observation.code", binding=elsewhere),
            element("Observation.method", binding={"strength": "required", "valueSet": BASE + "v"}),
        ),
        packaged,
    )
    undecided = profiles.undecided()
    assert undecided["urn:elsewhere|2"] is None
    assert undecided[BASE + "v"] == packaged
    assert "http://hl7.org/fhir/ValueSet/observation-status" not in undecided
    known: dict[str, dict[str, set[str]]] = {}
    asking = profiles.beside(known.get)
    wrong = observation(code={"coding": [{"system": "urn:loaded", "code": "c"}]})
    assert told(asking, wrong, "p") == []
    known["urn:elsewhere|2"] = {"urn:loaded": {"a", "b"}}
    assert told(asking, wrong, "p") == [("Observation.code", "code-invalid")]
    assert told(asking, observation(code={"coding": [{"system": "urn:loaded", "code": "b"}]}), "p") == []


def test_lengths_and_bounds_are_kept(tmp_path: Path) -> None:
    profiles = guide(
        tmp_path,
        profile(
            "p",
            "Patient",
            element("Patient.name.family", maxLength=3),
            element("Patient.birthDate", minValueDate="1900-01-01"),
            element("Patient.multipleBirth[x]", type=[{"code": "integer"}], maxValueInteger=3),
        ),
    )
    assert told(profiles, patient(name=[{"family": "abc"}], birthDate="1900", multipleBirthInteger=3), "p") == []
    assert told(profiles, patient(name=[{"family": "abcd"}], birthDate="1899-12-31", multipleBirthInteger=4), "p") == [
        ("Patient.name[0].family", "too-long"),
        ("Patient.birthDate", "value"),
        ("Patient.multipleBirth.ofType(integer)", "value"),
    ]


def test_a_profile_of_a_profile_demands_what_both_do(tmp_path: Path) -> None:
    lower = profile("lower", "Patient", element("Patient.birthDate", min=1), base=BASE + "upper")
    upper = profile("upper", "Patient", element("Patient.name", min=1), element("Patient.birthDate", max="1"))
    profiles = guide(tmp_path, lower, upper)
    assert told(profiles, patient(), "lower") == [("Patient.name", "required"), ("Patient.birthDate", "required")]
    assert told(profiles, patient(), "upper") == [("Patient.name", "required")]


def test_a_snapshot_counts_before_the_differential_and_repeats_nothing_r4_says(tmp_path: Path) -> None:
    snapshot = [
        {"id": "Patient", "path": "Patient", "min": 0, "max": "*"},
        element("Patient.gender", min=1, max="1", type=[{"code": "code"}]),
        element("Patient.link", min=0, max="*", type=[{"code": "BackboneElement"}]),
        element("Patient.link.other", min=1, max="1"),
        element("Patient.contact", min=0, max="*", type=[{"code": "BackboneElement"}]),
    ]
    profiles = guide(tmp_path, profile("p", "Patient", snapshot={"element": snapshot}, base="urn:not-loaded"))
    assert told(profiles, patient(contact=[{"name": {"text": "x"}}]), "p") == [("Patient.gender", "required")]
    broken = patient(gender="male", link=[{"type": "seealso"}])
    assert len(validate(broken)) == 1
    assert told(profiles, broken, "p") == []


def test_a_resource_of_another_type_does_not_conform(tmp_path: Path) -> None:
    profiles = guide(tmp_path, profile("p", "Patient"))
    assert told(profiles, observation(), "p") == [("Observation", "structure")]


@pytest.mark.parametrize(("canonical", "known"), [("p", True), ("p|1.0", True), ("p|2.0", False), ("q", False)])
def test_a_profile_is_found_by_url_and_version(tmp_path: Path, canonical: str, known: bool) -> None:
    profiles = guide(tmp_path, profile("p", "Patient"))
    assert (profiles.conformance(patient(), BASE + canonical) is not None) is known
