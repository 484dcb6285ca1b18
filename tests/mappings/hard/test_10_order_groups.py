"""10. Which segment belongs to which: orders with and without ORC, notes, specimens, services booked."""

from __future__ import annotations

import pytest

from tests.mappings.engine import PID, drafts, resource, translate

OBX = "OBX|{n}|NM|{code}||{n}|||||F"


def test_observations_and_notes_stay_with_their_own_order() -> None:
    found = translate(
        PID,
        "OBR|1||L1|A",
        "NTE|1||采血不畅",
        OBX.format(n=1, code="A1"),
        "NTE|1||复查",
        "ORC|RE||L2",
        "OBR|2||L2|B",
        OBX.format(n=2, code="B1"),
        kind="ORU",
        event="R01",
    )
    requests = {each.resource["code"]["coding"][0]["code"]: each.resource for each in drafts(found, "ServiceRequest")}
    assert [each["text"] for each in requests["A"]["note"]] == ["采血不畅"]
    assert "note" not in requests["B"]
    observations = {each.resource["code"]["coding"][0]["code"]: each.resource for each in drafts(found, "Observation")}
    assert [each["text"] for each in observations["A1"]["note"]] == ["复查"]
    results = [each.resource["result"] for each in drafts(found, "DiagnosticReport")]
    assert results == [[{"reference": f"Observation/{observations[code]['id']}"}] for code in ("A1", "B1")]


def test_a_note_behind_a_booked_service_is_no_note_of_the_appointment_before_it() -> None:
    found = translate(
        "SCH|P1|F1",
        "NTE|1||空腹",
        PID,
        "AIS|1||CT^胸部CT|202603051000|||30|min",
        "NTE|1||带旧片",
        kind="SIU",
        event="S12",
    )
    assert resource(found, "Appointment")["comment"].split("\n") == ["空腹", "带旧片"]


def test_an_observation_behind_a_specimen_is_about_that_specimen() -> None:
    found = translate(
        PID,
        "OBR|1||L1|CULT",
        OBX.format(n=1, code="RESULT"),
        "SPM|1|S1||BLD",
        OBX.format(n=2, code="VOLUME"),
        "SPM|2|S2||UR",
        OBX.format(n=3, code="COLOUR"),
        kind="ORU",
        event="R01",
    )
    specimens = {each.key.strip("|"): f"Specimen/{each.resource['id']}" for each in drafts(found, "Specimen")}
    about = {
        each.resource["code"]["coding"][0]["code"]: each.resource.get("specimen", {}).get("reference")
        for each in drafts(found, "Observation")
    }
    assert (about["VOLUME"], about["COLOUR"]) == (specimens["S1"], specimens["S2"])
    (report,) = drafts(found, "DiagnosticReport")
    assert len(report.resource["result"]) == 1


def test_orders_that_share_the_placers_number_are_two() -> None:
    found = translate(PID, "ORC|NW|P1", "OBR|1|P1||A", "OBR|2|P1||B", kind="ORM", event="O01")
    assert len({each.resource["id"] for each in drafts(found, "ServiceRequest")}) == 2


def test_numbers_of_the_order_segment_and_of_the_request_are_one_request() -> None:
    found = translate(PID, "ORC|RE|P1^HIS|L1^LIS", "OBR|1|P1^HIS|L1^LIS|A", kind="ORU", event="R01")
    (request,) = drafts(found, "ServiceRequest")
    assert sorted(each["value"] for each in request.resource["identifier"]) == ["L1", "P1"]


def test_results_behind_an_order_segment_without_a_request_keep_what_it_says() -> None:
    orc = "ORC|RE|P1^HIS|L1^LIS||CM||||20260301090000|||0148^方^知远"
    found = translate(PID, orc, OBX.format(n=1, code="A1"), kind="ORU", event="R01")
    request, report = resource(found, "ServiceRequest"), resource(found, "DiagnosticReport")
    assert [each["value"] for each in request["identifier"]] == ["P1", "L1"]
    assert (request["status"], request["requester"]["display"]) == ("completed", "方知远")
    assert report["result"] == [{"reference": f"Observation/{resource(found, 'Observation')['id']}"}]
    assert report["basedOn"] == [{"reference": f"ServiceRequest/{request['id']}"}]
    assert not [row.source for row in found.report if row.source.startswith("ORC") and row.outcome == "refused"]


def test_an_order_segment_behind_the_request_of_its_number_is_of_that_order() -> None:
    found = translate(
        PID,
        "OBR|1|P1^HIS|L1^LIS|A",
        "ORC|RE|P1^HIS|L1^LIS||CM|||||||0148^方^知远",
        OBX.format(n=1, code="A1"),
        "OBR|2|P2^HIS|L2^LIS|B",
        "ORC|RE|P9^HIS|L9^LIS",
        kind="ORU",
        event="R01",
    )
    first, *others = [each.resource for each in drafts(found, "ServiceRequest")]
    assert (first["requester"]["display"], len(others)) == ("方知远", 2)
    reports = [each.resource for each in drafts(found, "DiagnosticReport")]
    assert reports[0]["result"] == [{"reference": f"Observation/{resource(found, 'Observation')['id']}"}]


@pytest.mark.parametrize("event", ["R22", "R24"])
def test_an_orc_without_a_number_behind_an_obr_of_an_oul_is_its_own(event: str) -> None:
    found = translate(
        PID,
        "SPM|1|S1||SER",
        "OBR|1|P1||CHOL",
        "ORC|OK||||CM||||20260301093914",
        OBX.format(n=1, code="CHOL"),
        "OBR|2|P2||CK",
        "ORC|OK||||CM||||20260301093914",
        OBX.format(n=2, code="CK"),
        kind="OUL",
        event=event,
    )
    assert [len(each.resource["result"]) for each in drafts(found, "DiagnosticReport")] == [1, 1]
    assert [each.resource["status"] for each in drafts(found, "ServiceRequest")] == ["completed", "completed"]


@pytest.mark.parametrize(("event", "orc"), [("R22", "ORC|OK|P9"), ("R01", "ORC|OK")])
def test_an_orc_of_another_number_or_of_another_message_begins_the_next_order(event: str, orc: str) -> None:
    kind = "ORU" if event == "R01" else "OUL"
    found = translate(PID, "OBR|1|P1||CHOL", orc, "OBR|2|P9||CK", OBX.format(n=2, code="CK"), kind=kind, event=event)
    results = {
        each.resource["code"]["coding"][0]["code"]: len(each.resource.get("result", ()))
        for each in drafts(found, "DiagnosticReport")
    }
    assert results == {"CHOL": 0, "CK": 1}
