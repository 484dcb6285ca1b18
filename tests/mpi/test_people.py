"""Persons follow from the decisions that stand, and from nothing else."""

from collections.abc import Sequence
from copy import copy
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec import structs

from hub.kernel.errors import HubError
from hub.mpi.decision import Actor, Bond, Decision, Edge, Kind
from hub.mpi.features import Features
from hub.mpi.frequencies import count
from hub.mpi.judge import Judge
from hub.mpi.matching import Matcher
from hub.mpi.model import bundled_model
from hub.mpi.people import People, UnreadEdgesError
from hub.mpi.score import Scorer
from tests.mpi.crowd import Crowd, member, strangers
from tests.mpi.people import side

_numbers = st.integers(1, 6)
_KINDS = ["link", "unlink", "apart", "split", "move", "merge", "match", "unmerge"]
_steps = st.lists(st.tuples(st.sampled_from(_KINDS), _numbers, _numbers))


def crowd() -> Crowd:
    """Two pairs the matcher would link, and two strangers."""
    one, other = strangers(2)
    return Crowd(side(), side(facility="F02"), one, other, *strangers(2))


def step(people: Crowd, kind: str, one: int, other: int) -> None:
    if one == other:
        return
    try:
        match kind:
            case "link":
                people.statements.link(one, other, who="s")
            case "unlink":
                people.statements.unlink(one, who="s")
            case "apart":
                people.statements.apart(one, other, who="s")
            case "split":
                people.statements.split([one, other], who="s")
            case "move":
                people.statements.move(one, other, who="s")
            case "merge":
                people.statements.merge(one, other, message=1)
            case "unmerge":
                people.statements.unmerge(one, other, message=2)
            case _:
                people.match(one, other)
    except HubError as error:
        assert error.code in {"one-person", "two-persons", "alone"}


def undone(people: Crowd, order: list[int]) -> None:
    """Take back everything that stands, reversals too, in some order."""
    for place in order:
        decision = people.people.decided[place]
        if decision.kind is not Kind.REVERSAL and decision.standing:
            people.reverse(place)


@settings(max_examples=300, deadline=None)
@given(_steps, st.randoms(use_true_random=False))
def test_taking_back_every_decision_in_any_order_restores_the_first_view(
    steps: list[tuple[str, int, int]], random: Random
) -> None:
    people = crowd()
    before = people.view
    for kind, one, other in steps:
        step(people, kind, one, other)
    order = list(range(len(people.people.decided)))
    random.shuffle(order)
    undone(people, order)
    assert people.view == before


@settings(max_examples=200, deadline=None)
@given(_steps, st.sampled_from(["link", "unlink", "apart", "split", "move", "merge"]), _numbers, _numbers)
def test_taking_back_the_last_decision_restores_the_view_before_it(
    steps: list[tuple[str, int, int]], kind: str, one: int, other: int
) -> None:
    people = crowd()
    for each in steps:
        step(people, *each)
    before, count = people.view, len(people.people.decided)
    step(people, kind, one, other)
    for place in range(len(people.people.decided) - 1, count - 1, -1):
        people.reverse(place)
    assert people.view == before


@settings(max_examples=200, deadline=None)
@given(_steps)
def test_the_moves_told_lead_from_the_first_view_to_the_last(steps: list[tuple[str, int, int]]) -> None:
    people = crowd()
    persons = dict(people.view)
    for kind, one, other in steps:
        step(people, kind, one, other)
    for decision in people.people.decided:
        for move in decision.moves:
            assert persons[move.source] == move.origin
            persons[move.source] = move.target
    assert frozenset(persons.items()) == people.view


@settings(max_examples=200, deadline=None)
@given(_steps)
def test_sources_bear_one_person_exactly_if_standing_links_join_them(steps: list[tuple[str, int, int]]) -> None:
    people = crowd()
    for kind, one, other in steps:
        step(people, kind, one, other)
    for number, person in people.view:
        assert {other for other, same in people.view if same == person} == people.people.group(number)


def test_a_person_bears_the_id_of_its_oldest_source_that_was_not_merged_away() -> None:
    people = Crowd(*strangers(3))
    people.statements.link(2, 1, who="s")
    assert people.people.persons == {1: "person-1", 2: "person-1", 3: "person-3"}
    people.statements.merge(3, 1, message=1)
    assert people.people.persons == {1: "person-2", 2: "person-2", 3: "person-2"}


def test_a_reversal_can_be_taken_back_itself() -> None:
    people = Crowd(*strangers(2))
    people.statements.link(1, 2, who="s")
    linked = people.view
    people.reverse(0)
    people.statements.reverse([people.people.decided[1], people.people.decided[0]], actor=Actor.STEWARD)
    assert people.view == linked
    assert [decision.standing for decision in people.people.decided] == [True, False, True]


def test_an_edge_that_two_decisions_closed_stands_when_neither_does() -> None:
    people = Crowd(*strangers(2))
    link = people.statements.link(1, 2, who="s").edges[0]
    for _ in range(2):
        people.people.decide(
            Decision(number=-9, kind=Kind.JUDGED, actor=Actor.MATCHER, first=1, second=2, closings=[link])
        )
    people.reverse(1)
    assert people.persons == [[1], [2]]
    people.reverse(2)
    assert people.persons == [[1, 2]]
    assert [edge.bond for edge in people.people.standing(1, Bond.LINK)] == [Bond.LINK]


def linked(*pairs: tuple[int, int]) -> Crowd:
    """Six strangers, some of them linked by stewards."""
    people = Crowd(*strangers(6))
    for one, other in pairs:
        people.statements.link(one, other, who="s")
    return people


def test_several_sources_leave_a_person_together_whatever_held_them_before() -> None:
    people = linked((1, 2), (1, 3), (1, 4))
    people.statements.split([3, 4], who="s")
    assert people.persons == [[1, 2], [3, 4], [5], [6]]
    assert people.people.persons[4] == "person-3"
    people.reverse(3)
    assert people.persons == [[1, 2, 3, 4], [5], [6]]


def test_a_source_goes_to_another_person_in_one_decision_and_its_companions_stay() -> None:
    people = linked((1, 2), (2, 3), (5, 6))
    before = people.view
    decision = people.statements.move(3, 6, who="s")
    assert people.persons == [[1, 2], [3, 5, 6], [4]]
    assert {(move.source, move.origin, move.target) for move in decision.moves} >= {(3, "person-1", "person-3")}
    people.reverse(3)
    assert people.view == before


def test_a_person_is_the_one_decisions_of_before_and_after_make_when_a_split_between_them_is_taken_back() -> None:
    people = linked((1, 2), (2, 3))
    people.statements.split([2, 3], who="s")
    people.statements.link(3, 5, who="s")
    people.reverse(2)
    assert people.persons == [[1, 2, 3, 5], [4], [6]]


def test_what_two_reversals_took_back_does_not_hold_again_when_one_of_them_goes() -> None:
    people = linked((1, 2))
    link = people.people.decided[0]
    people.reverse(0)
    link.disputed = True
    people.statements.reverse([people.people.decided[1], link], actor=Actor.STEWARD)
    assert not link.standing
    assert people.persons == [[number] for number in range(1, 7)]


def standing(people: People) -> list[Edge]:
    """Every standing edge, each once, as it would be read."""
    found = {edge.key: edge for number in people.members for bond in Bond for edge in people.standing(number, bond)}
    return [copy(edge) for edge in found.values()]


def read_back(people: People, *, edges: bool) -> People:
    """The same people as they would be read from where they are stored, with their edges or without."""
    members = [structs.replace(one, person=people.persons[number]) for number, one in people.members.items()]
    merged = {edge.loser for edge in standing(people) if edge.loser}
    return People(members, standing(people) if edges else None, merged)


def joined(people: People, newcomers: Sequence[int], sides: Sequence[Features]) -> tuple[object, ...]:
    """Who is who, and what was decided and doubted, once new sources were matched with everybody."""
    for number in newcomers:
        people.add(member(number, sides[number - 1]))
    matcher = Matcher(people, Judge(people, Scorer(bundled_model(), count(sides))))
    matcher.join((number, other) for number in newcomers for other in people.members if other != number)
    return people.persons, people.decided, matcher.doubts, matcher.contradicted


@settings(max_examples=300, deadline=None)
@given(_steps, st.lists(st.sampled_from([0, 2, 3]), min_size=1, max_size=2))
@example([("merge", 2, 1)], [0])
@example([("merge", 2, 1), ("merge", 1, 2)], [0])
@example([("apart", 1, 2)], [0])
@example([("match", 1, 2), ("merge", 2, 1), ("unmerge", 2, 1)], [0, 0])
def test_new_sources_join_the_same_persons_whether_edges_are_read_before_or_only_once_they_are_asked_for(
    steps: list[tuple[str, int, int]], resembling: list[int]
) -> None:
    people = crowd()
    for kind, one, other in steps:
        step(people, kind, one, other)
    known = [people.people.members[number].side for number in sorted(people.people.members)]
    sides = [*known, *(structs.replace(known[place], facility="F09") for place in resembling)]
    newcomers = range(len(known) + 1, len(sides) + 1)
    unread = read_back(people.people, edges=False)
    try:
        told = joined(unread, newcomers, sides)
    except UnreadEdgesError:
        assert not unread.decided
        unread.learn(standing(people.people))
        told = joined(unread, newcomers, sides)
    assert told == joined(read_back(people.people, edges=True), newcomers, sides)


def test_how_stored_sources_are_linked_is_not_guessed_while_their_edges_are_unread() -> None:
    people = linked((1, 2))
    unread = read_back(people.people, edges=False)
    assert unread.group(1) == {1, 2}
    with pytest.raises(UnreadEdgesError):
        unread.standing(1, Bond.LINK)
    with pytest.raises(UnreadEdgesError):
        unread.kept_apart(1, 3)
