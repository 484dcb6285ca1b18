"""5. Taken back: a status says so; nothing is deleted, and what was told before stays readable."""

from __future__ import annotations

import pytest

from tests.mappings.engine import PID
from tests.mappings.hard.story import Story

PV1 = "PV1|1|I|05^0501^01||||0148^方知远||||||||||||ZY1|||||||||||||||||||||||||202603010815"


@pytest.mark.parametrize(
    ("event", "status"), [("A11", "cancelled"), ("A23", "entered-in-error"), ("A27", "cancelled"), ("A38", "cancelled")]
)
def test_a_stay_taken_back_stays_with_a_status_that_says_so(event: str, status: str) -> None:
    story = Story()
    story.tell(PID, PV1)
    story.tell(PID, "PV1|1|I" + "|" * 17 + "ZY1", event=event)
    found = story.one("Encounter")
    assert found["status"] == status
    assert found["participant"][0]["individual"]["display"] == "方知远"


def test_a_cancelled_transfer_leaves_the_stay_under_way() -> None:
    story = Story()
    story.tell(PID, PV1, event="A02")
    story.tell(PID, PV1, event="A12")
    assert story.one("Encounter")["status"] == "in-progress"


@pytest.mark.parametrize(
    ("control", "status"), [("CA", "revoked"), ("OC", "revoked"), ("DC", "revoked"), ("HD", "on-hold")]
)
def test_an_order_taken_back_is_the_order_with_another_status(control: str, status: str) -> None:
    story = Story()
    story.tell(PID, "ORC|NW|P1^HIS", "OBR|1|P1^HIS||CT^胸部CT", kind="ORM", event="O01")
    story.tell(PID, f"ORC|{control}|P1^HIS", "OBR|1|P1^HIS||CT^胸部CT", kind="ORM", event="O01")
    found = story.one("ServiceRequest")
    assert (found["status"], found["code"]["text"]) == (status, "胸部CT")


def test_an_appointment_taken_back_keeps_its_time() -> None:
    story = Story()
    story.tell("SCH|P1|F1|||||||15|min|^^^202603051000", PID, kind="SIU", event="S12")
    story.tell("SCH|P1|F1", PID, kind="SIU", event="S15")
    found = story.one("Appointment")
    assert (found["status"], found["start"]) == ("cancelled", "2026-03-05T10:00:00+08:00")
