"""QIDO-RS in FHIR and back: what is asked, and how studies of the index are told."""

from __future__ import annotations

from typing import Any

import pytest

from hub.api.imaging.answer import answers
from hub.api.imaging.question import Question, question
from hub.kernel.errors import HubError
from hub.kernel.types import Json

BASE = "https://hub.example/dicom-web/F01-pacs"


def asking(path: str = "studies", **pairs: str) -> Question:
    found = question(path, list(pairs.items()), "e1")
    assert found is not None
    return found


def terms(path: str = "studies", **pairs: str) -> list[tuple[str, str]]:
    """The terms of the search that the attributes make."""
    fixed = {"endpoint", "status", "_sort", "_include", "_count"}
    return [term for term in asking(path, **pairs).search if term[0] not in fixed]


@pytest.mark.parametrize(
    ("name", "value", "term"),
    [
        ("StudyInstanceUID", "1.2,1.3", ("identifier", "urn:dicom:uid|urn:oid:1.2,urn:dicom:uid|urn:oid:1.3")),
        ("0020000d", "1.2\\1.3", ("identifier", "urn:dicom:uid|urn:oid:1.2,urn:dicom:uid|urn:oid:1.3")),
        ("AccessionNumber", "A,9", ("identifier", "A\\,9")),
        ("00100020", "P|7", ("patient.identifier", "P\\|7")),
        ("PatientName", "沈*", ("patient.name", "沈")),
        ("PatientName", "*桂*", ("patient.name:contains", "桂")),
        ("PatientName", "沈^桂兰", ("patient.name", "沈")),
        ("ModalitiesInStudy", "CT", ("modality", "CT")),
        ("StudyDate", "20260302", ("started", "2026-03-02")),
    ],
)
def test_an_attribute_is_a_term_of_the_index(name: str, value: str, term: tuple[str, str]) -> None:
    assert terms(**{name: value}) == [term]


def test_a_range_of_days_has_two_ends_or_one() -> None:
    assert terms(StudyDate="20260301-20260331") == [("started", "ge2026-03-01"), ("started", "le2026-03-31")]
    assert terms(StudyDate="20260301-") == [("started", "ge2026-03-01")]


def test_every_search_is_of_one_archive_and_as_long_as_was_asked() -> None:
    found = dict(asking(limit="20", offset="40", fuzzymatching="true", includefield="all", PatientName="*").search)
    assert found == {
        "endpoint": "Endpoint/e1",
        "status": "registered,available,unknown",
        "_sort": "-started",
        "_include": "ImagingStudy:patient",
        "_count": "60",
    }
    assert asking(fuzzymatching="true").fuzzy


@pytest.mark.parametrize(
    ("path", "pairs"),
    [
        ("studies", {"StudyDescription": "x" * 65}),
        ("studies", {"PatientBirthDate": "19800101"}),
        ("studies", {"PatientID": "P*"}),
        ("studies", {"AccessionNumber": "?"}),
        ("studies", {"PatientName": "a*b"}),
        ("studies", {"StudyDate": "2026-03-02"}),
        ("studies", {"StudyInstanceUID": "1.2|x"}),
        ("studies", {"limit": "-1"}),
        ("studies", {"limit": "900", "offset": "200"}),
        ("instances", {}),
        ("series", {"Modality": "CT"}),
    ],
)
def test_what_the_index_cannot_answer_is_refused_and_never_widened(path: str, pairs: dict[str, str]) -> None:
    with pytest.raises(HubError):
        asking(path, **pairs)


@pytest.mark.parametrize("path", ["studies/1.2", "studies/1.2/studies", "series/1.2/instances", "patients", "studies/"])
def test_other_paths_are_no_search(path: str) -> None:
    assert question(path, [], "e1") is None


STUDY: Json = {
    "identifier": [
        {"system": "urn:dicom:uid", "value": "urn:oid:1.2"},
        {"type": {"coding": [{"code": "ACSN"}]}, "value": "A9901"},
    ],
    "subject": {"reference": "Patient/p1"},
    "started": "2026-03-02T08:30:15.25+08:00",
    "modality": [{"code": "CT"}],
    "numberOfSeries": 2,
    "numberOfInstances": 3,
    "series": [
        {
            "uid": "1.2.1",
            "number": 1,
            "modality": {"code": "CT"},
            "numberOfInstances": 2,
            "instance": [{"uid": f"1.2.1.{n}", "number": n, "sopClass": {"code": "urn:oid:1.2.840.2"}} for n in (1, 2)],
        },
        {"uid": "1.2.2", "modality": {"code": "SR"}, "numberOfInstances": 1},
    ],
}
PATIENT: Json = {
    "identifier": [
        {"value": "990122000000000000"},
        {"type": {"coding": [{"code": "MR"}]}, "system": "urn:x", "value": "P7"},
    ],
    "name": [
        {
            "extension": [
                {"url": "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation", "valueCode": "IDE"}
            ],
            "family": "沈",
            "given": ["桂兰"],
        },
        {"family": "Shen", "given": ["Guilan"]},
    ],
    "gender": "female",
    "birthDate": "1958-04-12",
}


def told(path: str, **pairs: str) -> list[dict[str, Any]]:
    """The answer for one study, with bare values."""
    found = answers([STUDY], {"Patient/p1": PATIENT}, asking(path, **pairs), BASE)
    return [{tag: each.get("Value") for tag, each in one.items()} for one in found]


def test_a_study_is_told_with_its_patient_and_the_hubs_address() -> None:
    (study,) = told("studies")
    assert study["0020000D"] == ["1.2"]
    assert (study["00080020"], study["00080030"], study["00080201"]) == (["20260302"], ["083015"], ["+0800"])
    assert study["00080050"] == ["A9901"]
    assert study["00100010"] == [{"Ideographic": "沈^桂兰", "Alphabetic": "Shen^Guilan"}]
    assert (study["00100020"], study["00100030"], study["00100040"]) == (["P7"], ["19580412"], ["F"])
    assert study["00081190"] == [f"{BASE}/studies/1.2"]
    assert study["00081030"] is None


def test_a_patient_who_is_not_shown_has_no_name_in_the_answer() -> None:
    (study,) = answers([STUDY], {}, asking(), BASE)
    assert "Value" not in study["00100010"]
    assert "Value" not in study["00100020"]


def test_series_and_instances_are_those_that_were_asked_for() -> None:
    assert [each["0020000E"] for each in told("studies/1.2/series")] == [["1.2.1"], ["1.2.2"]]
    assert [each["00080060"] for each in told("studies/1.2/series", Modality="SR")] == [["SR"]]
    found = told("studies/1.2/series/1.2.1/instances", limit="1", offset="1")
    assert [each["00081190"] for each in found] == [[f"{BASE}/studies/1.2/series/1.2.1/instances/1.2.1.2"]]
    assert found[0]["00080016"] == ["1.2.840.2"]
    assert told("studies/1.2/instances", SOPInstanceUID="1.2.9") == []


def test_studies_are_chosen_by_their_description_with_wild_cards_and_nothing_else() -> None:
    told = [{**STUDY, "description": text} for text in ("CT CHEST", "Head [1]", "")]
    for value, wanted in (("*chest*", [0]), ("head [1]", [1]), ("Head ?1]", [1]), ("*", [0, 1, 2]), ("chest", [])):
        asked = asking(**{"00081030": value, "StudyDate": "20260302"})
        found = answers(told, {}, asked, BASE)
        assert [each["00081030"].get("Value", [""])[0] for each in found] == [told[n]["description"] for n in wanted]
    assert dict(asking(StudyDescription="*chest*", limit="5").search)["_count"] == "1000"
