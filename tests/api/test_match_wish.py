"""The parameters of Patient/$match."""

from __future__ import annotations

from typing import Any

import pytest

from hub.api.fhir.match import Wish, read_wish
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json

WHO: Json = {"resourceType": "Patient", "name": [{"text": "沈桂兰"}]}
RESOURCE: Json = {"name": "resource", "resource": WHO}


def parameters(*given: Json) -> Json:
    return {"resourceType": "Parameters", "parameter": list(given)}


def test_a_patient_is_enough() -> None:
    for sent in (parameters(RESOURCE), WHO):
        assert read_wish(sent) == Wish(patient=WHO, count=20, certain=False)


def test_the_count_is_cut_to_what_one_answer_may_hold() -> None:
    certain = {"name": "onlyCertainMatches", "valueBoolean": True}
    assert read_wish(parameters(RESOURCE, {"name": "count", "valueInteger": 3}, certain)) == Wish(
        patient=WHO, count=3, certain=True
    )
    assert read_wish(parameters(RESOURCE, {"name": "count", "valueInteger": 3000})).count == 20


@pytest.mark.parametrize(
    "sent",
    [
        None,
        {},
        [],
        parameters(),
        {"resourceType": "Parameters", "parameter": {}},
        parameters({"name": "resource"}),
        parameters({"name": "resource", "resource": {"resourceType": "Person"}}),
        parameters(RESOURCE, RESOURCE),
        parameters(RESOURCE, {"name": "count", "valueInteger": 0}),
        parameters(RESOURCE, {"name": "count", "valueInteger": True}),
        parameters(RESOURCE, {"name": "count", "valueString": "3"}),
        parameters(RESOURCE, {"name": "onlyCertainMatches", "valueString": "true"}),
        parameters(RESOURCE, {"name": "沈桂兰", "valueString": "x"}),
        parameters(RESOURCE, "x"),  # type: ignore[arg-type]
        parameters({"name": []}),
        parameters({"name": {}, "resource": {}}),
    ],
)
def test_what_cannot_be_read_is_a_bad_request_and_is_not_repeated(sent: Any) -> None:
    with pytest.raises(HubError) as caught:
        read_wish(sent)
    assert caught.value.category is Category.UNREADABLE
    assert "沈" not in str(caught.value)
