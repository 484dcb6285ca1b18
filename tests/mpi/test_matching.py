"""What the matcher decides when sources are new, or say something new."""

from hub.mpi.decide import Reason
from hub.mpi.decision import Kind
from tests.mpi.crowd import Crowd, strangers
from tests.mpi.people import bare, citizen_id, side

_OTHER_ID = citizen_id("1984-05-17", 128)


def test_records_that_fit_become_one_person_with_an_edge_for_every_pair_that_fits() -> None:
    people = Crowd(side(), side(facility="F02"), side(facility="F03"), *strangers(1))
    people.match()
    assert people.persons == [[1, 2, 3], [4]]
    edges = {(edge.first, edge.second) for decision in people.people.decided for edge in decision.edges}
    assert edges == {(1, 2), (1, 3), (2, 3)}


def test_a_person_holds_together_when_the_source_between_two_others_leaves() -> None:
    people = Crowd(side(), side(facility="F02"), side(facility="F03"))
    people.match()
    people.statements.unlink(1, who="s")
    assert people.persons == [[1], [2, 3]]


def test_a_changed_source_that_now_contradicts_leaves_its_person() -> None:
    people = Crowd(side(), side(facility="F02"), side(facility="F03"))
    people.match()
    people.change(3, side(id_no=_OTHER_ID, name="吴大海", birth_date="1990-01-02"))
    assert people.persons == [[1, 2], [3]]
    assert people.people.decided[-1].kind is Kind.JUDGED


def test_a_changed_source_joins_the_person_it_now_fits() -> None:
    people = Crowd(side(), side(facility="F02", name="赵平", id_no="", insurance_no="", phone="", birth_date=""))
    people.match()
    assert people.persons == [[1], [2]]
    people.change(2, side(facility="F02"))
    assert people.persons == [[1, 2]]


def test_a_change_that_alters_nothing_about_who_is_who_is_no_decision() -> None:
    people = Crowd(side(), side(facility="F02"))
    people.match()
    count = len(people.people.decided)
    people.change(2, side(facility="F02", phone="13800990009", address=""))
    assert len(people.people.decided) == count
    assert people.persons == [[1, 2]]


def test_what_a_steward_or_a_message_linked_is_never_judged_again() -> None:
    people = Crowd(*strangers(3))
    people.statements.link(1, 2, who="s")
    people.statements.merge(2, 3, message=1)
    for number in (1, 2, 3):
        people.change(number, strangers(6)[number + 2])
    assert people.persons == [[1, 2, 3]]


def test_whom_a_steward_parted_the_matcher_does_not_join() -> None:
    people = Crowd(side(), side(facility="F02"))
    people.match()
    people.statements.unlink(2, who="s")
    people.match()
    people.change(2, side(facility="F02", phone="13800990009"))
    assert people.persons == [[1], [2]]
    assert not people.matcher.doubts


def test_nobody_joins_a_person_of_whom_one_was_parted_from_him() -> None:
    people = Crowd(side(), side(facility="F02"), side(facility="F03"))
    people.match(1, 2)
    people.statements.apart(2, 3, who="s")
    people.match(1, 3)
    assert people.persons == [[1, 2], [3]]
    assert [doubt.reason for doubt in people.matcher.doubts] == [Reason.CONTRADICTION]


def test_one_record_never_joins_two_persons_of_several_records() -> None:
    born = {"birth_date": "1984-05-17", "phone": "13800990001"}
    first = [bare("吴晓岚", **born, facility=f, id_no=citizen_id("1984-05-17", 126)) for f in ("F01", "F02")]
    second = [bare("吴晓岚", **born, facility=f, id_no=_OTHER_ID) for f in ("F03", "F04")]
    people = Crowd(*first, *second, bare("吴晓岚", **born, facility="F05"))
    people.match(1, 2)
    people.match(3, 4)
    people.match()
    assert people.persons == [[1, 2], [3, 4], [5]]
    assert {doubt.reason for doubt in people.matcher.doubts} >= {Reason.TWO_PERSONS}
