"""`yilian subscriptions`, as an integration engineer uses it."""

from __future__ import annotations

import json

import pytest

from tests.api.house import patient
from tests.commands import yilian
from tests.events.house import Telled, in_telling

REFUSED = b"HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n"


@pytest.fixture
def failing(database_url: str) -> str:
    """URL of a database with a subscription whose receiver refused an event every time."""

    async def visit(telled: Telled) -> None:
        await telled.subscribe(telled.wanted("resource-changed", "Patient?", header=["X-Key: s3cret"]))
        await telled.home.create(patient(id="p-1"))
        telled.receiver.answers = [REFUSED] * 3
        await telled.gather()
        for _ in range(4):
            telled.skip(60)
            await telled.deliver()

    in_telling(database_url, visit)
    return database_url


def test_an_engineer_lists_shows_sends_again_and_switches_off(failing: str) -> None:
    url = ("--url", failing)
    (row,) = json.loads(yilian("subscriptions", "list", "--json", *url).stdout)
    assert (row["organization"], row["role"], row["channel"], row["status"]) == (
        "F05",
        "clinician",
        "rest-hook",
        "error",
    )
    assert (row["status"], row["error"]) == ("error", "receiver-500")
    assert (row["told"], row["dead"], row["waiting"]) == (1, 1, 0)
    assert row["host"].startswith("127.0.0.1:")
    listed = yilian("subscriptions", "list", *url).stdout
    shown = yilian("subscriptions", "show", row["id"], *url).stdout
    for text in (listed, shown, json.dumps(row)):
        assert "notify" not in text
        assert "s3cret" not in text
        assert "沈" not in text
    assert "receiver-500" in shown
    assert yilian("subscriptions", "resend", row["id"], *url).stdout == "1\n"
    again = json.loads(yilian("subscriptions", "show", row["id"], "--json", *url).stdout)
    assert (again["status"], again["dead"], again["open"]) == ("requested", 0, 1)
    assert yilian("subscriptions", "off", row["id"], *url).returncode == 0
    refused = yilian("subscriptions", "resend", row["id"], *url)
    assert refused.returncode != 0
    assert "Traceback" not in refused.stderr


def test_an_unknown_subscription_is_said_so(database_url: str) -> None:
    refused = yilian("subscriptions", "show", "none", "--url", database_url)
    assert refused.returncode != 0
    assert "no such subscription" in refused.stderr
