"""Security labels by codes and words: what is labelled, what is not, and what a list may say."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent.labelling import Labelling, Row, read_labelling, shipped, spreading, with_labels
from consent.tables import ACT_CODE, CONFIDENTIALITY, SENSITIVITY_KINDS
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json

ICD10: Final = "http://hl7.org/fhir/sid/icd-10"


def condition(code: str = "", system: str = ICD10, **elements: Any) -> Json:
    coding = [{"system": system, "code": code}] if code else []
    return {"resourceType": "Condition", "code": {"coding": coding}, **elements}


@pytest.mark.parametrize(
    ("code", "labels"),
    [
        ("B20", {"HIV"}),
        ("B24.x01", {"HIV"}),
        ("B25", set()),
        ("Z21", {"HIV"}),
        ("A53.9", {"STD"}),
        ("F20.000", {"PSY"}),
        ("F32.9", {"PSY"}),
        ("F52.2", {"SEX"}),
        ("F10.2", {"ETHUD"}),
        ("F11.2", {"OPIOIDUD"}),
        ("F19", {"ETH"}),
        ("T74.2", {"SDV"}),
        ("Q90.9", {"GDIS"}),
        ("I10", set()),
        ("E11.9", set()),
        ("J44", set()),
    ],
)
def test_diagnoses_are_labelled_by_their_code(code: str, labels: set[str]) -> None:
    assert shipped().labels(condition(code)) == labels


def test_a_code_counts_wherever_it_stands_and_under_its_own_systems_alone() -> None:
    reason = {"resourceType": "MedicationRequest", "reasonCode": [{"coding": [{"system": ICD10, "code": "B20"}]}]}
    contained = {"resourceType": "Encounter", "contained": [condition("F20.0")]}
    assert shipped().labels(reason) == {"HIV"}
    assert shipped().labels(contained) == {"PSY"}
    assert shipped().labels(condition("B20", "urn:oid:2.16.840.1.113883.6.3")) == {"HIV"}
    assert shipped().labels(condition("B20", "urn:hospital:wards")) == set()


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("艾滋病", {"HIV"}),
        ("HIV抗体(阴性)", {"HIV"}),
        ("ACHIVE", set()),
        ("早期梅毒", {"STD"}),
        ("偏执型精神分裂症", {"PSY"}),
        ("重度抑郁发作", {"PSY"}),
        ("家庭暴力致伤", {"SDV"}),
        ("高血压", set()),
    ],
)
def test_what_names_a_concept_is_labelled_by_its_words(text: str, labels: set[str]) -> None:
    assert shipped().labels(condition(category=[{"text": text}])) == labels
    shown = {"resourceType": "Observation", "code": {"coding": [{"display": text}]}}
    assert shipped().labels(shown) == labels


def test_words_of_notes_names_and_narratives_are_not_looked_at() -> None:
    told = condition(
        "I10",
        note=[{"text": "否认艾滋病史"}],
        text={"status": "generated", "div": "<div>无性病</div>"},
        subject={"reference": "Patient/a", "display": "梅毒"},
    )
    assert shipped().labels(told) == set()


def test_labels_are_added_once_and_none_is_taken_away() -> None:
    own = {"system": "urn:x", "code": "own"}
    resource = {"resourceType": "Condition", "meta": {"versionId": "1", "security": [own]}}
    labelled = with_labels(resource, ["HIV", f"{CONFIDENTIALITY}|R"])
    assert labelled["meta"] == {
        "versionId": "1",
        "security": [own, {"system": ACT_CODE, "code": "HIV"}, {"system": CONFIDENTIALITY, "code": "R"}],
    }
    assert with_labels(labelled, ["HIV"]) is labelled
    assert with_labels(resource, []) is resource


def test_sensitivity_and_high_confidentiality_spread_and_nothing_else() -> None:
    codes = [(ACT_CODE, "PSY"), (ACT_CODE, "NOPAT"), (CONFIDENTIALITY, "V"), (CONFIDENTIALITY, "N"), ("urn:x", "R")]
    resource = {"meta": {"security": [{"system": system, "code": code} for system, code in codes]}}
    assert spreading(resource) == {f"{ACT_CODE}|PSY", f"{CONFIDENTIALITY}|V"}


def test_an_installation_adds_rows_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(
        "label,kind,system,value,what\nHIV,code,urn:lab,HIVAB,antibody\nPSY,word,,安定医院,hospital\n", "utf-8"
    )
    found = read_labelling(path)
    assert found.labels(condition("HIVAB", "urn:lab")) == {"HIV"}
    assert found.labels(condition("B20", category=[{"text": "转安定医院"}])) == {"HIV", "PSY"}


def test_members_of_a_value_set_are_labelled_wherever_they_stand(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("label,kind,system,value,what\nPSY,set,,urn:wards,ours\nSEX,set,,urn:wards,too\n", "utf-8")
    held = {"urn:wards": {"urn:hospital:wards": {"W7"}}}
    found = read_labelling(path, held.get)
    assert found.sets.urls == ("urn:wards",)
    for resource in (
        condition("W7", "urn:hospital:wards"),
        {"meta": {}, "contained": [condition("W7", "urn:hospital:wards")]},
    ):
        assert found.labels(resource) == {"PSY", "SEX"}
    for other in (condition("W8", "urn:hospital:wards"), condition("W7", "urn:other"), condition()):
        assert found.labels(other) == set()
    assert found.labels(condition("B20", note=[{"coding": {"system": "urn:hospital:wards", "code": "W7"}}])) == {
        *("HIV", "PSY", "SEX"),
    }


def test_a_value_set_that_is_not_known_lets_no_code_pass_unlabelled(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("label,kind,system,value,what\nPSY,set,,urn:wards,ours\n", "utf-8")
    found = read_labelling(path)
    assert found.labels({"resourceType": "Basic", "code": {"text": "艾滋病"}}) == {"HIV"}
    with pytest.raises(HubError) as refused:
        found.labels(condition("I10"))
    assert (refused.value.category, refused.value.where) == (Category.UNAVAILABLE, "urn:wards")


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("label,kind\n", 1),
        ("label,kind,system,value,what\nXXX,code,icd-10,B20,x\n", 2),
        ("# ours\nlabel,kind,system,value,what\nHIV,word,,(,x\n", 3),
        ("label,kind,system,value,what\nHIV,set,,,x\n", 2),
        ("label,kind,system,value,what\nHIV,code,icd-10,B20\n", 2),
        ("", 1),
    ],
)
def test_a_list_that_is_wrong_is_refused_with_its_line(tmp_path: Path, content: str, line: int) -> None:
    path = tmp_path / "ours.csv"
    path.write_text(content, "utf-8")
    with pytest.raises(HubError) as refused:
        read_labelling(path)
    assert (refused.value.category, refused.value.where) == (Category.INVALID, f"ours.csv:{line}")


def test_a_list_that_cannot_be_read_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(HubError, match="UTF-8"):
        read_labelling(tmp_path / "nothing.csv")


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["B20", ICD10, "艾滋病"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["system", "code", "text", "display", "coding", "note", "meta"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@settings(max_examples=100, deadline=None)
@given(resource=st.dictionaries(st.sampled_from(["code", "category", "contained", "meta"]), _json, max_size=3))
def test_whatever_the_shape_labels_are_of_the_closed_table(resource: Json) -> None:
    assert shipped().labels(resource) <= SENSITIVITY_KINDS.keys()


def test_an_empty_list_labels_nothing() -> None:
    assert Labelling([]).labels(condition("B20", category=[{"text": "艾滋病"}])) == set()


def test_a_code_counts_in_whatever_case_it_is_written() -> None:
    labelling = Labelling([Row("HIV", "code", "icd-10", "B20-B24"), Row("PSY", "code", "urn:x", "ab")])
    assert labelling.labels(condition("b20.1")) == {"HIV"}
    assert labelling.labels(condition("ABC", "urn:x")) == {"PSY"}
