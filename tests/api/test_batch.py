"""Batch: every entry for itself (R4 http.html#brules, attack 16)."""

from __future__ import annotations

from typing import Any

import pytest

from hub.kernel.types import Json
from tests.api.house import House, body, in_house, patient


def entry(method: str, url: str, resource: Json | None = None, **request: str) -> Json:
    made: Json = {"request": {"method": method, "url": url, **request}}
    return made if resource is None else {**made, "resource": resource}


def batch(*entries: Any) -> Json:
    return {"resourceType": "Bundle", "type": "batch", "entry": list(entries)}


def statuses(answer: Any) -> list[str]:
    return [e["response"]["status"].split()[0] for e in body(answer).get("entry", [])]


def test_answers_stand_in_the_order_of_the_entries(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient())
        answer = await home.ask(
            "POST",
            "",
            batch(
                entry("GET", f"Patient/{made['id']}"),
                entry("POST", "Patient", patient(gender="other")),
                entry("GET", "Patient?gender=other"),
                entry("PUT", f"Patient/{made['id']}", {**made, "birthDate": "1958-04-13"}),
                entry("DELETE", "Patient/absent"),
                entry("GET", f"Patient/{made['id']}/_history/1"),
            ),
        )
        assert statuses(answer) == ["200", "201", "200", "200", "404", "200"]
        page = body(answer)
        assert page["type"] == "batch-response"
        assert page["entry"][0]["resource"]["birthDate"] == "1958-04-13"
        assert page["entry"][1]["response"]["location"].startswith("Patient/")
        assert page["entry"][2]["resource"]["total"] == 1
        assert page["entry"][3]["response"]["etag"] == 'W/"2"'
        assert page["entry"][4]["response"]["outcome"]["resourceType"] == "OperationOutcome"

    in_house(database_url, visit)


def test_a_refused_entry_does_not_touch_the_others(database_url: str) -> None:
    async def visit(home: House) -> None:
        answer = await home.ask(
            "POST",
            "",
            batch(
                entry("POST", "Consent", {"resourceType": "Consent"}),
                entry("POST", "Patient", patient()),
                entry("POST", "Patient", {"resourceType": "Observation"}),
                entry("GET", "Nonsense/1"),
                entry("GET", "Patient?flavour=1"),
                entry("PATCH", "Patient/1"),
                {"resource": patient()},
                "entry",
            ),
        )
        assert statuses(answer) == ["403", "201", "400", "404", "400", "422", "422", "422"]
        assert body(await home.ask("GET", "/Patient?_summary=count"))["total"] == 1

    in_house(database_url, visit)


def test_a_hidden_resource_in_a_batch_looks_absent(database_url: str) -> None:
    async def visit(home: House) -> None:
        theirs = await home.create(patient(), who="hospital")
        answer = await home.ask(
            "POST",
            "",
            batch(
                entry("GET", f"Patient/{theirs['id']}"),
                entry("GET", "Patient/absent"),
                entry("GET", f"Patient?_id={theirs['id']}"),
                entry("PUT", f"Patient/{theirs['id']}", {**theirs, "gender": "other"}),
                entry("DELETE", f"Patient/{theirs['id']}"),
                entry("GET", f"Patient/{theirs['id']}/_history"),
            ),
        )
        assert statuses(answer) == ["404", "404", "200", "404", "404", "404"]
        entries = body(answer)["entry"]
        assert entries[0] == entries[1]
        assert entries[2]["resource"]["total"] == 0

    in_house(database_url, visit)


def test_conditions_of_an_entry_count(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient())
        criterion = "identifier=urn:test:mrn|mrn-1"
        url = f"Patient/{made['id']}"
        answer = await home.ask(
            "POST",
            "",
            batch(
                entry("POST", "Patient", patient(), ifNoneExist=criterion),
                entry("PUT", url, {**made, "gender": "other"}, ifMatch='W/"9"'),
                entry("GET", url, ifNoneMatch='W/"1"'),
            ),
        )
        assert statuses(answer) == ["200", "412", "304"]
        assert body(answer)["entry"][0]["response"]["location"] == f"{url}/_history/1"

    in_house(database_url, visit)


def test_many_entries_share_their_commits_and_are_all_written(database_url: str) -> None:
    async def visit(home: House) -> None:
        # People with nothing in common: how look-alikes are matched is not the question here.
        strangers = (
            patient(name=[{"text": chr(0x4E10 + 7 * n)}], birthDate=f"{1900 + n // 2}-03-1{n % 2}") for n in range(200)
        )
        answer = await home.ask("POST", "", batch(*(entry("POST", "Patient", one) for one in strangers)))
        assert statuses(answer) == ["201"] * 200
        assert body(await home.ask("GET", "/Patient?_summary=count"))["total"] == 200

    in_house(database_url, visit)


@pytest.mark.parametrize(
    "sent",
    [{"resourceType": "Patient"}, {"resourceType": "Bundle"}, {"resourceType": "Bundle", "type": "collection"}],
)
def test_what_is_neither_batch_nor_transaction_is_refused(database_url: str, sent: Json) -> None:
    async def visit(home: House) -> None:
        assert (await home.ask("POST", "", sent)).status_code == 400

    in_house(database_url, visit)


def test_an_empty_batch_has_an_empty_answer(database_url: str) -> None:
    async def visit(home: House) -> None:
        answer = await home.ask("POST", "", {"resourceType": "Bundle", "type": "batch"})
        assert body(answer) == {"resourceType": "Bundle", "type": "batch-response"}

    in_house(database_url, visit)
