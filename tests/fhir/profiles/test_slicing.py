"""Slices and how they are told apart: R4 profiling.html#slicing and #discriminator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hub.fhir.profiles.registry import Profiles
from hub.kernel.types import Json
from tests.fhir.cases import LOINC, observation, patient, without
from tests.fhir.profiles.package import BASE, R4, element, guide, profile, slicing, told


def sliced_identifiers(folder: Path, **rules: Any) -> Profiles:
    """An identity number (exactly one), a card (one at most), and by `rules` others."""
    return guide(
        folder,
        profile(
            "p",
            "Patient",
            element(
                "Patient.identifier",
                slicing={"discriminator": [{"type": "value", "path": "system"}], "rules": "open", **rules},
            ),
            element("Patient.identifier:number", min=1, max="1"),
            element("Patient.identifier:number.system", min=1, fixedUri="urn:number"),
            element("Patient.identifier:number.value", min=1),
            element("Patient.identifier:card", max="1"),
            element("Patient.identifier:card.system", min=1, fixedUri="urn:card"),
        ),
    )


def ids(*systems: str) -> Json:
    return patient(identifier=[{"system": f"urn:{system}", "value": "1"} for system in systems])


def test_slices_have_their_own_cardinality(tmp_path: Path) -> None:
    profiles = sliced_identifiers(tmp_path)
    assert told(profiles, ids("other", "number", "card"), "p") == []
    assert told(profiles, ids("card", "card"), "p") == [
        ("Patient.identifier", "required"),
        ("Patient.identifier", "structure"),
    ]
    assert told(profiles, patient(identifier=[{"system": "urn:number"}]), "p") == [
        ("Patient.identifier[0].value", "required")
    ]


def test_a_closed_slicing_takes_nothing_else(tmp_path: Path) -> None:
    profiles = sliced_identifiers(tmp_path, rules="closed")
    assert told(profiles, ids("number", "card"), "p") == []
    assert told(profiles, ids("number", "other"), "p") == [("Patient.identifier[1]", "structure")]


def test_slices_may_have_an_order_and_others_a_place(tmp_path: Path) -> None:
    ordered = sliced_identifiers(tmp_path / "a", ordered=True)
    assert told(ordered, ids("number", "other", "card"), "p") == []
    assert told(ordered, ids("card", "number"), "p") == [("Patient.identifier", "structure")]
    at_end = sliced_identifiers(tmp_path / "b", rules="openAtEnd")
    assert told(at_end, ids("number", "card", "other"), "p") == []
    assert told(at_end, ids("number", "other", "card"), "p") == [("Patient.identifier", "structure")]


def test_slices_are_told_apart_by_pattern(tmp_path: Path) -> None:
    pattern = {"coding": [{"system": LOINC, "code": "8480-6"}]}
    profiles = guide(
        tmp_path,
        profile(
            "p",
            "Observation",
            slicing("Observation.component", "pattern", "code"),
            element("Observation.component:systolic", min=1, max="1"),
            element("Observation.component:systolic.code", patternCodeableConcept=pattern),
            element("Observation.component:systolic.value[x]", min=1, type=[{"code": "Quantity"}]),
        ),
    )
    right = {"code": {**pattern, "text": "x"}, "valueQuantity": {"value": 1}}
    other = {"code": {"text": "other"}}
    assert told(profiles, observation(component=[other, right]), "p") == []
    assert told(profiles, observation(component=[other]), "p") == [("Observation.component", "required")]
    assert told(profiles, observation(component=[right | {"valueString": "x"}]), "p") != []
    assert told(profiles, observation(component=[without(right, "valueQuantity")]), "p") == [
        ("Observation.component[0].value", "required")
    ]


def test_slices_are_told_apart_by_values_deep_below(tmp_path: Path) -> None:
    profiles = guide(
        tmp_path,
        profile(
            "p",
            "Observation",
            slicing("Observation.category", "value", "coding.code"),
            element("Observation.category:vital", min=1),
            element("Observation.category:vital.coding.code", fixedCode="vital-signs"),
        ),
    )
    vital = {"coding": [{"code": "x"}, {"code": "vital-signs"}]}
    assert ("Observation.category", "required") in told(profiles, observation(category=[{"text": "x"}]), "p")
    assert ("Observation.category", "required") not in told(profiles, observation(category=[vital]), "p")


def test_slices_are_told_apart_by_a_required_binding(tmp_path: Path) -> None:
    bound: Json = {"resourceType": "ValueSet", "url": BASE + "v", "status": "active"}
    bound["compose"] = {"include": [{"system": "urn:s", "concept": [{"code": "a"}]}]}
    profiles = guide(
        tmp_path,
        profile(
            "p",
            "Patient",
            slicing("Patient.maritalStatus.coding", "value", "$this"),
            element(
                "Patient.maritalStatus.coding:ours", min=1, binding={"strength": "required", "valueSet": BASE + "v"}
            ),
        ),
        bound,
    )
    assert told(profiles, patient(maritalStatus={"coding": [{"system": "urn:s", "code": "a"}]}), "p") == []
    assert told(profiles, patient(maritalStatus={"coding": [{"system": "urn:s", "code": "b"}]}), "p") == [
        ("Patient.maritalStatus.coding", "required")
    ]


def test_slices_are_told_apart_by_existence(tmp_path: Path) -> None:
    profiles = guide(
        tmp_path,
        profile(
            "p",
            "Patient",
            slicing("Patient.name", "exists", "period"),
            element("Patient.name:former"),
            element("Patient.name:former.period", min=1),
            element("Patient.name:former.use", min=1),
            element("Patient.name:current", max="1"),
            element("Patient.name:current.period", max="0"),
        ),
    )
    former = {"text": "x", "period": {"end": "2020"}}
    assert told(profiles, patient(name=[{"text": "x"}, former | {"use": "old"}]), "p") == []
    assert told(profiles, patient(name=[former]), "p") == [("Patient.name[0].use", "required")]
    assert told(profiles, patient(name=[{"text": "x"}, {"text": "y"}]), "p") == [("Patient.name", "structure")]


def test_slices_are_told_apart_by_type(tmp_path: Path) -> None:
    profiles = guide(
        tmp_path,
        profile(
            "p",
            "Bundle",
            slicing("Bundle.entry", "type", "resource"),
            element("Bundle.entry:who", min=1, max="1"),
            element("Bundle.entry:who.resource", type=[{"code": "Patient"}]),
            element("Bundle.entry:who.resource.name", min=1),
        ),
    )
    bundle: Json = {"resourceType": "Bundle", "type": "collection"}
    named = {"resource": patient(name=[{"text": "x"}])}
    assert told(profiles, bundle | {"entry": [{"resource": observation()}, named]}, "p") == []
    assert told(profiles, bundle | {"entry": [{"resource": observation()}]}, "p") == [("Bundle.entry", "required")]
    assert told(profiles, bundle | {"entry": [{"resource": patient()}]}, "p") == [
        ("Bundle.entry[0].resource.name", "required")
    ]


def test_slices_are_told_apart_by_the_type_of_a_target(tmp_path: Path) -> None:
    to_organization = [{"code": "Reference", "targetProfile": [R4 + "Organization"]}]
    profiles = guide(
        tmp_path,
        profile(
            "p",
            "Observation",
            slicing("Observation.performer", "type", "resolve()"),
            element("Observation.performer:org", min=1, type=to_organization),
        ),
    )
    performers = [{"reference": "Practitioner/a"}, {"reference": "Organization/b"}]
    assert told(profiles, observation(performer=performers), "p") == []
    assert told(profiles, observation(performer=performers[:1]), "p") == [("Observation.performer", "required")]


def test_slices_are_told_apart_by_what_a_reference_leads_to_and_left_open_where_that_is_elsewhere(
    tmp_path: Path,
) -> None:
    to_named = [{"code": "Reference", "targetProfile": [BASE + "named"]}]
    profiles = guide(
        tmp_path,
        profile(
            "p",
            "Observation",
            element(
                "Observation.performer",
                slicing={"discriminator": [{"type": "value", "path": "resolve().name"}], "rules": "closed"},
            ),
            element("Observation.performer:named", min=1, max="1", type=to_named),
        ),
        profile("named", "Organization", element("Organization.name", fixedString="ours")),
    )
    inner = {"resourceType": "Organization", "id": "o", "name": "ours"}
    sent = observation(performer=[{"reference": "#o"}], contained=[inner])
    assert told(profiles, sent, "p") == []
    assert ("Observation.performer", "required") in told(profiles, sent | {"contained": [inner | {"name": "x"}]}, "p")
    assert told(profiles, observation(performer=[{"reference": "Organization/elsewhere"}]), "p") == []


def test_a_slice_of_a_value_set_nobody_lists_is_left_open(tmp_path: Path) -> None:
    bound = {"strength": "required", "valueSet": "urn:elsewhere"}
    profiles = guide(
        tmp_path,
        profile(
            "p",
            "Observation",
            slicing("Observation.category", "value", "$this"),
            element("Observation.category:theirs", min=1, max="1", binding=bound),
        ),
    )
    assert told(profiles, observation(category=[{"text": "x"}, {"text": "y"}]), "p") == []
    assert told(profiles, observation(), "p") == [("Observation.category", "required")]


def test_slices_are_told_apart_by_profile(tmp_path: Path) -> None:
    to_named = [{"code": "Reference", "targetProfile": [BASE + "named"]}]
    profiles = guide(
        tmp_path,
        profile(
            "p",
            "Observation",
            slicing("Observation.performer", "profile", "resolve()"),
            element("Observation.performer:named", min=1, type=to_named),
        ),
        profile("named", "Organization", element("Organization.name", min=1)),
    )
    inner = {"resourceType": "Organization", "id": "o", "identifier": [{"value": "1"}]}
    sent = observation(performer=[{"reference": "#o"}], contained=[inner])
    assert told(profiles, sent, "p") == [("Observation.performer", "required")]
    assert told(profiles, sent | {"contained": [inner | {"name": "x"}]}, "p") == []


def test_extensions_are_sliced_by_url_without_saying_so(tmp_path: Path) -> None:
    nested = profile(
        "parts",
        "Extension",
        element("Extension.url", fixedUri=BASE + "parts"),
        element("Extension.extension:code", min=1),
        element("Extension.extension:code.url", fixedUri="code"),
        element("Extension.extension:code.value[x]", min=1, type=[{"code": "code"}]),
        element("Extension.value[x]", max="0"),
    )
    of_type = [{"code": "Extension", "profile": [BASE + "parts"]}]
    profiles = guide(
        tmp_path, profile("p", "Patient", element("Patient.extension:parts", min=1, max="1", type=of_type)), nested
    )

    def having(*parts: Json) -> Json:
        return patient(
            extension=[{"url": "urn:other", "valueCode": "x"}, {"url": BASE + "parts", "extension": list(parts)}]
        )

    assert told(profiles, having({"url": "code", "valueCode": "x"}), "p") == []
    assert told(profiles, patient(), "p") == [("Patient.extension", "required")]
    assert told(profiles, having({"url": "code", "valueString": "x"}), "p") == [
        ("Patient.extension[1].extension[0].value.ofType(string)", "structure")
    ]
    assert told(profiles, having({"url": "other", "valueCode": "x"}), "p") == [
        ("Patient.extension[1].extension", "required")
    ]


def test_slices_are_told_apart_by_an_extension(tmp_path: Path) -> None:
    profiles = guide(
        tmp_path,
        profile(
            "p",
            "Patient",
            slicing("Patient.name", "value", "extension('urn:kind').value"),
            element("Patient.name:pinyin", min=1),
            element("Patient.name:pinyin.extension:kind", min=1),
            element("Patient.name:pinyin.extension:kind.url", fixedUri="urn:kind"),
            element("Patient.name:pinyin.extension:kind.value[x]", type=[{"code": "code"}], fixedCode="SYL"),
        ),
    )
    name = {"text": "x", "extension": [{"url": "urn:kind", "valueCode": "SYL"}]}
    assert told(profiles, patient(name=[{"text": "y"}, name]), "p") == []
    assert told(profiles, patient(name=[{"text": "y"}]), "p") == [("Patient.name", "required")]


def test_a_slice_may_be_sliced_again(tmp_path: Path) -> None:
    profiles = guide(
        tmp_path,
        profile(
            "p",
            "Patient",
            slicing("Patient.telecom", "value", "system"),
            slicing("Patient.telecom:phone", "value", "use"),
            element("Patient.telecom:phone.system", fixedCode="phone"),
            element("Patient.telecom:phone/home", max="1"),
            element("Patient.telecom:phone/home.use", min=1, fixedCode="home"),
        ),
    )

    def phones(*uses: str) -> Json:
        return patient(telecom=[{"system": "phone", "value": "1", "use": use} for use in uses])

    assert told(profiles, phones("home", "work", "work"), "p") == []
    assert told(profiles, phones("home", "home"), "p") == [("Patient.telecom", "structure")]


@pytest.mark.parametrize("derived", [{"min": 1}, {"max": "0"}])
def test_a_profile_of_a_profile_may_say_more_of_a_slice(tmp_path: Path, derived: Json) -> None:
    upper = profile(
        "upper",
        "Patient",
        slicing("Patient.identifier", "value", "system"),
        element("Patient.identifier:card", min=0, max="1"),
        element("Patient.identifier:card.system", min=1, fixedUri="urn:card"),
    )
    lower = profile("lower", "Patient", element("Patient.identifier:card", **derived), base=BASE + "upper")
    profiles = guide(tmp_path, lower, upper)
    assert [bool(told(profiles, sent, "lower")) for sent in (ids("card"), ids())] == (
        [False, True] if "min" in derived else [True, False]
    )
