"""Who says who a Patient is, and what her numbers are, when messages of different purposes name her. Nobody's data."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hub.kernel.types import Draft, Json, Translation
from hub.records.chain import Chain
from hub.records.heads import Incoming
from hub.records.merge import Merged, merge, same

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
        assert same(merged.resource, patient(RECORD, CITIZEN, gender="female"))


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
    assert same(merged.resource, patient(RECORD, CITIZEN, LABORATORY))


def test_a_result_clears_nothing_that_administration_said() -> None:
    stands = said((True, patient(RECORD, gender="female")))
    told = Draft(resource=patient(RECORD), authority="a", key="k", patient="p", clears=("gender",))
    merged = merge(told, stands.resource, stands.cleared)
    assert same(merged.resource, stands.resource)
    assert merged.cleared == stands.cleared


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
    assert same(again.resource, once.resource)
    assert again.cleared == once.cleared


@given(MESSAGES)
def test_what_administration_said_last_stands_whatever_others_say_later(messages: list[tuple[bool, Json]]) -> None:
    merged = said(*messages)
    last = next((resource for administration, resource in reversed(messages) if administration), None)
    if last is not None:
        assert numbers(merged)[: len(last["identifier"])] == last["identifier"]
        assert all(merged.resource[name] == value for name, value in last.items() if name != "identifier")


def test_what_is_remembered_holds_no_blank() -> None:
    assert not any(" " in each for each in said((False, patient(LABORATORY))).cleared)


NOON = datetime(2026, 11, 30, 4, tzinfo=UTC)
#: Of each message: its number, whether it is patient administration, and what it says.
Numbered = tuple[int, bool, Json]
#: What the laboratory has of her; its results leave out some of it, and contradict themselves in nothing.
COPIED: Json = {"gender": "copied", "birthDate": "copied", "maritalStatus": {"text": "copied"}}


def processed(messages: list[Numbered]) -> Json:
    """What stands when messages were processed in this order, whatever their numbers."""
    chain, stands = Chain({}, {"F01"}), patient()
    for number, administration, resource in messages:
        draft = Draft(resource=resource, authority="a", key="k", patient="p", administration=administration)
        translation = Translation(drafts=(draft,))
        effect = chain.apply(
            Incoming(message=number, feed="f", facility="F01", translation=translation, received_at=NOON)
        )
        assert effect.refusal is None
        for change in effect.changes:
            stands = change.resource
    return {key: value for key, value in stands.items() if key != "meta"}


def test_administration_that_is_repaired_late_says_who_she_is_where_only_results_have_spoken() -> None:
    late = (3, True, patient(RECORD, gender="female", birthDate="1965-07-04"))
    results = [(n, False, patient(RECORD, LABORATORY, gender="male", active=True)) for n in (5, 6)]
    whole = patient(RECORD, LABORATORY, gender="female", birthDate="1965-07-04", active=True)
    assert processed([*results, late]) == processed([results[0], late, results[1]]) == whole
    assert processed([late, *results]) == whole


def test_administration_that_is_repaired_late_yields_to_a_newer_one_and_not_to_results_behind_it() -> None:
    first, second = (1, True, patient(RECORD, gender="old")), (2, True, patient(RECORD, gender="new"))
    result = (5, False, patient(RECORD, gender="copied"))
    assert processed([first, result, second])["gender"] == "new"
    assert processed([second, result, first])["gender"] == "new"
    assert processed([result, second, first])["gender"] == "new"


_SAID = st.dictionaries(st.sampled_from(("gender", "birthDate")), st.sampled_from("ab"))
_ADMINISTRATION = st.tuples(st.just(True), _SAID.map(lambda said: patient(RECORD, **said)))
_RESULT = st.tuples(
    st.just(False),
    st.sets(st.sampled_from(sorted(COPIED))).map(lambda some: patient(RECORD, **{k: COPIED[k] for k in some})),
)
_SENT = st.lists(st.one_of(_ADMINISTRATION, _RESULT), min_size=1, max_size=6).map(
    lambda sent: [(n, *each) for n, each in enumerate(sent, 1)]
)


@given(_SENT, st.data())
def test_the_end_is_the_same_wherever_results_come_between_what_administration_says(
    sent: list[Numbered], data: st.DataObject
) -> None:
    ways = data.draw(st.permutations(sent))
    said = iter([each for each in sent if each[1]])
    assert processed([next(said) if each[1] else each for each in ways]) == processed(sent)


@given(_SENT, st.data())
def test_what_the_newest_administration_says_stands_in_whatever_order_all_came(
    sent: list[Numbered], data: st.DataObject
) -> None:
    last = next((resource for _, administration, resource in reversed(sent) if administration), {})
    stands = processed(data.draw(st.permutations(sent)))
    assert {name: stands[name] for name in last} == last
