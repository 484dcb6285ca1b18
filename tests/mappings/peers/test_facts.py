"""Facts of two bundles are compared as somebody would who reads both."""

from __future__ import annotations

import re

import pytest

from hub.kernel.types import Json
from tests.mappings.peers.compare import Explanation, Move, Verdict, compare
from tests.mappings.peers.facts import Fact, plain, told

OWN = "https://peer.example"


def bundle(*resources: Json) -> Json:
    return {"entry": [{"resource": each} for each in resources]}


def patient(rid: str, **more: object) -> Json:
    return {"resourceType": "Patient", "id": rid, **more}


def judged(peer: Json, ours: Json, *rules: Move | Explanation) -> Verdict:
    verdict = Verdict()
    moved = [rule for rule in rules if isinstance(rule, Move)]
    explained = [rule for rule in rules if isinstance(rule, Explanation)]
    compare("x", told(peer, OWN), told(ours, OWN), (moved, explained), verdict)
    return verdict


@pytest.mark.parametrize(
    ("one", "other"),
    [("2026-03-01T08:00:00+08:00", "2026-03-01T00:00:00Z"), (5.10, 5.1), (True, "true"), (" a ", "a")],
)
def test_what_means_the_same_is_the_same(one: object, other: object) -> None:
    assert plain(one) == plain(other)


def test_what_differs_is_told_with_its_place() -> None:
    peer = bundle(patient("1", name=[{"family": "Lin", "given": ["Mei"]}], birthDate="1958-04-12"))
    found = judged(peer, bundle(patient("9", name=[{"family": "Lin"}], birthDate="1958-04-13")))
    assert found.same == 1
    assert sorted(fact for _, fact in found.differing) == [
        Fact("Patient.birthDate", "1958-04-12"),
        Fact("Patient.name.given", "Mei"),
    ]


def test_a_fact_of_one_resource_is_not_found_in_another_of_its_type() -> None:
    two = (patient("1", birthDate="1958", gender="male"), patient("2", birthDate="1960", gender="female"))
    crossed = (patient("1", birthDate="1958", gender="female"), patient("2", birthDate="1960", gender="male"))
    assert len(judged(bundle(*two), bundle(*crossed)).differing) == 2
    assert not judged(bundle(*two), bundle(*reversed(two))).differing


def test_a_reference_counts_by_what_it_points_at() -> None:
    def stay(owner: str) -> Json:
        return {"resourceType": "Encounter", "id": "e", "subject": {"reference": f"Patient/{owner}"}}

    people = (patient("1", gender="male"), patient("2", gender="female"))
    assert not judged(bundle(*people, stay("1")), bundle(*people, stay("1"))).differing
    (wrong,) = judged(bundle(*people, stay("1")), bundle(*people, stay("2"))).differing
    assert wrong[1].path == "Encounter.subject"


def test_people_and_houses_are_told_where_they_are_referred_to_and_own_extensions_nowhere() -> None:
    house = {"resourceType": "Organization", "id": "o", "name": "F01"}
    told_here = patient(
        "1", managingOrganization={"reference": "Organization/o"}, extension=[{"url": f"{OWN}/x", "valueString": "y"}]
    )
    (only,) = told(bundle(house, told_here), OWN)
    assert dict(only.facts) == {Fact("Patient.managingOrganization>Organization.name", "F01"): 1}


def test_a_move_holds_only_where_the_same_value_stands_and_an_explanation_only_for_what_it_names() -> None:
    peer = bundle(patient("1", gender="male", birthDate="1958"))
    move = Move(re.compile(r"Patient\.birthDate"), "Patient.deceasedDateTime", "")
    covers = Explanation(re.compile(r"Patient\.gender"), re.compile("male"), "")
    found = judged(peer, bundle(patient("1", deceasedDateTime="1958")), move, covers)
    assert (found.moved, found.explained, found.differing) == (1, 1, [])
    assert len(judged(peer, bundle(patient("1", deceasedDateTime="1959")), move).differing) == 2
