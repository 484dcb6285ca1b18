"""What facilities and stewards state outranks the score, and moves no more than they may say."""

import pytest

from hub.kernel.errors import HubError
from hub.mpi.decide import Reason
from hub.mpi.decision import Actor, Kind
from tests.mpi.crowd import Crowd, strangers
from tests.mpi.people import bare, citizen_id, side

_MINGYUAN = {"sex": "M", "birth_date": "1962-06-08"}
_ID = citizen_id("1962-06-08", 301)
_NAMESAKE = citizen_id("1962-06-18", 303)


def test_a_merge_makes_two_numbers_one_patient_whatever_the_score() -> None:
    people = Crowd(*strangers(2))
    people.statements.merge(1, 2, message=7)
    assert people.persons == [[1, 2]]
    decision = people.people.decided[0]
    assert (decision.kind, decision.actor, decision.message) == (Kind.MERGE, Actor.MESSAGE, 7)


def test_a_merge_moves_only_the_loser_out_of_a_person_that_speaks_against_the_survivor() -> None:
    """The hard case of the demo: the namesake was linked to the number that is merged away."""
    survivor = bare("杜明远", facility="F01", id_no=_ID, **_MINGYUAN)
    loser = bare("杜明远", facility="F01", phone="13800990001", sex="M", birth_date="1962-06-18")
    namesake = bare("杜明远", facility="F04", phone="13800990001", sex="M", birth_date="1962-06-18", id_no=_NAMESAKE)
    people = Crowd(survivor, loser, namesake)
    people.match()
    assert people.persons == [[1], [2, 3]]
    before = people.view
    people.statements.merge(1, 2, message=1)
    assert people.persons == [[1, 2], [3]]
    assert [(doubt.first, doubt.second, doubt.reason) for doubt in people.statements.doubts] == [
        (2, 3, Reason.CONTRADICTION)
    ]
    people.reverse(-1)
    assert people.view == before


def test_whoever_fits_the_merged_person_too_comes_with_the_loser() -> None:
    survivor = bare("杜明远", facility="F01", **_MINGYUAN)
    loser = bare("杜明远", facility="F01", phone="13800990001", **_MINGYUAN)
    elsewhere = bare("杜明远", facility="F04", id_no=_ID, phone="13800990001", **_MINGYUAN)
    people = Crowd(survivor, loser, elsewhere)
    people.match(2, 3)
    before = people.view
    assert people.persons == [[1], [2, 3]]
    people.statements.merge(1, 2, message=1)
    assert people.persons == [[1, 2, 3]]
    people.reverse(-1)
    assert people.view == before


def test_numbers_merged_into_the_loser_before_come_with_it() -> None:
    people = Crowd(*strangers(3))
    people.statements.merge(2, 3, message=1)
    people.statements.merge(1, 2, message=2)
    assert people.persons == [[1, 2, 3]]


def test_an_unmerge_takes_the_merge_back_exactly() -> None:
    people = Crowd(side(), side(facility="F02"), *strangers(2))
    people.match()
    before = people.view
    people.statements.merge(3, 1, message=1)
    people.statements.unmerge(3, 1, message=2)
    assert people.view == before
    assert people.people.decided[-1].kind is Kind.REVERSAL


def test_an_unmerge_without_a_merge_parts_the_two_for_good() -> None:
    people = Crowd(side(), side(phone="13800990009"))
    people.match()
    people.statements.unmerge(1, 2, message=2)
    people.match()
    assert people.persons == [[1], [2]]


def test_a_stewards_link_brings_both_persons_together_and_outranks_an_earlier_separation() -> None:
    people = Crowd(side(), side(facility="F02"), *strangers(1))
    people.match()
    people.statements.apart(1, 3, who="s")
    people.statements.link(2, 3, who="s")
    assert people.persons == [[1, 2, 3]]
    people.reverse(-1)
    assert people.persons == [[1, 2], [3]]
    assert people.people.kept_apart(1, 3)


def test_a_later_merge_outranks_a_separation_of_the_same_two() -> None:
    people = Crowd(*strangers(2))
    people.statements.apart(1, 2, who="s")
    people.statements.merge(1, 2, message=1)
    assert people.persons == [[1, 2]]
    assert not people.people.kept_apart(1, 2)


def test_there_is_nothing_to_part_in_a_person_of_one_and_nothing_to_keep_apart_in_one_person() -> None:
    people = Crowd(side(), side(facility="F02"), *strangers(1))
    people.match()
    with pytest.raises(HubError, match="is a person of its own"):
        people.statements.unlink(3, who="s")
    with pytest.raises(HubError, match="are one person now"):
        people.statements.apart(1, 2, who="s")
