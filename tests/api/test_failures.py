"""What a client and the log are told when something goes wrong (attack 44)."""

from __future__ import annotations

from typing import Any

import pytest

from hub.api.failures import STATUS_OF_CODE, status_of
from hub.kernel.errors import HTTP, Category, HubError
from hub.records.operations import Operation
from tests.api.house import BASE, House, body, in_house, patient

CANARY = "沈桂兰金丝雀"


class Broken:
    """A records door with a defect."""

    async def write(self, *_: Any, **__: Any) -> Operation:
        raise RuntimeError(f"cannot store {CANARY}")


def test_a_defect_is_told_by_a_number_alone_and_logged_by_class_and_position(database_url: str) -> None:
    async def visit(home: House) -> None:
        answer = await home.ask("POST", "/Patient", patient(name=[{"text": CANARY}]))
        assert answer.status_code == 500
        number = answer.headers["x-request-id"]
        assert number in body(answer)["issue"][0]["diagnostics"]
        logged = home.log.getvalue()
        assert number in logged
        assert "RuntimeError" in logged
        assert "test_failures:" in logged
        for place in (answer.text, logged):
            assert CANARY not in place

    in_house(database_url, visit, writes=Broken())


@pytest.mark.parametrize(
    ("sent", "given"), [("cart-7:b", "cart-7:b"), ("a b", None), ("x" * 129, None), ("a\u00e9", None), ("", None)]
)
def test_what_a_client_calls_its_request_is_given_back_to_it(database_url: str, sent: str, given: str | None) -> None:
    """R4 http.html, Custom Headers: X-Correlation-Id."""

    async def visit(home: House) -> None:
        for path in ("/metadata", "/Patient/nobody", "/nonsense"):
            answer = await home.http.get(f"{BASE}{path}", headers={b"x-correlation-id": sent.encode("latin-1")})
            assert answer.headers.get("x-correlation-id") == given
            assert sent not in home.log.getvalue() or not sent

    in_house(database_url, visit)


def test_a_defect_in_one_entry_of_a_batch_is_told_in_that_entry(database_url: str) -> None:
    async def visit(home: House) -> None:
        write = {"resource": patient(), "request": {"method": "POST", "url": "Patient"}}
        read = {"request": {"method": "GET", "url": "Patient"}}
        answer = await home.ask("POST", "", {"resourceType": "Bundle", "type": "batch", "entry": [write, read]})
        statuses = [entry["response"]["status"] for entry in body(answer)["entry"]]
        assert statuses == ["500 Internal Server Error", "200 OK"]

    in_house(database_url, visit, writes=Broken())


@pytest.mark.parametrize("category", Category)
def test_every_category_has_its_status(category: Category) -> None:
    assert status_of(HubError(category, "x")) == HTTP[category].status


@pytest.mark.parametrize(("code", "status"), STATUS_OF_CODE.items())
def test_a_code_with_a_status_of_its_own_wins(code: str, status: int) -> None:
    assert status_of(HubError(Category.INVALID, "x", code=code)) == status


CANARIES = ["沈桂兰金丝雀", "990122195804120960"]


def test_what_clients_send_is_neither_logged_nor_repeated_nor_measured(database_url: str) -> None:
    async def visit(home: House) -> None:
        for canary in CANARIES:
            answers = [
                await home.ask("GET", f"/Patient/{canary}"),
                await home.ask("GET", f"/{canary}"),
                await home.ask("GET", f"/Patient/a/_history/{canary}"),
                await home.ask("GET", f"/Patient?birthdate={canary}"),
                await home.ask("GET", f"/Patient?{canary}=1"),
                await home.ask("GET", f"/Patient?name:{canary}=1"),
                await home.ask("GET", f"/Patient?_sort={canary}"),
                await home.ask("GET", f"/Patient?_include={canary}"),
                await home.ask("GET", f"/Observation?patient.{canary}=1"),
                await home.ask("GET", f"/Patient?_format={canary}"),
                await home.ask("POST", "/Patient", canary.encode()),
                await home.ask("POST", "/Patient", {"resourceType": canary}),
                await home.ask("POST", "", {"resourceType": "Bundle", "type": canary}),
                await home.ask(
                    "POST",
                    "",
                    {
                        "resourceType": "Bundle",
                        "type": "transaction",
                        "entry": [{"request": {"method": canary, "url": canary}}],
                    },
                ),
            ]
            for answer in answers:
                assert answer.status_code >= 400
                assert canary not in answer.text, answer.text
        metrics = (await home.http.get("http://hub.test/metrics")).text
        for canary in CANARIES:
            assert canary not in home.log.getvalue()
            assert canary not in metrics

    in_house(database_url, visit)
