"""4. Two numbers, one patient: what becomes of both, and of what each of them had. (The rest is done by the MPI.)"""

from __future__ import annotations

import pytest

from tests.mappings.engine import PID
from tests.mappings.hard.story import Story

OLD = "PID|1||000777^^^^MR||沈桂兰||19580412|2"
MRG = "MRG|000777^^^^MR||||||沈桂兰"
PV1 = "PV1|1|I" + "|" * 17 + "ZY1"


@pytest.mark.parametrize("event", ["A18", "A34", "A40"])
def test_the_old_number_is_inactive_and_both_point_to_each_other(event: str) -> None:
    story = Story()
    story.tell(OLD, PV1)
    story.tell(PID, event="A04")
    told = story.tell(PID, MRG, event=event)
    by_number = {each["identifier"][0]["value"]: each for each in story.all("Patient")}
    survivor, loser = by_number["000123"], by_number["000777"]
    assert (survivor.get("active", True), loser["active"]) == (True, False)
    assert survivor["link"] == [{"other": {"reference": f"Patient/{loser['id']}"}, "type": "replaces"}]
    assert loser["link"] == [{"other": {"reference": f"Patient/{survivor['id']}"}, "type": "replaced-by"}]
    assert [(each.survivor, each.loser) for each in told.identity_events] == [(survivor["id"], loser["id"])]


def test_a_merge_moves_no_stay_by_itself_so_that_it_can_be_taken_back() -> None:
    story = Story()
    story.tell(OLD, PV1)
    before = story.one("Encounter")
    story.tell(PID, MRG, event="A40")
    assert story.one("Encounter") == before


def test_a_merge_told_twice_changes_nothing() -> None:
    story = Story()
    story.tell(PID, MRG, event="A40")
    before = dict(story.record)
    story.tell(PID, MRG, event="A40")
    assert story.record == before


def test_what_is_parted_again_is_as_before() -> None:
    story = Story()
    story.tell(PID, MRG, event="A40")
    story.tell(PID, OLD, event="A37")
    assert [("link" in each, each["active"]) for each in story.all("Patient")] == [(False, True), (False, True)]
