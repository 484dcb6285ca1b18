"""Who says who a Patient is, and what her numbers are, when messages of different purposes name her. Nobody's data."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hub.kernel.types import Draft, Json
from hub.records.merge import Merged, merge

RECORD = {"system": "urn:oid:2.999.1", "value": "M1", "type": {"coding": [{"code": "MR"}]}}
CITIZEN = {"system": "urn:oid:2.16.156.10011.1.3", "value": "990122", "type": {"coding": [{"code": "NNCHN"}]}}
LABORATORY = {"system": "urn:a laboratory's", "value": "L1"}


def patient(*numbers: Json, **elements: Any) -> Json:
    return {"resourceType": "Patient", "id": "p", "identifier": list(numbers), **elements}


def said(*drafts: tuple[bool, Json]) -> Merged:
    """What stands after these, each with whether it is patient administration."""
    merged = None
    for administration, resource in drafts:
        draft = Draft(resource=resource, authority="a", key="k", patient="p", administration=administration)
        stands = (merged.resource, merged.cleared) if merged else (None, ())
        merged = merge(draft, *stands)
    assert merged is not None
    return merged


def numbers(merged: Merged) -> list[Json]:
    return merged.resource["identifier"]  # type: ignore[no-any-return]


def test_a_result_that_names_a_patient_by_one_number_leaves_the_others() -> None:
    for first in (True, False):
        merged = said((first, patient(RECORD, CITIZEN, gender="female")), (False, patient(RECORD)))
        assert (numbers(merged), merged.changed) == ([RECORD, CITIZEN], False)


def test_what_administration_said_is_not_replaced_by_what_a_result_says_besides() -> None:
    merged = said(
        (True, patient(RECORD, gender="female", birthDate="1965-07-04")),
        (False, patient({**RECORD, "value": "M2"}, gender="male", active=True)),
    )
    assert merged.resource == patient(RECORD, gender="female", birthDate="1965-07-04", active=True)


def test_where_administration_never_spoke_the_newest_result_counts() -> None:
    merged = said(
        (False, patient(RECORD, LABORATORY, gender="male")),
        (False, patient({**RECORD, "value": "M2"}, gender="female")),
    )
    assert merged.resource == patient({**RECORD, "value": "M2"}, LABORATORY, gender="female")


def test_administration_that_leaves_a_number_out_takes_it_back() -> None:
    assert numbers(said((True, patient(RECORD, CITIZEN)), (True, patient(RECORD)))) == [RECORD]
    listed = said((False, patient(RECORD, CITIZEN)), (True, patient(RECORD, CITIZEN)), (True, patient(RECORD)))
    assert numbers(listed) == [RECORD]


def test_a_number_that_only_others_state_stays_whatever_administration_lists() -> None:
    merged = said(
        (True, patient(RECORD, CITIZEN)),
        (False, patient(LABORATORY, RECORD)),
        (True, patient(RECORD, CITIZEN)),
        (False, patient(RECORD, LABORATORY)),
    )
    assert (numbers(merged), merged.changed) == ([RECORD, CITIZEN, LABORATORY], False)


def test_a_result_clears_nothing_that_administration_said() -> None:
    stands = said((True, patient(RECORD, gender="female")))
    told = Draft(resource=patient(RECORD), authority="a", key="k", patient="p", clears=("gender",))
    merged = merge(told, stands.resource, stands.cleared)
    assert (merged.resource, merged.cleared, merged.changed) == (stands.resource, stands.cleared, False)


STATED = st.builds(
    lambda chosen, extra: patient(*chosen, **extra),
    st.lists(st.sampled_from([RECORD, CITIZEN, LABORATORY, {**RECORD, "value": "M2"}]), min_size=1, unique_by=str),
    st.dictionaries(st.sampled_from(("gender", "birthDate")), st.sampled_from("ab")),
)
MESSAGES = st.lists(st.tuples(st.booleans(), STATED), min_size=1, max_size=6)


@given(MESSAGES)
def test_saying_it_again_changes_nothing(messages: list[tuple[bool, Json]]) -> None:
    once = said(*messages)
    again = said(*messages, messages[-1])
    assert not again.changed
    assert (again.resource, again.cleared) == (once.resource, once.cleared)


@given(MESSAGES)
def test_what_administration_said_last_stands_whatever_others_say_later(messages: list[tuple[bool, Json]]) -> None:
    merged = said(*messages)
    last = next((resource for administration, resource in reversed(messages) if administration), None)
    if last is not None:
        assert numbers(merged)[: len(last["identifier"])] == last["identifier"]
        assert all(merged.resource[name] == value for name, value in last.items() if name != "identifier")


def test_what_is_remembered_holds_no_blank() -> None:
    assert not any(" " in each for each in said((False, patient(LABORATORY))).cleared)
