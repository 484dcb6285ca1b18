"""2. Which stay is it? One number from admission to discharge, numbers without an authority, none, or used again."""

from __future__ import annotations

import dataclasses

from mappings.hl7v2.profile import DEFAULT
from tests.mappings.engine import PID, drafts
from tests.mappings.hard.story import Story

PV1 = "PV1|1|{cls}|05^0501^{bed}||||0148^方知远||||||||||||{number}|||||||||||||||||||||||||{start}|{end}"


def stay(number: str = "ZY1", bed: str = "01", start: str = "202603010815", end: str = "", cls: str = "I") -> str:
    return PV1.format(number=number, bed=bed, start=start, end=end, cls=cls)


def test_admission_transfer_and_discharge_are_one_stay_whatever_else_the_segment_says() -> None:
    story = Story()
    story.tell(PID, stay())
    story.tell(PID, stay(bed="02", start=""), event="A02")
    story.tell(PID, stay(bed="02", end="202603080900"), event="A03")
    found = story.one("Encounter")
    assert found["status"] == "finished"
    assert found["period"] == {"start": "2026-03-01T08:15:00+08:00", "end": "2026-03-08T09:00:00+08:00"}


def test_a_result_that_names_the_number_only_is_of_that_stay() -> None:
    story = Story()
    story.tell(PID, stay())
    story.tell(
        PID,
        "PV1|1|I" + "|" * 17 + "ZY1",
        "OBR|1||L1|GLU|||||||||||||||||||||F",
        "OBX|1|NM|GLU||5",
        kind="ORU",
        event="R01",
    )
    assert story.one("Observation")["encounter"] == {"reference": f"Encounter/{story.one('Encounter')['id']}"}
    assert story.one("Encounter")["status"] == "in-progress"


def test_the_same_number_of_another_kind_is_another_stay() -> None:
    story = Story()
    story.tell(PID, stay(number="7^^^ZY"))
    story.tell(PID, stay(number="7^^^MZ", cls="O"), event="A04")
    assert len(story.all("Encounter")) == 2


def test_stays_without_any_number_are_told_apart_by_their_admission() -> None:
    story = Story()
    for start in ("202603010815", "202603010815", "202604010815"):
        story.tell(PID, stay(number="", start=start))
    assert len(story.all("Encounter")) == 2


def test_a_number_used_again_after_years_is_another_stay_where_the_profile_says_numbers_return() -> None:
    story = Story(dataclasses.replace(DEFAULT, visit_key="number-and-admission"))
    story.tell(PID, stay(start="201803010815", end="201803080900"), event="A03")
    story.tell(PID, stay(start="202603010815"))
    story.tell(PID, stay(start="202603010820", end="202603080900"), event="A03")
    assert sorted(each["period"]["start"][:10] for each in story.all("Encounter")) == ["2018-03-01", "2026-03-01"]


def test_a_stay_nobody_can_know_again_is_still_told() -> None:
    story = Story()
    found = story.tell(PID, stay(number="", start=""), event="A08")
    assert drafts(found, "Encounter")[0].resource["participant"][0]["individual"]["display"] == "方知远"
