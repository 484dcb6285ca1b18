"""What one client operation comes to, without a database."""

from __future__ import annotations

import pickle
from datetime import timedelta
from typing import Any

import pytest

from hub.auth.actor import Actor
from hub.auth.directory import Directory
from hub.fhir.json import dumps
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Issue, Json
from hub.records.client_rules import labels_kept, writes_of
from hub.records.operations import Create, Delete, Update, Whole
from hub.records.refusal import ClaimedError, NonconformantError
from hub.records.rights import Rights
from hub.store.values import Facts, Stored, patient_key
from tests.auth.consortium import CONSORTIUM, NOW

RIGHTS = Rights(Directory(CONSORTIUM))
DOCTOR = Actor(
    role="clinician", purpose=("TREAT",), client="c", token_id="t", expires=NOW + timedelta(hours=1), organization="F05"
)


def seen(**elements: Any) -> Json:
    return {"resourceType": "Observation", "status": "final", "subject": {"reference": "Patient/p1"}, **elements}


def stored(*, author: str = "F05", deleted: bool = False, labels: tuple[str, ...] = (), **elements: Any) -> Stored:
    return Stored(
        type="Observation",
        id="o1",
        version=3,
        updated=NOW,
        deleted=deleted,
        body=b"" if deleted else dumps(seen(id="o1", **elements)),
        pkey=patient_key("Observation", "o1", "p1"),
        patient="p1",
        facts=Facts(author_org=author, labels=labels),
        source=12,
    )


def update(resource: Json | None = None, rid: str = "o1", **conditions: Any) -> Update:
    return Update(type="Observation", id=rid, resource=resource or seen(), **conditions)


def refusal(operation: Whole, current: Stored | None) -> Category:
    with pytest.raises(HubError) as caught:
        writes_of(DOCTOR, operation, current, RIGHTS)
    return caught.value.category


def test_a_create_is_stamped_with_its_id_patient_and_author() -> None:
    operation = Create(
        type="Observation", id="new", resource=seen(id="sent", performer=[{"reference": "Organization/F01"}])
    )
    (write,) = writes_of(DOCTOR, operation, None, RIGHTS)
    assert write.resource is not None
    assert (write.resource["id"], write.patient, write.facts.author_org) == ("new", "p1", "F05")
    assert operation.resource["id"] == "sent"


def test_a_client_s_version_has_no_message_behind_it() -> None:
    (write,) = writes_of(DOCTOR, update(), stored(), RIGHTS)
    assert (write.source, write.cleared) == (None, ())


@pytest.mark.parametrize(
    "operation", [update(), update(expected=3), update(only_new=True), Delete(type="Observation", id="o1")]
)
def test_absent_and_foreign_are_refused_alike_before_any_condition(operation: Whole) -> None:
    texts = set()
    for current in (None, stored(author="F01"), stored(author="F01", deleted=True), stored(author="nobody")):
        with pytest.raises(HubError) as caught:
            writes_of(DOCTOR, operation, current, RIGHTS)
        texts.add((caught.value.category, str(caught.value), caught.value.code))
    assert len(texts) == 1


def test_deleting_what_never_was_under_an_id_of_ones_own_leaves_nothing_to_do() -> None:
    assert writes_of(DOCTOR, Delete(type="Observation", id="F05-1"), None, RIGHTS) == []
    assert refusal(Delete(type="Observation", id="F05-1", expected=1), None) is Category.PRECONDITION


def test_conditions_are_judged_on_what_is_ones_own() -> None:
    assert writes_of(DOCTOR, update(expected=3), stored(), RIGHTS)
    assert refusal(update(expected=2), stored()) is Category.PRECONDITION
    assert refusal(update(expected=3), stored(deleted=True)) is Category.PRECONDITION
    assert refusal(update(only_new=True), stored()) is Category.PRECONDITION
    assert refusal(update(rid="F05-1", expected=1), None) is Category.PRECONDITION
    assert writes_of(DOCTOR, update(rid="F05-1", only_new=True), None, RIGHTS)


@pytest.mark.parametrize("subject", [{"reference": "Patient/p2"}, {"reference": "Group/g"}, {"display": "x"}])
def test_another_patient_is_refused(subject: Json) -> None:
    assert refusal(update(seen(subject=subject)), stored()) is Category.INVALID


def label(code: str) -> Json:
    return {"system": "c", "code": code}


def test_labels_are_kept_and_added() -> None:
    current = stored(labels=("c|R",), meta={"security": [label("R")]})
    (write,) = writes_of(DOCTOR, update(seen(meta={"security": [label("N")]})), current, RIGHTS)
    assert write.resource is not None
    assert write.resource["meta"]["security"] == [label("N"), label("R")]
    assert write.facts.labels == ("c|N", "c|R")


def test_the_labels_of_what_is_contained_stay_with_the_container_when_an_update_leaves_them_out() -> None:
    inner = {"resourceType": "Specimen", "id": "s"}
    labelled = [{**inner, "meta": {"security": [label("HIV")]}}]
    current = stored(labels=("c|HIV",), contained=labelled)
    lowered, kept = update(seen(contained=[inner])), update(seen(contained=labelled))
    (write,) = writes_of(DOCTOR, lowered, current, RIGHTS)
    assert write.facts.labels == ("c|HIV",)
    assert labels_kept(lowered, write)
    (write,) = writes_of(DOCTOR, kept, current, RIGHTS)
    assert write.resource is not None
    assert "security" not in write.resource.get("meta", {})
    assert not labels_kept(kept, write)


def test_what_was_deleted_comes_back_with_the_labels_it_had() -> None:
    gone = stored(deleted=True, labels=("c|R", "|", "c|HIV"))
    (write,) = writes_of(DOCTOR, update(seen(meta={"security": [label("HIV")]})), gone, RIGHTS)
    assert sorted(write.facts.labels) == ["c|HIV", "c|R"]
    assert write.resource is not None
    assert write.resource["meta"]["security"] == [label("HIV"), label("R")]


def test_a_deletion_marks_first_and_buries_then() -> None:
    marked, buried = writes_of(DOCTOR, Delete(type="Observation", id="o1"), stored(), RIGHTS)
    assert marked.resource is not None
    assert (marked.resource["status"], buried.resource) == ("entered-in-error", None)
    assert writes_of(DOCTOR, Delete(type="Observation", id="o1"), stored(deleted=True), RIGHTS) == []


def test_refusals_survive_the_way_between_processes() -> None:
    issue = Issue(severity="error", where="Observation.status", code="required", text="is missing")
    refused = pickle.loads(pickle.dumps(NonconformantError([issue], "Bundle.entry[2]")))  # noqa: S301
    assert refused.issues[0].where == "Bundle.entry[2].resource.status"
    assert refused.where == "Bundle.entry[2]"
    claimed = pickle.loads(pickle.dumps(ClaimedError(("Patient", "a"), "Bundle.entry[1]")))  # noqa: S301
    assert (claimed.holder, claimed.where) == (("Patient", "a"), "Bundle.entry[1]")
