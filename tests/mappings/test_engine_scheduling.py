"""SIU: appointments, their status by event, and who takes part."""

from __future__ import annotations

import pytest

from hub.kernel.types import Translation
from mappings.hl7v2.convert import bundle
from tests.mappings.checker import invalid
from tests.mappings.engine import PID, codes, draft, drafts, resource, translate

SCH = "SCH|P1^HIS|F1^HIS|||||复诊^复诊|NORMAL^常规|15|MIN|^^15^202603050900^202603050915|||||1002^王小明"


def booked(*segments: str, event: str = "S12") -> Translation:
    return translate(*segments, event=event, kind="SIU")


@pytest.mark.parametrize(
    ("event", "status"), [("S12", "booked"), ("S13", "booked"), ("S14", "booked"), ("S15", "cancelled")]
)
def test_the_event_says_whether_the_appointment_stands(event: str, status: str) -> None:
    found = draft(booked(SCH, PID, event=event), "Appointment")
    assert {**found.defaults, **found.resource}["status"] == status


def test_a_cancellation_is_of_the_appointment_that_was_booked() -> None:
    assert (
        resource(booked(SCH, PID), "Appointment")["id"] == resource(booked(SCH, PID, event="S15"), "Appointment")["id"]
    )


def test_a_filler_status_settles_what_the_event_leaves_open() -> None:
    sent = SCH + "|" * 9 + "Noshow"
    assert resource(booked(sent, PID, event="S14"), "Appointment")["status"] == "noshow"
    assert resource(booked(sent, PID, event="S15"), "Appointment")["status"] == "cancelled"


def test_patient_people_and_places_take_part() -> None:
    found = booked(SCH, PID, "RGS|1", "AIP|1||1001^方知远|D^医生||202603050900", "AIL|1||门诊^3^1", "AIG|1||CT1^CT机")
    participants = resource(found, "Appointment")["participant"]
    actors = [each["actor"].get("reference", "").split("/")[0] or "logical" for each in participants]
    assert actors == ["Patient", "Practitioner", "Practitioner", "Location", "logical"]
    assert all(each["status"] == "accepted" for each in participants)
    assert participants[2]["period"] == {"start": "2026-03-05T09:00:00+08:00"}


def test_start_and_end_come_from_the_timing_or_from_the_service_and_its_duration() -> None:
    timed = resource(booked(SCH, PID), "Appointment")
    assert (timed["start"], timed["end"]) == ("2026-03-05T09:00:00+08:00", "2026-03-05T09:15:00+08:00")
    served = resource(booked("SCH||F1", PID, "AIS|1||CT^CT|202603050900|||1|HR"), "Appointment")
    assert served["end"] == "2026-03-05T10:00:00+08:00"
    assert served["serviceType"][0]["text"] == "CT"


def test_a_timing_of_its_own_takes_the_place_of_the_older_field_and_of_the_services() -> None:
    found = booked(SCH, "TQ1|1||||||202603061000|202603061030", PID, "AIS|1||CT^CT|202603060900")
    timed = resource(found, "Appointment")
    assert (timed["start"], timed["end"]) == ("2026-03-06T10:00:00+08:00", "2026-03-06T10:30:00+08:00")
    begun = resource(booked(SCH, "TQ1|1||||||202603061000", PID), "Appointment")
    assert (begun["start"], begun["end"]) == ("2026-03-06T10:00:00+08:00", "2026-03-06T10:15:00+08:00")
    assert not invalid(bundle(found.drafts))


def test_a_note_behind_the_timing_is_of_the_appointment() -> None:
    found = booked(SCH, "TQ1|1||||||202603061000", "NTE|1||请空腹", PID)
    assert resource(found, "Appointment")["comment"] == "请空腹"


def test_an_appointment_of_which_only_the_resources_tell_a_time_is_from_the_first_to_the_last_of_theirs() -> None:
    timed = resource(
        booked("SCH||F1", PID, "AIP|1||1001^方知远|||202603050930|||30|MIN", "AIL|1||门诊^3|||202603050900|||1|HR"),
        "Appointment",
    )
    assert (timed["start"], timed["end"]) == ("2026-03-05T09:00:00+08:00", "2026-03-05T10:00:00+08:00")


@pytest.mark.parametrize(("length", "minutes"), [("90|S", 1), ("2|HR", 120), ("1|小时", 60), ("20|MINUTES", 20)])
def test_a_length_in_another_unit_is_told_in_minutes(length: str, minutes: int) -> None:
    found = booked(f"SCH||F1|||||||{length}|^^^202603050900", PID)
    assert resource(found, "Appointment")["minutesDuration"] == minutes


def test_a_place_of_which_only_the_facility_is_named_takes_part() -> None:
    found = booked(SCH, PID, "AIL|1||^^^南院区")
    (place,) = drafts(found, "Location")
    reference = {"reference": f"Location/{place.resource['id']}", "display": "南院区"}
    assert reference in [each.get("actor") for each in resource(found, "Appointment")["participant"]]


@pytest.mark.parametrize(("service", "start"), [("202603050900", "2026-03-05T09:00:00+08:00"), ("", None)])
def test_a_time_of_the_appointment_nobody_stated_is_absent_with_a_reason(service: str, start: str | None) -> None:
    found = booked("SCH||F1", PID, f"AIS|1||CT^CT|{service}")
    stated = draft(found, "Appointment")
    appointment = {**stated.resource, **stated.defaults}
    assert (appointment.get("start"), "_start" in stated.defaults) == (start, start is None)
    assert appointment["_end"]["extension"][0]["valueCode"] == "unknown"
    assert not invalid(bundle(found.drafts))


def test_notes_of_the_schedule_and_its_resources_are_its_comment() -> None:
    found = resource(booked(SCH, "NTE|1||空腹", PID, "AIS|1||CT^CT", "NTE|1||带片"), "Appointment")
    assert found["comment"] == "空腹\n带片"


def test_an_appointment_without_a_number_is_known_by_the_message_only() -> None:
    assert "appointment-identity" in codes(booked("SCH||", PID))


def test_an_appointment_of_nobody_still_has_a_participant() -> None:
    assert resource(booked("SCH||F1"), "Appointment")["participant"][0]["status"] == "needs-action"


@pytest.mark.parametrize(("start", "minutes"), [("20260305090000", "9" * 30), ("99991230235959", "30")])
def test_an_end_beyond_all_calendars_is_not_worked_out(start: str, minutes: str) -> None:
    found = resource(booked(f"SCH|P1|F1|||||||{minutes}|MIN|^^^{start}", PID), "Appointment")
    assert "end" not in found
    assert found["_end"]


@pytest.mark.parametrize(
    ("segment", "start", "end"),
    [
        ("AIP|1||1001^方知远|||202603050910|||20|MIN", "09:10", "09:30"),
        ("AIP|1||1001^方知远||||5|MIN|10|MIN", "09:05", "09:15"),
        ("AIL|1||门诊^3^1||||0|MIN|1|HR", "09:00", "10:00"),
    ],
)
def test_offset_and_duration_say_when_a_resource_takes_part(segment: str, start: str, end: str) -> None:
    found = resource(booked(SCH, PID, segment), "Appointment")
    period = found["participant"][-1]["period"]
    assert period == {"start": f"2026-03-05T{start}:00+08:00", "end": f"2026-03-05T{end}:00+08:00"}


def test_the_orders_an_appointment_fulfils_keep_what_their_orderer_said() -> None:
    sch = SCH + "|" * 10 + "O1^HIS|O2^RIS"
    found = booked(sch, PID, "AIS|1||CT^CT头颅|202603050900|||15|MIN")
    order = draft(found, "ServiceRequest")
    assert resource(found, "Appointment")["basedOn"] == [{"reference": f"ServiceRequest/{order.resource['id']}"}]
    assert [each["value"] for each in order.defaults["identifier"]] == ["O1", "O2"]
    assert not {"identifier", "status", "intent"} & order.resource.keys()
    assert order.resource["occurrencePeriod"]["end"] == "2026-03-05T09:15:00+08:00"


def test_a_cancelled_appointment_leaves_its_order_standing() -> None:
    order = draft(booked(SCH + "|" * 10 + "O1^HIS", PID, event="S15"), "ServiceRequest")
    assert order.defaults["status"] == "active"


@pytest.mark.parametrize("event", ["S01", "S02", "S03", "S04"])
def test_a_request_for_an_appointment_is_a_proposal_and_settles_nothing(event: str) -> None:
    arq = "ARQ|P1^HIS|F1^HIS|||||复诊^复诊|NORMAL^常规|15|MIN|202603050900^202603051200"
    found = draft(translate(arq, PID, "RGS|1", "AIP|1||1001^方知远", event=event, kind="SRM"), "Appointment")
    assert found.defaults["status"] == "proposed"
    assert "status" not in found.resource
    assert found.resource["requestedPeriod"][0]["end"] == "2026-03-05T12:00:00+08:00"
    assert found.resource["id"] == resource(booked(SCH, PID), "Appointment")["id"]


@pytest.mark.parametrize(("event", "status"), [("S23", "busy-unavailable"), ("S24", "free")])
def test_a_blocked_time_is_a_slot_of_each_resource_and_no_appointment(event: str, status: str) -> None:
    timed = "SCH||F1|||||||||^^^202603050900^202603051200"
    found = booked(timed, "RGS|1", "AIL|1||门诊^3^1", "AIG|1||CT1^CT机", event=event)
    slots = [each.resource for each in drafts(found, "Slot")]
    assert [each["status"] for each in slots] == [status] * 2
    assert slots[1]["schedule"]["identifier"]["value"] == "CT1"
    assert slots[0]["end"] == "2026-03-05T12:00:00+08:00"
    assert not drafts(found, "Appointment")


def test_a_time_opened_again_is_the_slot_that_was_blocked() -> None:
    timed = "SCH||F1|||||||||^^^202603050900^202603051200"
    blocked, opened = (
        resource(booked(timed, "AIL|1||门诊^3^1", event=event), "Slot")["id"] for event in ("S23", "S24")
    )
    assert blocked == opened


def test_a_status_of_an_appointment_nobody_knows_is_said_aloud() -> None:
    assert "status-not-in-the-table" in codes(booked(SCH + "|" * 9 + "ZZZ", PID))


def test_who_entered_an_appointment_is_its_provenance() -> None:
    found = booked(SCH + "|" * 4 + "1003^李青", PID)
    (told,) = [each.resource for each in drafts(found, "Provenance") if each.authority == "SCH"]
    assert told["target"] == [{"reference": f"Appointment/{resource(found, 'Appointment')['id']}"}]
    assert told["agent"][0]["who"]["display"] == "李青"


def test_a_resource_that_is_not_named_takes_part_as_an_unknown_one() -> None:
    header = "MSH|^~\\&|HIS|F03|HUB|YUNZE|20260301103000||SIU^S12|A1|P|2.5.1"
    found = translate(header, "SCH|P1|F1", PID, "RGS|1", "AIP|1|||||20260310080000")
    assert not invalid(bundle(found.drafts))
    assert {"type": [{"text": "unknown"}]}.items() <= resource(found, "Appointment")["participant"][-1].items()
