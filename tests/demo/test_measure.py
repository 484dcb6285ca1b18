from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from hub.demo.calendar import Calendar
from hub.demo.measure import measure_report, scores
from hub.demo.stage import Stage
from hub.fhir.validate import validate
from hub.kernel.errors import HubError
from tests.demo.a_hub import Asked, a_hub

CALENDAR = Calendar(datetime(2026, 11, 22, 4, 0, tzinfo=UTC))
COUNTS = {"ge2025-11-22": 60, "ge2026-08-24": 48, "$lt140": 31}


def centre(asked: Asked) -> tuple[int, Any]:
    persons = next(count for text, count in reversed(COUNTS.items()) if text in asked.body["count"])
    return 200, {"cells": [{"persons": persons}]}


def test_rates_are_shares_of_the_persons_who_are_managed() -> None:
    with a_hub(centre) as hub:
        report = measure_report(Stage(hub.clients, CALENDAR))
    assert validate(report) == []
    assert report["period"] == {"start": "2026-10-23", "end": "2026-11-22"}
    assert list(scores(report)) == [
        ("高血压患者规范管理率", Decimal("80.0"), 48, 60),
        ("管理人群血压控制率", Decimal("51.7"), 31, 60),
    ]
    assert {(rights["organization"], rights["form"]) for rights in hub.issued} == {("F08", "aggregate")}


def test_no_rate_is_made_of_a_count_that_is_withheld() -> None:
    with a_hub(lambda _: (200, {"cells": []})) as hub, pytest.raises(HubError, match="withheld"):
        measure_report(Stage(hub.clients, CALENDAR))
