import asyncio
from typing import Any

import pytest

from hub.demo.community import Posting
from hub.demo.workstation import write
from hub.kernel.errors import Category, HubError
from tests.demo.a_hub import Asked, a_hub

BUNDLE = {"resourceType": "Bundle", "type": "transaction", "entry": [{}, {}]}
POSTINGS = [Posting(*who, {**BUNDLE, "id": str(n)}) for n, who in enumerate([("A", "B"), ("B", "C"), ("A", "D")])]


def test_each_facility_sends_in_order_with_the_token_of_who_wrote() -> None:
    with a_hub(lambda asked: (200, asked.body)) as hub:
        written = asyncio.run(write(POSTINGS, hub.clients))
    assert written == {"A": 4, "B": 2}
    assert all((asked.method, asked.path) == ("POST", "/fhir") for asked in hub.asked)
    sent = [(hub.issued[int(asked.token)]["role"], asked.body["id"]) for asked in hub.asked]
    assert sorted(sent) == [("B", "0"), ("C", "1"), ("D", "2")]
    assert sent.index(("B", "0")) < sent.index(("D", "2"))


def test_a_refused_transaction_stops_the_workstation_and_says_why() -> None:
    def refuse(_: Asked) -> tuple[int, Any]:
        return 422, {"resourceType": "OperationOutcome", "issue": [{"diagnostics": "Bundle.entry[1]: no"}]}

    with a_hub(refuse) as hub, pytest.raises(HubError) as caught:
        asyncio.run(write(POSTINGS[:1], hub.clients))
    assert (caught.value.category, caught.value.where) == (Category.INVALID, "A")
    assert "status 422" in caught.value.what
    assert caught.value.todo == "Bundle.entry[1]: no"
    assert len(hub.asked) == 1
