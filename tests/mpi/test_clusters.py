from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from hub.mpi.clusters import Clustered, Link, Relate, Relation, cluster
from hub.mpi.decide import Reason

Known = Mapping[tuple[int, int], Relation]
NEUTRAL = Relation(0, contradicts=False, linked=False)
AGAINST = Relation(-20, contradicts=True, linked=False)


def relate_by(known: Known) -> Relate:
    return lambda one, other: known.get((one, other), NEUTRAL)


def gather(weights: Mapping[tuple[int, int], float], against: set[tuple[int, int]], margin: float = 0) -> Clustered:
    """Cluster linked pairs with these weights, some pairs contradicting each other."""
    known = {pair: Relation(weight + 14, contradicts=False, linked=True) for pair, weight in weights.items()}
    links = [Link(weight, *pair) for pair, weight in weights.items()]
    return cluster(links, relate_by(known | dict.fromkeys(against, AGAINST)), margin)


def test_links_gather_records() -> None:
    found = gather({(0, 1): 9, (1, 2): 8, (4, 5): 7}, set())
    assert found.groups == [[0, 1, 2], [4, 5]]
    assert found.refused == []


def test_a_group_does_not_grow_past_a_contradiction() -> None:
    found = gather({(0, 1): 9, (1, 2): 8}, {(0, 2)})
    assert found.groups == [[0, 1]]
    assert [(one.link.second, one.reason) for one in found.refused] == [(2, Reason.CONTRADICTION)]


def test_the_stronger_link_wins() -> None:
    assert gather({(0, 1): 8, (1, 2): 9}, {(0, 2)}).groups == [[1, 2]]


def test_a_record_that_fits_two_persons_equally_well_joins_neither() -> None:
    found = gather({(0, 1): 9, (1, 2): 8}, {(0, 2)}, margin=3)
    assert found.groups == []
    assert {one.reason for one in found.refused} == {Reason.TWO_PERSONS}


def test_one_record_does_not_join_two_persons() -> None:
    found = gather({(0, 1): 9, (2, 3): 9, (1, 2): 5}, set())
    assert found.groups == [[0, 1], [2, 3]]
    assert [one.reason for one in found.refused] == [Reason.BRIDGE]


def test_several_records_do() -> None:
    assert gather({(0, 1): 9, (2, 3): 9, (1, 2): 5, (0, 3): 5}, set()).groups == [[0, 1, 2, 3]]


def test_many_small_doubts_stop_a_link() -> None:
    known = {(0, 1): Relation(9, contradicts=False, linked=True), (1, 2): Relation(4, contradicts=False, linked=True)}
    doubts = known | {(0, 2): Relation(-5, contradicts=False, linked=False)}
    links = [Link(9, 0, 1), Link(4, 1, 2)]
    assert cluster(links, relate_by(known), 0).groups == [[0, 1, 2]]
    assert cluster(links, relate_by(doubts), 0).groups == [[0, 1]]


_PLACES = st.tuples(st.integers(0, 7), st.integers(0, 7)).filter(lambda pair: pair[0] < pair[1])


@given(st.dictionaries(_PLACES, st.integers(1, 30)), st.sets(_PLACES), st.randoms(use_true_random=False))
def test_groups_hold_no_contradiction_and_do_not_depend_on_the_order_of_links(
    weights: dict[tuple[int, int], float], against: set[tuple[int, int]], shuffle: st.DataObject
) -> None:
    weights = {pair: weight for pair, weight in weights.items() if pair not in against}
    found = gather(weights, against, margin=3)
    places = [place for group in found.groups for place in group]
    assert len(places) == len(set(places))
    assert all((a, b) not in against for group in found.groups for a in group for b in group)
    rows = list(weights.items())
    shuffle.shuffle(rows)  # type: ignore[attr-defined]
    again = gather(dict(rows), against, margin=3)
    assert again.groups == found.groups
