"""14. `""` deletes, empty leaves as it is, and a segment that is not there says nothing."""

from __future__ import annotations

import dataclasses

import pytest

from mappings.hl7v2.profile import DEFAULT
from tests.mappings.engine import reported
from tests.mappings.hard.story import Story

FULL = "PID|1||7^^^^MR||沈桂兰||19580412|2|||柳溪镇1号||0990-5550101|||M"


@pytest.fixture
def story() -> Story:
    told = Story()
    told.tell(FULL, "NK1|1|沈小兰|DAU")
    return told


def test_a_null_clears_and_an_empty_field_leaves(story: Story) -> None:
    story.tell('PID|1||7^^^^MR||沈桂兰||||||""||', event="A08")
    found = story.one("Patient")
    assert "address" not in found
    assert (found["birthDate"], found["telecom"][0]["value"]) == ("1958-04-12", "0990-5550101")


def test_a_segment_that_is_not_there_takes_nobody_away(story: Story) -> None:
    story.tell(FULL, event="A08")
    assert story.one("RelatedPerson")["name"][0]["text"] == "沈小兰"


def test_what_was_cleared_is_not_brought_back_by_an_older_message(story: Story) -> None:
    story.tell('PID|1||7^^^^MR||沈桂兰||||||""||', event="A08")
    story.tell(FULL, event="A08", late=True)
    assert "address" not in story.one("Patient")


def test_a_null_is_never_a_value() -> None:
    story = Story()
    told = story.tell('PID|1||7^^^""^MR||""^""||""|""|||""^""^云泽县')
    assert '""' not in repr(story.record)
    assert story.one("Patient")["address"] == [{"city": "云泽县"}]
    assert reported(told, "PID-11[1].1")[0] == "refused"


def test_a_profile_whose_sender_means_nothing_by_it_leaves_all_as_it_is() -> None:
    story = Story(dataclasses.replace(DEFAULT, null="ignore"))
    story.tell(FULL)
    told = story.tell('PID|1||7^^^^MR||沈桂兰||||||""||', event="A08")
    assert story.one("Patient")["address"]
    assert reported(told, "PID-11[1]") == ("refused", (), 'the facility profile ignores ""')


def test_a_null_result_says_that_there_is_none() -> None:
    story = Story()
    order = "OBR|1||L1|X|||||||||||||||||||||F"
    story.tell(FULL, order, "OBX|1|NM|X||5|||||F", kind="ORU", event="R01")
    story.tell(FULL, order, 'OBX|1|NM|X||""|||||F', kind="ORU", event="R01")
    found = story.one("Observation")
    assert "valueQuantity" not in found
    assert found["dataAbsentReason"]["coding"][0]["code"] == "unknown"
