"""A message of a hundred thousand resources is merged without a copy of each that says the same."""

from __future__ import annotations

from datetime import UTC, datetime

from hub.kernel.types import Draft, Json, Translation
from hub.records.chain import Chain, Effect
from hub.records.heads import Incoming
from hub.records.merge import merge

NOON = datetime(2026, 3, 1, 4, tzinfo=UTC)


def result(rid: str, **more: Json) -> Draft:
    resource = {"resourceType": "Observation", "id": rid, "status": "final", "subject": {"reference": "Patient/p"}}
    return Draft(resource=resource | more, authority="a", key=rid, patient="p")


def tell(message: int, *drafts: Draft) -> Effect:
    incoming = Incoming(
        message=message, feed="f", facility="F01", translation=Translation(drafts=drafts), received_at=NOON
    )
    return Chain({}, {"F01"}).apply(incoming)


def test_what_is_new_is_taken_as_it_was_stated_and_stays_as_it_was_stated() -> None:
    stated = result("one")
    assert merge(stated, None).resource is stated.resource
    (change,) = tell(7, stated).changes
    assert change.resource == {**stated.resource, "meta": {"source": "urn:yilian:message:7"}}
    assert "meta" not in stated.resource


def test_resources_of_one_message_share_what_tells_of_it_unless_their_meta_says_more() -> None:
    labelled = result("three", meta={"tag": [{"code": "x"}]})
    one, two, three = (change.resource["meta"] for change in tell(7, result("one"), result("two"), labelled).changes)
    assert one is two
    assert three == {"tag": [{"code": "x"}], "source": "urn:yilian:message:7"}
    (other,) = (change.resource["meta"] for change in tell(8, result("one")).changes)
    assert other == {"source": "urn:yilian:message:8"}
