"""Orders as a modality's worklist: which are on it, what they say, and what a query matches."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pydicom import Dataset
from pydicom.sequence import Sequence

from hub.kernel.errors import HubError
from hub.kernel.types import Json
from mappings.dicom.worklist import answer, search, study_uid

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
TYPES = "http://terminology.hl7.org/CodeSystem/v2-0203"


def number(kind: str, value: str) -> Json:
    return {"type": {"coding": [{"system": TYPES, "code": kind}]}, "value": value}


PATIENT: Json = {
    "identifier": [number("MR", "P7")],
    "name": [{"family": "沈", "given": ["桂兰"]}],
    "gender": "female",
    "birthDate": "1958-04-12",
}


def order(rid: str, section: str, start: str, **elements: Any) -> Json:
    return {
        "resourceType": "ServiceRequest",
        "id": rid,
        "subject": {"reference": "Patient/p1"},
        "identifier": [number("PLAC", f"P{rid}"), number("FILL", f"F{rid}")],
        "category": [{"coding": [{"code": section}]}],
        "code": {"text": "胸部CT"},
        "requester": {"display": "李四"},
        "priority": "stat",
        "occurrenceTiming": {"repeat": {"boundsPeriod": {"start": start}}},
        **elements,
    }


ORDERS = [
    order("a", "CT", "2026-03-02T09:00:00+08:00"),
    order("b", "NMR", "2026-03-03T10:30:00+08:00", occurrenceTiming={}, authoredOn="2026-03-03"),
    order("c", "CT", "", occurrenceTiming={}),
]


def asked(date: str = "", modality: str = "", **keys: str) -> Json:
    """A query as modalities send it."""
    step = Dataset()
    step.ScheduledProcedureStepStartDate, step.Modality, step.ScheduledStationAETitle = date, modality, ""
    step.ScheduledProcedureStepStartTime = step.ScheduledProcedureStepID = step.ScheduledPerformingPhysicianName = ""
    query = Dataset()
    query.ScheduledProcedureStepSequence = Sequence([step])
    for keyword in ("PatientName", "PatientID", "AccessionNumber", "StudyInstanceUID", "PatientWeight"):
        setattr(query, keyword, keys.get(keyword, ""))
    told: Json = query.to_json_dict()
    return told


def found(query: Json) -> list[Dataset]:
    return [Dataset.from_json(each) for each in answer(query, "CT01", ORDERS, {"Patient/p1": PATIENT})]


def test_an_entry_says_who_what_when_and_which_study() -> None:
    (entry,) = found(asked("20260302"))
    assert (entry.PatientName, entry.PatientID) == ("沈^桂兰", "P7")
    assert (entry.AccessionNumber, entry.StudyInstanceUID) == ("Fa", study_uid("a"))
    assert entry.SpecificCharacterSet == "ISO_IR 192"
    (step,) = entry.ScheduledProcedureStepSequence
    assert (step.Modality, step.ScheduledStationAETitle) == ("CT", "CT01")
    assert (step.ScheduledProcedureStepStartDate, step.ScheduledProcedureStepStartTime) == ("20260302", "090000")
    assert "PatientWeight" in entry
    assert "PatientBirthDate" not in entry  # nobody asked


@pytest.mark.parametrize(
    ("keys", "ids"),
    [
        ({}, ["a", "b"]),
        ({"modality": "MR"}, ["b"]),
        ({"modality": "US"}, []),
        ({"date": "20260301-20260302"}, ["a"]),
        ({"date": "20260303-"}, ["b"]),
        ({"date": "-20260302"}, ["a"]),
        ({"PatientName": "沈*"}, ["a", "b"]),
        ({"PatientName": "张*"}, []),
        ({"PatientID": "P7"}, ["a", "b"]),
        ({"PatientID": "P[67]"}, []),
        ({"AccessionNumber": "Fb"}, ["b"]),
        ({"StudyInstanceUID": study_uid("b")}, ["b"]),
    ],
)
def test_a_query_matches_as_c_find_has_it(keys: dict[str, str], ids: list[str]) -> None:
    assert [entry.StudyInstanceUID for entry in found(asked(**keys))] == [study_uid(rid) for rid in ids]


def test_a_step_asked_for_as_a_whole_is_given_as_a_whole() -> None:
    query = asked("20260302")
    query["00400100"] = {"vr": "SQ"}
    (entry, _) = found(query)
    assert entry.ScheduledProcedureStepSequence[0].ScheduledProcedureStepDescription == "胸部CT"


def test_an_order_of_somebody_who_is_not_shown_is_on_no_list() -> None:
    assert answer(asked(), "CT01", ORDERS, {}) == []


@pytest.mark.parametrize("date", ["2026-03-02", "tomorrow", "-"])
def test_a_date_that_is_none_is_refused(date: str) -> None:
    query = asked()
    query["00400100"]["Value"][0]["00400002"]["Value"] = [date]
    with pytest.raises(HubError):
        answer(query, "CT01", ORDERS, {"Patient/p1": PATIENT})


def test_the_index_is_searched_by_section_and_age() -> None:
    terms = dict(search(asked(modality="MR"), NOW))
    assert (terms["status"], terms["category"], terms["authored"]) == ("active", "NMR", "ge2026-01-31")
    assert "CT" in dict(search(asked(), NOW))["category"].split(",")
    assert dict(search(asked(modality="XX"), NOW))["category"] == "none"
