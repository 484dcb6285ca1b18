"""A study as ImagingStudy, whose it is, and what its report accounts for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from hub.kernel.errors import HubError
from mappings.dicom.profile import Profile, load
from tests.mappings.dicom.objects import ISSUER, STUDY, codes, dataset, line, lines, part_10, resource, resources


def test_the_files_of_a_study_make_one_line_with_its_series_in_order() -> None:
    files = [part_10(dataset(n, s, SeriesDescription=f"s{s}")) for s, n in ((2, 1), (1, 2), (1, 1))]
    found = line(*files)
    study = resource(found, "ImagingStudy")
    assert (found["source"], found["index"]) == ("0.dcm", 0)
    assert (study["numberOfSeries"], study["numberOfInstances"]) == (2, 3)
    assert [each["description"] for each in study["series"]] == ["s1", "s2"]
    assert [each["number"] for each in study["series"][0]["instance"]] == [1, 2]
    assert study["series"][0]["modality"]["code"] == "CT"
    assert study["identifier"][0] == {"system": "urn:dicom:uid", "value": f"urn:oid:{STUDY}"}
    assert study["started"] == "2026-03-02T08:30:15+08:00"


def test_two_studies_make_two_lines() -> None:
    other = dataset(StudyInstanceUID=f"{STUDY}.9")
    assert [found["source"] for found in lines(part_10(dataset()), part_10(other))] == ["0.dcm", "1.dcm"]


def test_the_order_is_named_by_the_accession_number_and_its_issuer() -> None:
    issuer = Dataset()
    issuer.UniversalEntityID, issuer.UniversalEntityIDType = f"{ISSUER}.5", "ISO"
    study = resource(line(part_10(dataset(IssuerOfAccessionNumberSequence=Sequence([issuer])))), "ImagingStudy")
    accession = study["identifier"][1]
    assert (accession["system"], accession["value"]) == (f"urn:oid:{ISSUER}.5", "A9901")
    assert accession["type"]["coding"][0]["code"] == "ACSN"
    assert study["basedOn"] == [{"type": "ServiceRequest", "identifier": accession}]


def test_a_zone_the_object_states_is_used() -> None:
    study = resource(line(part_10(dataset(TimezoneOffsetFromUTC="-0500"))), "ImagingStudy")
    assert study["started"] == "2026-03-02T08:30:15-05:00"


def test_a_patient_is_known_by_issuer_and_number_together() -> None:
    def patient(**elements: Any) -> str:
        return str(resource(line(part_10(dataset(**elements))), "Patient")["id"])

    same = patient(StudyInstanceUID=f"{STUDY}.7")
    assert patient() == same
    assert patient(IssuerOfPatientID=f"{ISSUER}.2") != same
    found = resource(line(part_10(dataset())), "Patient")
    assert found["identifier"][0]["system"] == f"urn:oid:{ISSUER}"
    assert (found["gender"], found["birthDate"]) == ("female", "1980-01-01")


@pytest.mark.parametrize(("sex", "gender"), [("Male", "male"), ("女", "female"), ("X", "unknown")])
def test_the_sex_is_understood_as_a_word_too(sex: str, gender: str) -> None:
    raw = part_10(dataset(PatientSex=None))
    said = sex.encode("gb18030")
    element = (
        b"\x10\x00\x40\x00CS"
        + (len(said) + len(said) % 2).to_bytes(2, "little")
        + said.ljust(len(said) + len(said) % 2)
    )
    before = raw.index(b"\x20\x00\x0d\x00UI")
    assert resource(line(raw[:before] + element + raw[before:]), "Patient")["gender"] == gender


@pytest.mark.parametrize("number", ["", "COMMON", "000000", "UNKNOWN"])
def test_a_number_without_issuer_is_never_shared_by_two_studies(number: str) -> None:
    files = [
        part_10(dataset(PatientID=number, IssuerOfPatientID=None, StudyInstanceUID=f"{STUDY}.{n}", PatientName=f"P{n}"))
        for n in (1, 2)
    ]
    first, second = lines(*files)
    assert resource(first, "Patient")["id"] != resource(second, "Patient")["id"]
    expected = "unqualified-patient-id" if number == "COMMON" else "no-patient-id"
    assert codes(first) == codes(second) == [expected]
    assert all("system" not in each for each in resource(first, "Patient").get("identifier", []))


def test_the_issuer_of_the_profile_qualifies_a_number() -> None:
    profile = Profile(name="pacs", issuer="urn:oid:1.2.3", zone="+06:00")
    found = line(part_10(dataset(IssuerOfPatientID=None)), profile=profile)
    assert codes(found) == []
    assert resource(found, "Patient")["identifier"][0]["system"] == "urn:oid:1.2.3"
    assert resource(found, "ImagingStudy")["started"].endswith("+06:00")


def test_objects_of_one_study_that_name_two_patients_are_held_back() -> None:
    found = line(part_10(dataset(1)), part_10(dataset(2, PatientID="P8")))
    assert found["bundle"] is None
    assert codes(found) == ["patient-conflict"]


def test_every_element_at_the_top_has_one_row_of_the_report() -> None:
    made = dataset(Rows=2, PatientAge="045Y")
    made.add_new(0x00091001, "LO", "x")
    rows = {row["source"]: row for row in line(part_10(made))["report"]}
    assert len(rows) == len(list(made))
    assert rows["(0010,0010) PatientName"]["targets"] == ["Patient.name"]
    assert rows["(0028,0010) Rows"]["outcome"] == "refused"
    assert "private" in rows["(0009,1001)"]["reason"]
    assert all(row["targets"] or row["reason"] for row in rows.values())


def test_height_and_weight_are_observations_of_the_day() -> None:
    measured = resources(line(part_10(dataset(PatientSize="1.62", PatientWeight="58.50"))), "Observation")
    assert [str(each["valueQuantity"]["value"]) for each in measured] == ["1.62", "58.50"]


def test_no_text_of_the_patient_stands_in_an_issue() -> None:
    found = lines(part_10(dataset(PatientName="Ceshi^Secret", IssuerOfPatientID=None, StudyInstanceUID=None)))
    assert "Secret" not in str(found[0]["issues"])


def test_a_profile_is_read_with_its_lines(tmp_path: Path) -> None:
    file = tmp_path / "p.yaml"
    file.write_text("name: pacs\nissuer: urn:oid:1.2.3\ncharset: gb18030\n", encoding="utf-8")
    assert load(file) == Profile(name="pacs", issuer="urn:oid:1.2.3", charset="gb18030")
    file.write_text("name: pacs\ncharset: klingon\n", encoding="utf-8")
    with pytest.raises(HubError, match=r"p\.yaml:2"):
        load(file)
