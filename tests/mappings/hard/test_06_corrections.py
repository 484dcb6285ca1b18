"""6. Corrected results: the same observation with another value and status, never a second one beside the wrong."""

from __future__ import annotations

import dataclasses

import pytest

from hub.kernel.types import Json
from mappings.hl7v2.profile import DEFAULT, Step
from tests.mappings.engine import PID
from tests.mappings.hard.story import Story

OBR = "OBR|1|P1|L1|BIO^生化|||202603010900||||||||||||||||||{status}"


def report(story: Story, *observations: str, status: str = "F") -> None:
    story.tell(PID, OBR.format(status=status), *observations, kind="ORU", event="R01")


def obx(value: str, status: str = "F", time: str = "202603011000", more: str = "") -> str:
    return f"OBX|1|NM|GLU^葡萄糖||{value}|mmol/L||{more}|||{status}|||{time}"


def stated(story: Story) -> tuple[str, float]:
    found: Json = story.one("Observation")
    return found["status"], float(found["valueQuantity"]["value"])


def test_a_corrected_value_takes_the_place_of_the_wrong_one() -> None:
    story = Story()
    report(story, obx("5.1"))
    report(story, obx("15.1", "C"), status="C")
    assert stated(story) == ("corrected", 15.1)
    assert story.one("DiagnosticReport")["status"] == "corrected"


def test_a_corrected_time_makes_no_second_observation() -> None:
    story = Story()
    report(story, obx("5.1", time="202603011000"))
    report(story, obx("5.1", "C", time="202603011030"))
    assert story.one("Observation")["effectiveDateTime"] == "2026-03-01T10:30:00+08:00"


@pytest.mark.parametrize(
    ("sent", "status"), [("P", "preliminary"), ("A", "amended"), ("D", "entered-in-error"), ("W", "entered-in-error")]
)
def test_each_status_of_table_0085_has_its_own_in_fhir(sent: str, status: str) -> None:
    story = Story()
    report(story, obx("5.1"))
    report(story, obx("5.1", sent))
    assert stated(story)[0] == status


def test_a_result_that_cannot_be_had_says_so_and_keeps_no_old_value() -> None:
    story = Story()
    report(story, obx("5.1", "P"))
    report(story, obx("", "X"))
    found = story.one("Observation")
    assert (found["status"], found["dataAbsentReason"]["coding"][0]["code"]) == ("cancelled", "error")
    assert "valueQuantity" not in found


def test_an_older_report_that_comes_late_corrects_nothing_back() -> None:
    story = Story()
    report(story, obx("15.1", "C"), status="C")
    story.tell(PID, OBR.format(status="F"), obx("5.1"), kind="ORU", event="R01", late=True)
    assert stated(story) == ("corrected", 15.1)


def test_a_number_in_the_place_of_the_status_is_kept_and_the_report_tells_the_status() -> None:
    story = Story()
    report(story, obx("15.1", "1"))
    found = story.one("Observation")
    assert found["status"] == "final"
    assert "1" in [each.get("valueString") for each in found["_status"]["extension"]]


def test_a_profile_reads_such_numbers_as_the_flags_they_are() -> None:
    steps = (
        Step(step="move", at="OBX-8", source="OBX-11"),
        Step(step="map-values", at="OBX-8", values={"0": "N", "1": "H", "3": "L"}),
    )
    story = Story(dataclasses.replace(DEFAULT, steps=steps))
    report(story, obx("15.1", "1"))
    found = story.one("Observation")
    assert found["status"] == "final"
    assert found["interpretation"][0]["coding"][0]["code"] == "H"
