"""3. Where is the stay? The event says it first; what says nothing of it changes nothing, and late messages neither."""

from __future__ import annotations

import pytest

from tests.mappings.engine import PID
from tests.mappings.hard.story import Story

PV1 = "PV1|1|I|05^0501^01" + "|" * 16 + "ZY1"
BEGUN = PV1 + "|" * 25 + "202603010815"
ENDED = BEGUN + "|202603080900"
PAST = PV1 + "|" * 25 + "202602270815"


@pytest.mark.parametrize("event", ["A08", "A31", "A54"])
def test_an_update_after_discharge_does_not_reopen_the_stay(event: str) -> None:
    story = Story()
    story.tell(PID, ENDED, event="A03")
    story.tell(PID, PV1, event=event)
    assert story.one("Encounter")["status"] == "finished"


def test_an_update_that_comes_first_takes_the_status_from_class_and_end() -> None:
    story = Story()
    story.tell(PID, BEGUN, event="A08")
    assert story.one("Encounter")["status"] == "in-progress"
    ended = Story()
    ended.tell(PID, ENDED, event="A08")
    assert ended.one("Encounter")["status"] == "finished"


def test_an_admission_told_after_the_discharge_it_preceded_reopens_nothing() -> None:
    story = Story()
    story.tell(PID, ENDED, event="A03")
    story.tell(PID, BEGUN, event="A01", late=True)
    found = story.one("Encounter")
    assert (found["status"], found["period"]["end"]) == ("finished", "2026-03-08T09:00:00+08:00")


def test_a_stay_goes_through_its_states() -> None:
    story = Story()
    seen = []
    for event in ("A05", "A01", "A21", "A22", "A03", "A13", "A03"):
        story.tell(PID, BEGUN, event=event)
        seen.append(story.one("Encounter")["status"])
    assert seen == ["planned", "in-progress", "onleave", "in-progress", "finished", "in-progress", "finished"]


@pytest.mark.parametrize("event", ["A01", "A04", "A02"])
@pytest.mark.parametrize(("end", "status"), [("202602280900", "finished"), ("202603080900", "in-progress")])
def test_a_stay_that_ended_before_the_message_is_over_whichever_event_tells_of_it(
    event: str, end: str, status: str
) -> None:
    story = Story()
    story.tell(PID, f"{PAST}|{end}", event=event)
    assert story.one("Encounter")["status"] == status


def test_a_cancelled_discharge_reopens_the_stay_though_it_repeats_the_end() -> None:
    story = Story()
    story.tell(PID, f"{PAST}|202602280900", event="A13")
    assert story.one("Encounter")["status"] == "in-progress"


def test_an_event_that_happened_after_the_end_knows_of_it_whenever_it_was_written() -> None:
    story = Story()
    story.tell("EVN|A04|20260301083000||||20260309", PID, f"{PAST}|202603080900", event="A04")
    assert story.one("Encounter")["status"] == "finished"
