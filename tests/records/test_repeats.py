"""Drafts that repeat what stands are known by what they say and what they are laid over, and cost no second merge."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from consent.labelling import Labelling, Row
from hub.fhir.json import dumps
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Draft, Json, Translation
from hub.records import standing
from hub.records.chain import Chain, Effect
from hub.records.heads import Head, Incoming, Ref
from hub.records.merge import merge
from hub.records.repeats import SETTLED, Repeats, merge_of

NOON = datetime(2026, 3, 1, 4, tzinfo=UTC)
PATIENT = Ref("Patient", "p1")
REPORT = Ref("DiagnosticReport", "r1")


def head(resource: Json, *, cleared: tuple[str, ...] = (), source: int = 1) -> Head:
    return Head(
        resource=resource,
        version=3,
        source=source,
        updated=NOON,
        cleared=cleared,
        author="F01",
        patient="p1",
        body=dumps(resource),
    )


def draft(resource: Json, **more: Any) -> Draft:
    return Draft(resource=resource, authority="a", key="k", patient="p1", **more)


def tell(
    heads: dict[Ref, Head], repeats: Repeats, *drafts: Draft, number: int = 9, labelling: Labelling | None = None
) -> Effect:
    incoming = Incoming(
        message=number, feed="f", facility="F01", translation=Translation(drafts=drafts), received_at=NOON
    )
    return Chain(heads, {"F01"}, labelling=labelling, repeats=repeats).apply(incoming)


@pytest.fixture
def merges(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of what was merged, as it is merged."""
    made: list[str] = []

    def counted(draft: Draft, *rest: Any, **more: Any) -> Any:
        made.append(draft.resource["id"])
        return merge(draft, *rest, **more)

    monkeypatch.setattr(standing, "merge", counted)
    return made


def patient(**more: Any) -> Json:
    return {"resourceType": "Patient", "id": "p1", "gender": "female", **more}


def test_what_changed_nothing_is_confirmed_the_second_time_without_a_merge(merges: list[str]) -> None:
    heads, repeats = {PATIENT: head(patient(birthDate="1958-04-12"))}, Repeats()
    first = tell(heads, repeats, draft(patient()))
    second = tell(heads, repeats, draft(patient()), number=10)
    assert merges == ["p1"]
    assert not first.changes and not second.changes
    assert second.confirmed[PATIENT].source == 10


def test_another_draft_another_body_or_other_cleared_elements_are_merged(merges: list[str]) -> None:
    stood, repeats = head(patient(birthDate="1958-04-12")), Repeats()
    tell({PATIENT: stood}, repeats, draft(patient()))
    assert tell({PATIENT: stood}, repeats, draft(patient(), clears=("birthDate",))).changes
    assert tell({PATIENT: head(patient(gender="male"))}, repeats, draft(patient())).changes
    tell({PATIENT: head(patient(birthDate="1958-04-12"), cleared=("gender",))}, repeats, draft(patient()))
    assert merges == ["p1"] * 4


def test_what_a_message_cleared_stays_cleared_when_it_is_repeated() -> None:
    heads, repeats = {PATIENT: head(patient())}, Repeats()
    for _ in range(2):
        effect = tell(heads, repeats, draft(patient(), clears=("birthDate",)))
        assert effect.confirmed[PATIENT].cleared == ("birthDate",)


def test_an_older_message_is_never_taken_for_a_repeated_one(merges: list[str]) -> None:
    heads, repeats = {PATIENT: head(patient(), source=20)}, Repeats()
    for _ in range(2):
        assert not tell(heads, repeats, draft(patient(gender="male"))).confirmed
    assert merges == ["p1", "p1"]


def test_what_is_said_twice_in_one_message_is_merged_from_what_stands() -> None:
    heads, repeats = {PATIENT: head(patient())}, Repeats()
    for _ in range(2):
        effect = tell(heads, repeats, draft(patient()), draft(patient(gender="male")))
        assert [change.resource["gender"] for change in effect.changes] == ["male"]


def test_what_holds_others_is_merged_anew_since_they_may_be_strict(merges: list[str]) -> None:
    report = {"resourceType": "DiagnosticReport", "id": "r1", "status": "final", "subject": {"reference": "Patient/p1"}}
    repeats = Repeats()
    for _ in range(2):
        tell({REPORT: head(report)}, repeats, draft(report))
    assert merges == ["r1", "r1"]


def test_the_oldest_are_forgotten_first() -> None:
    repeats = Repeats(most=2)
    for number in range(3):
        repeats.keep(bytes([number]), ())
    assert [repeats.cleared(bytes([number])) for number in range(3)] == [None, (), ()]


def test_that_one_archive_has_nothing_of_a_study_is_not_that_another_has_nothing() -> None:
    places = [{"reference": "Endpoint/B"}]
    series = {"uid": "1.2", "modality": {"code": "CT"}, "instance": [{"uid": "1.2.3"}], "endpoint": places}
    one = {"numberOfInstances": 1, "numberOfSeries": 1, "modality": [{"code": "CT"}], "endpoint": places}
    study = {"resourceType": "ImagingStudy", "id": "s1", "status": "available"}
    stands = head({**study, **one, "series": [{**series, "numberOfInstances": 1}]})
    repeats, ref = Repeats(), Ref("ImagingStudy", "s1")

    def nothing_at(archive: str) -> Effect:
        gone = {**study, "status": "entered-in-error"}
        return tell({ref: stands}, repeats, draft(gone, whole=f"Endpoint/{archive}", only_stored=True))

    assert not nothing_at("A").changes
    (left,) = nothing_at("B").changes
    assert left.resource["status"] == "entered-in-error"
    assert not {"series", "endpoint", "numberOfSeries", "numberOfInstances"} & left.resource.keys()


OTHERS: dict[str, Any] = {
    "resource": {"resourceType": "Patient", "id": "p1", "active": True},
    "merge": "replace",
    "clears": ("gender",),
    "defaults": {"active": True},
    "dated": "urn:when",
    "unique": True,
    "whole": "Endpoint/e",
}


@pytest.mark.parametrize("name", Draft.__struct_fields__)
def test_drafts_that_differ_in_anything_a_merge_may_look_at_are_merges_of_their_own(name: str) -> None:
    one = draft({"resourceType": "Patient", "id": "p1"})
    other = replace(one, **{name: OTHERS.get(name, "other")})
    assert (merge_of(one, b"{}", ()) == merge_of(other, b"{}", ())) is (name in SETTLED)


def test_what_is_said_again_is_labelled_by_value_sets_as_they_are_now(merges: list[str]) -> None:
    held: dict[str, frozenset[str]] = {}
    labelling = Labelling([Row("HIV", "set", "", "urn:set")], lambda _: held)
    code = {"coding": [{"system": "urn:x", "code": "c"}]}
    repeats, stated = Repeats(), {"resourceType": "Observation", "id": "o1", "code": code}
    heads = {Ref("Observation", "o1"): head(stated)}
    assert tell(heads, repeats, draft(stated), labelling=labelling).changes == []
    held["urn:x"] = frozenset({"c"})
    (change,) = tell(heads, repeats, draft(stated), labelling=labelling).changes
    assert change.resource["meta"]["security"]
    assert merges == ["o1"]


def test_what_a_message_says_again_after_a_deletion_has_the_labels_it_had() -> None:
    stated: Json = {"resourceType": "Observation", "id": "o1"}
    gone = replace(head(stated), resource=None, body=b"", labels=("c|HIV", "|R", "|"))
    (change,) = tell({Ref("Observation", "o1"): gone}, Repeats(), draft(stated)).changes
    assert change.resource["meta"]["security"] == [{"code": "R"}, {"system": "c", "code": "HIV"}]
    assert sorted(change.facts.labels) == ["c|HIV", "|R"]


def test_a_message_waits_while_a_value_set_of_the_labels_is_not_known() -> None:
    labelling = Labelling([Row("HIV", "set", "", "urn:set")])
    stated: Json = {"resourceType": "Observation", "id": "o1", "code": {"coding": [{"system": "c", "code": "x"}]}}
    with pytest.raises(HubError) as caught:
        tell({}, Repeats(), draft(stated), labelling=labelling)
    assert (caught.value.category, caught.value.code) == (Category.UNAVAILABLE, "label-set")
