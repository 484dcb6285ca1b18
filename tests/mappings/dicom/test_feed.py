"""Objects as messages of a feed: their identity, what they become, and what is held back."""

from __future__ import annotations

import pytest

from hub.kernel.errors import Category
from hub.kernel.ids import PUBLIC_KEY, keyed_ids
from mappings.dicom.feed import dissector, envelope_reader, translator
from mappings.dicom.profile import DEFAULT, Profile
from tests.mappings.dicom.objects import STUDY, dataset, part_10
from tests.mappings.dicom.test_recordings import scp

TRANSLATE = translator(DEFAULT, "F01", keyed_ids(PUBLIC_KEY))


def test_the_envelope_of_an_object_names_its_instance_study_and_patient() -> None:
    envelope = envelope_reader(DEFAULT)(part_10(dataset()))
    assert (envelope.identity, envelope.kind) == (f"{STUDY}.1.1", "DICOM CT")
    assert envelope.lanes == (STUDY, "P7")
    assert envelope.problem is None


def test_what_is_no_object_has_an_envelope_with_a_problem() -> None:
    problem = envelope_reader(DEFAULT)(b"hello").problem
    assert problem is not None
    assert problem.category is Category.UNREADABLE


def test_an_object_becomes_the_study_of_its_facility() -> None:
    found = TRANSLATE(part_10(dataset()))
    kinds = {draft.resource["resourceType"]: draft for draft in found.drafts}
    assert kinds["ImagingStudy"].patient == kinds["Patient"].resource["id"]
    assert kinds["Endpoint"].patient is None
    other = translator(DEFAULT, "F02", keyed_ids(PUBLIC_KEY))(part_10(dataset()))
    assert {draft.resource["id"] for draft in other.drafts}.isdisjoint(d.resource["id"] for d in found.drafts)


@pytest.mark.parametrize(("number", "code"), [("P7", "unqualified-patient-id"), ("", "no-patient-id")])
def test_an_object_of_nobody_is_held_back(number: str, code: str) -> None:
    raw = part_10(dataset(PatientID=number, IssuerOfPatientID=None))
    found = TRANSLATE(raw)
    assert found.drafts == ()
    assert found.refusal is not None
    assert found.refusal.code == code
    known = translator(Profile(issuer="urn:oid:1.2.3"), "F01", keyed_ids(PUBLIC_KEY))(raw)
    assert (known.refusal is None) == (number != "")


def test_a_recording_is_a_message_too_and_held_back_without_an_issuer() -> None:
    assert envelope_reader(DEFAULT)(scp()).kind == "ECG"
    refusal = TRANSLATE(scp()).refusal
    assert refusal is not None
    assert refusal.code == "unqualified-patient-id"
    known = translator(Profile(issuer="urn:oid:1.2.3"), "F01", keyed_ids(PUBLIC_KEY))(scp())
    assert "DocumentReference" in {draft.resource["resourceType"] for draft in known.drafts}


def test_an_object_is_taken_apart_by_the_names_of_the_standard() -> None:
    parts = {part.name: part for part in dissector(DEFAULT)(part_10(dataset()))}
    assert (parts["PatientName"].at, parts["PatientName"].type) == ("(0010,0010)", "PN")
    assert parts["PatientName"].text == "Ceshi^Jia"
