"""Studies as archives tell them by DICOMweb become the same resources as their files."""

from __future__ import annotations

import io
import json

import pytest
from pydicom import dcmread

from hub.kernel.errors import Category, HubError
from hub.kernel.ids import PUBLIC_KEY, keyed_ids
from hub.kernel.types import Json
from mappings.dicom.assembly import Instance, translate_study
from mappings.dicom.case import Sender
from mappings.dicom.feed import dissector, envelope_reader, translator
from mappings.dicom.header import read_header
from mappings.dicom.profile import DEFAULT, Profile
from tests.mappings.dicom import objects

IDS = keyed_ids(PUBLIC_KEY)
GONE = json.dumps(
    [
        {
            "00080056": {"vr": "CS", "Value": ["UNAVAILABLE"]},
            "0020000D": {"vr": "UI", "Value": [objects.STUDY]},
        }
    ]
).encode()
GBK = Profile(name="gbk", charset="gb18030")


def told(*files: bytes) -> bytes:
    """What an archive tells of files, by the library's own JSON."""
    return json.dumps([dcmread(io.BytesIO(raw)).to_json_dict() for raw in files], ensure_ascii=False).encode()


def drafts(raw: bytes, profile: Profile = DEFAULT) -> list[Json]:
    return [dict(each.resource) for each in translator(profile, "F01", IDS)(raw).drafts]


def test_metadata_gives_what_the_files_give() -> None:
    region = objects.code("39607008", "SCT", "Lung structure")
    files = [
        objects.part_10(objects.dataset(n, series, PatientSize="1.62", AnatomicRegionSequence=region, Rows=512))
        for series in (1, 2)
        for n in (1, 2)
    ]
    whole = translate_study(Sender(facility="F01", ids=IDS), [Instance(read_header(io.BytesIO(raw))) for raw in files])
    assert drafts(told(*files)) == [dict(each.resource) for each in whole.drafts]


def test_a_chinese_name_is_right_whatever_the_files_are_written_in() -> None:
    made = objects.dataset(SpecificCharacterSet="GB18030", PatientName="Zhang^XiaoDong=张^小东")
    raw = told(objects.part_10(made))
    translation = translator(GBK, "F01", IDS)(raw)
    (person,) = [each for each in translation.drafts if each.resource["resourceType"] == "Patient"]
    assert [name["text"] for name in person.defaults["name"]] == ["张小东", "XiaoDong Zhang"]
    assert not translation.issues
    assert any(part.text.startswith("Zhang^XiaoDong=张^小东") for part in dissector(GBK)(raw))


def test_metadata_is_a_state_of_its_study() -> None:
    read = envelope_reader(DEFAULT)
    one, two = (objects.part_10(objects.dataset(n)) for n in (1, 2))
    envelope = read(told(one))
    assert (envelope.kind, envelope.lanes, envelope.problem) == ("DICOM study", (objects.STUDY, "P7"), None)
    assert envelope.identity == read(told(one, two)).identity == read(GONE).identity
    assert envelope.revises
    assert read(GONE).problem is None


def test_a_study_that_is_gone_is_withdrawn_where_its_archive_had_it() -> None:
    profile = Profile(name="purges", gone="unknown")
    for known, status in ((DEFAULT, "entered-in-error"), (profile, "unknown")):
        (draft,) = translator(known, "F01", IDS, archive="a")(GONE).drafts
        assert draft.resource["status"] == status
        assert draft.only_stored
    there = translator(DEFAULT, "F01", IDS, archive="a")(told(objects.part_10(objects.dataset()))).drafts
    (study,) = [each for each in there if each.resource["resourceType"] == "ImagingStudy"]
    assert (study.resource["id"], study.whole) == (draft.resource["id"], draft.whole)
    assert study.resource["series"][0]["endpoint"] == [{"reference": draft.whole}]


@pytest.mark.parametrize("raw", [b"[]", b"[1]", b"[{", b'[{"x": {}}]', b'[{"00100010": 1}]'])
def test_what_is_no_metadata_is_a_dead_letter(raw: bytes) -> None:
    problem = envelope_reader(DEFAULT)(raw).problem
    assert problem is not None
    assert problem.category is Category.UNREADABLE


def test_values_that_are_none_and_endless_nesting_harm_nobody() -> None:
    odd = json.loads(told(objects.part_10(objects.dataset())))
    odd[0]["00280010"] = {"vr": "US", "Value": ["x", 70_000]}
    odd[0]["00081140"] = {"vr": "SQ", "Value": [None, {}]}
    odd[0]["00100020"] = {"vr": "LO"}
    translation = translator(DEFAULT, "F01", IDS)(json.dumps(odd).encode())
    assert translation.refusal is not None
    assert translation.refusal.code == "no-patient-id"
    nested = '{"00081140":{"vr":"SQ","Value":[' * 5000 + "{}" + "]}}" * 5000
    with pytest.raises(HubError):
        translator(DEFAULT, "F01", IDS)(f"[{nested}]".encode())


def test_objects_of_two_studies_are_no_study() -> None:
    files = [objects.part_10(objects.dataset(n, StudyInstanceUID=f"1.2.{n}")) for n in (1, 2)]
    with pytest.raises(HubError) as refused:
        translator(DEFAULT, "F01", IDS)(told(*files))
    assert refused.value.code == "several-studies"
