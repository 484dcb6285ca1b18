from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from hub.demo.calendar import Calendar
from hub.demo.play import act
from hub.demo.stage import Stage
from hub.demo.story import data
from hub.kernel.errors import HubError
from tests.demo.a_hub import Asked, a_hub

CALENDAR = Calendar(datetime(2026, 11, 22, 4, 0, tzinfo=UTC))


def willing() -> Callable[[Asked], tuple[int, Any]]:
    """A hub that has every patient, and answers what is done as it should."""
    found: dict[str, Any] = {"entry": [{"resource": {"id": "abc", "subject": {"reference": "Patient/abc"}}}]}
    found |= {"proxies": [{"reference": "RelatedPerson/d"}], "requests": [{"id": "r", "approval": "a"}]}
    statuses = iter([row["status"] for row in data("acts.yaml") if "get" not in row])

    def answer(asked: Asked) -> tuple[int, Any]:
        if asked.path == "/api/device-senders":
            return 201, {"secret": "s"}
        return (200, found) if asked.method == "GET" else (next(statuses), {})

    return answer


def test_patients_and_doctors_act_in_the_order_of_the_file() -> None:
    with a_hub(willing()) as hub:
        done = act(Stage(hub.clients, CALENDAR))
    assert done == [row["says"] for row in data("acts.yaml")]
    given = [asked.body.get("template") for asked in hub.asked if asked.path == "/api/consents"]
    assert given == [row["body"].get("template") for row in data("acts.yaml") if row.get("post") == "api/consents"]
    assert {"role": "proxy", "practitioner": "RelatedPerson/d", "patient": "abc"} in [
        {key: value for key, value in rights.items() if value} for rights in hub.issued
    ]


def test_an_act_the_hub_refuses_stops_the_demo_and_says_which() -> None:
    welcome = willing()

    def refuse(asked: Asked) -> tuple[int, Any]:
        answer: Any = {"issue": [{"diagnostics": "Consent: not entitled"}]}
        return (403, answer) if asked.method == "POST" else welcome(asked)

    with a_hub(refuse) as hub, pytest.raises(HubError) as caught:
        act(Stage(hub.clients, CALENDAR))
    assert caught.value.where == data("acts.yaml")[0]["says"]
    assert "status 403: Consent: not entitled" in caught.value.what
