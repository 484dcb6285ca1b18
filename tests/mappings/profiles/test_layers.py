"""A profile changes the one it extends, key by key; complaints name the file and line where the text stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.kernel.errors import Category, HubError
from mappings.hl7v2.profile import Coding
from mappings.hl7v2.profiles.layers import layers, shipped
from mappings.hl7v2.profiles.load import load
from tests.mappings.profiles.files import complaints, loaded, written

VENDOR = """\
name: vendor
charset: GBK
zone: "+08:00"
null_policy: {default: ignore, PID: clear}
accept: {events: [ADT^*], versions: ["2.3"]}
identifiers:
  ignore: [NONE]
  rules:
    - {kind: A, system: "urn:vendor:a", type: MR, patient_key: true}
    - {kind: B, system: "urn:vendor:b"}
steps:
  - {step: strip, at: PID-5, name: names}
  - {step: map-values, at: PID-8, name: sex, values: {男: M}}
  - {step: plain-time, at: PID-7}
codes:
  OBX-3:
    GLU: {system: "http://loinc.org", code: 2345-7}
    K: {system: "http://loinc.org", code: 2823-3}
unmapped: {OBX-3: block}
rows:
  "ZPD-1:Patient.extension[].valueString": {as: text, with: {url: "urn:vendor:z"}}
  "PID-30:Patient.deceasedBoolean": null
"""
HOSPITAL = """\
name: hospital
extends: vendor.yaml
"""


def test_what_is_not_changed_is_inherited(tmp_path: Path) -> None:
    outer, inner = loaded(tmp_path, vendor=VENDOR), loaded(tmp_path, vendor=VENDOR, hospital=HOSPITAL)
    assert inner.name == "hospital"
    for key in ("charset", "zone", "null", "nulls", "events", "versions", "steps", "codes", "rows", "unmapped"):
        assert getattr(inner, key) == getattr(outer, key)
    assert inner.identifier_rules == outer.identifier_rules


def test_what_is_stated_again_counts(tmp_path: Path) -> None:
    own = 'charset: UTF-8\nzone: "+07:00"\naccept: {events: [ORU^R01]}\nunmapped: {OBX-3: keep, OBR-4: block}\n'
    profile = loaded(tmp_path, vendor=VENDOR, hospital=HOSPITAL + own)
    assert (profile.charset, profile.zone, profile.events) == ("utf-8", "+07:00", ("ORU^R01",))
    assert profile.versions == ("2.3",)
    assert profile.unmapped == {"OBX-3": "keep", "OBR-4": "block"}


def test_the_null_policy_is_changed_by_segment_and_field(tmp_path: Path) -> None:
    own = "null_policy: {PID-19: ignore, PV1: clear}\n"
    profile = loaded(tmp_path, vendor=VENDOR, hospital=HOSPITAL + own)
    asked = [("PID", 5), ("PID", 19), ("PV1", 3), ("OBX", 5)]
    assert [profile.clears(segment, n) for segment, n in asked] == [True, False, True, False]
    assert loaded(tmp_path, vendor=VENDOR, hospital=HOSPITAL + "null_policy: clear\n").clears("OBX", 5)


def test_ignored_values_are_united_and_own_rules_come_first(tmp_path: Path) -> None:
    own = """\
identifiers:
  ignore: [TEST]
  rules:
    - {kind: C, system: "urn:hospital:c", patient_key: true}
    - {kind: A, system: "urn:hospital:a", patient_key: true}
"""
    profile = loaded(tmp_path, vendor=VENDOR, hospital=HOSPITAL + own)
    assert profile.ignored_identifiers == {"NONE", "TEST"}
    assert [rule.system for rule in profile.identifier_rules] == ["urn:hospital:c", "urn:hospital:a", "urn:vendor:b"]
    assert profile.rank(profile.rule("PID-3", [], "A")) == 1


def test_steps_follow_those_of_the_extended_profile_which_may_be_dropped_or_replaced(tmp_path: Path) -> None:
    own = """\
steps:
  - {step: strip, at: PID-11}
  - {drop: names}
  - {step: map-values, at: PID-8, replace: sex, values: {女: F}}
"""
    profile = loaded(tmp_path, vendor=VENDOR, hospital=HOSPITAL + own)
    assert [(step.step, step.at) for step in profile.steps] == [
        ("map-values", "PID-8"),
        ("plain-time", "PID-7"),
        ("strip", "PID-11"),
    ]
    assert profile.steps[0].values == {"女": "F"}


def test_a_replaced_step_keeps_its_name_for_the_next_to_come(tmp_path: Path) -> None:
    second = HOSPITAL + "steps:\n  - {step: map-values, at: PID-8, replace: sex, values: {女: F}}\n"
    third = "name: branch\nextends: hospital.yaml\nsteps:\n  - {drop: sex}\n"
    profile = loaded(tmp_path, vendor=VENDOR, hospital=second, branch=third)
    assert [step.step for step in profile.steps] == ["strip", "plain-time"]


def test_codes_and_rows_are_changed_one_by_one(tmp_path: Path) -> None:
    own = """\
codes:
  OBX-3:
    GLU: {system: "http://loinc.org", code: 14771-0}
    NA: {system: "http://loinc.org", code: 2951-2}
rows:
  "ZPD-1:Patient.extension[].valueString": null
  "PID-9:Patient.name[]": null
"""
    profile = loaded(tmp_path, vendor=VENDOR, hospital=HOSPITAL + own)
    found = [profile.codings("OBX-3", code) for code in ("GLU", "K", "NA")]
    assert [codings and codings[0].code for codings in found] == ["14771-0", "2823-3", "2951-2"]
    assert profile.rows == {"PID-30:Patient.deceasedBoolean": None, "PID-9:Patient.name[]": None}


def test_a_profile_may_extend_one_in_another_folder_whose_files_stand_beside_it(tmp_path: Path) -> None:
    (tmp_path / "vendors").mkdir()
    written(tmp_path / "vendors", lis="name: lis\ncodes: {OBX-3: lis.csv}\n", lis_csv="local,system,code\nK,urn:x,1\n")
    profile = loaded(tmp_path, hospital="name: hospital\nextends: vendors/lis.yaml\n")
    assert profile.codings("OBX-3", "K") == (Coding(system="urn:x", code="1"),)


@pytest.mark.parametrize(
    ("own", "line"),
    [
        ("speed: 1\n", "hospital.yaml:3: speed: is not known here"),
        ("charset: klingon\n", "hospital.yaml:3: charset: no character set the hub knows"),
        (
            "steps:\n  - {step: strip, at: PID-5}\n  - {drop: nams}\n",
            "hospital.yaml:5: steps.1.drop: the extended profile has no such step (it has names, sex)",
        ),
        (
            "steps:\n  - {step: strip, at: PID-5, replace: title}\n",
            "hospital.yaml:4: steps.0.replace: the extended profile has no such step (it has names, sex)",
        ),
        (
            "steps:\n  - {step: strip, at: PID-5, name: sex}\n",
            "hospital.yaml:4: steps.0.name: another step has this name",
        ),
    ],
)
def test_a_mistake_is_told_in_the_file_where_it_stands(tmp_path: Path, own: str, line: str) -> None:
    assert complaints(tmp_path, vendor=VENDOR, hospital=HOSPITAL + own) == [line]


def test_a_mistake_of_the_extended_profile_is_told_there(tmp_path: Path) -> None:
    wrong = VENDOR.replace("GBK", "klingon")
    assert complaints(tmp_path, vendor=wrong, hospital=HOSPITAL) == [
        "vendor.yaml:2: charset: no character set the hub knows"
    ]


def test_a_profile_that_extends_itself_is_told_how(tmp_path: Path) -> None:
    said = complaints(
        tmp_path, b="name: b\nextends: c.yaml\n", c="name: c\nextends: b.yaml\n", a="name: a\nextends: b.yaml\n"
    )
    assert said == ["c.yaml:2: extends: extends itself: b.yaml -> c.yaml -> b.yaml"]
    assert complaints(tmp_path, a="name: a\nextends: ./a.yaml\n") == [
        "a.yaml:2: extends: extends itself: a.yaml -> a.yaml"
    ]


def test_a_profile_that_is_not_there_is_told_at_the_line_that_names_it(tmp_path: Path) -> None:
    assert complaints(tmp_path, a="name: a\n\nextends: gone.yaml\n") == [
        "a.yaml:3: extends: there is no file gone.yaml"
    ]
    (said,) = complaints(tmp_path, a="name: a\nextends: china\n")
    assert said.startswith("a.yaml:2: extends: no profile of this name comes with the hub (there are china-common")
    assert "relative to this one" in complaints(tmp_path, a="name: a\nextends: /etc/vendor.yaml\n")[0]


def test_a_chain_has_an_end(tmp_path: Path) -> None:
    for n in range(17):
        written(tmp_path, **{f"p{n}": f"name: p{n}\n" + (f"extends: p{n - 1}.yaml\n" if n else "")})
    assert len(layers(tmp_path / "p15.yaml")) == 16
    with pytest.raises(HubError, match="more than 16 files"):
        layers(tmp_path / "p16.yaml")


def test_the_profile_itself_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(HubError) as refusal:
        load(tmp_path / "gone.yaml")
    assert refusal.value.category is Category.NOT_FOUND


@pytest.mark.parametrize("name", shipped())
def test_every_profile_that_comes_with_the_hub_is_right(tmp_path: Path, name: str) -> None:
    assert loaded(tmp_path, own=f"name: own\nextends: {name}\n").name == "own"
