from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from hub.demo.ask import Reply
from hub.demo.calendar import Calendar
from hub.demo.stage import METHODS, Stage
from hub.demo.verify import LOOKS, expectations, held, judge, verdicts
from hub.kernel.types import Json
from tests.demo.a_hub import Asked, a_hub

CALENDAR = Calendar(datetime(2026, 11, 22, 4, 0, tzinfo=UTC))
BUNDLE: Json = {
    "resourceType": "Bundle",
    "total": 2,
    "entry": [
        {"resource": {"resourceType": "Observation", "valueQuantity": {"value": Decimal("9.80")}}},
        {"resource": {"resourceType": "Patient", "active": True}},
        {"resource": {"resourceType": "Location"}, "search": {"mode": "include"}},
    ],
}


def holds(expected: Json, content: Any = BUNDLE, status: int = 200) -> bool:
    return judge("P1", {"says": "it", **expected}, Reply(status, content)).holds


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ({"total": 2}, {"total": 3}),
        ({"counted": 2}, {"counted": 3}),
        ({"types": {"Observation": 1, "Patient": 1}}, {"types": {"Observation": 1}}),
        ({"first": {"valueQuantity.value": "9.80"}}, {"first": {"valueQuantity.value": "9.8"}}),
        ({"answer": {"entry.1.resource.active": True}}, {"answer": {"entry.1.resource.active": False}}),
        ({"contains": ["9.80"]}, {"contains": ["9.80", "9.81"]}),
        ({"lacks": ["9.81"]}, {"lacks": ["9.80", "9.81"]}),
    ],
)
def test_an_expectation_holds_when_it_is_so_and_not_otherwise(right: Json, wrong: Json) -> None:
    assert holds(right)
    assert not holds(wrong)


def test_the_status_must_be_200_unless_another_is_expected() -> None:
    assert not holds({}, None, status=404)
    assert holds({"status": 404}, None, status=404)
    assert not holds({"status": 404})


def test_a_total_that_differs_from_what_is_on_the_page_does_not_hold() -> None:
    assert not holds({"total": 3}, {**BUNDLE, "total": 3})


def test_an_answer_that_is_no_bundle_has_no_matches() -> None:
    assert not holds({"total": 0}, {"resourceType": "OperationOutcome"})
    assert holds({"types": {}}, {"resourceType": "OperationOutcome"})
    assert not holds({"first": {"status": "final"}}, None)


def test_what_was_seen_is_told_where_it_does_not_hold() -> None:
    verdict = judge("P1", {"says": "two", "counted": 3}, Reply(200, BUNDLE))
    assert (verdict.story, verdict.says) == ("P1", "two")
    assert verdict.seen == "seen {'status': 200, 'counted': 2}, expected {'status': 200, 'counted': 3}"


def test_what_cannot_even_be_asked_does_not_hold_and_the_rest_is_still_held() -> None:
    nobody: Json = {"entry": []}

    def answer(asked: Asked) -> tuple[int, Any]:
        return 200, {"messages": []} if asked.path.startswith("/api/messages") else nobody

    with a_hub(answer) as hub:
        found = list(verdicts(Stage(hub.clients, CALENDAR)))
    expected = [request["says"] for requests in expectations().values() for request in requests]
    *asked, reported = found
    assert [verdict.says for verdict in asked][-len(expected) :] == expected
    assert (reported.story, reported.holds) == ("F08", False)
    assert any("stands for nothing" in verdict.seen for verdict in found)
    assert not any(verdict.holds for verdict in found if "stands for nothing" in verdict.seen)


@pytest.mark.parametrize(("seconds", "expected"), [(30, True), (0, False)])
def test_what_must_come_true_in_time_is_asked_until_it_does(seconds: int, expected: bool) -> None:
    with a_hub(lambda _: (200 if len(hub.asked) > 1 else 404, {})) as hub:
        request = {"says": "it", "as": "F01", "get": "fhir/Task", "within": seconds}
        assert held("P1", request, Stage(hub.clients, CALENDAR)).holds is expected


def test_every_expectation_says_something_that_can_be_looked_at() -> None:
    known = {"says", "as", "body", "status", "within", *METHODS, *LOOKS}
    for requests in expectations().values():
        for request in requests:
            assert request.keys() <= known, request["says"]
            assert request["says"]
            assert request.keys() & {"status", *LOOKS}
            assert len(request.keys() & set(METHODS)) == 1
