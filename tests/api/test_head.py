"""HEAD (R4 http.html#head): what GET would answer, without the body. RFC 9110 section 9.3.2."""

from __future__ import annotations

import pytest

from tests.api.house import House, body, in_house, observation, patient


@pytest.mark.parametrize("what", ["", "/_history", "/_history/1", "/$meta"])
def test_head_has_the_headers_of_get_and_no_body(database_url: str, what: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(observation((await home.create(patient()))["id"]))
        path = f"/Observation/{made['id']}{what}"
        got, head = await home.ask("GET", path), await home.ask("HEAD", path)
        assert (head.status_code, head.content) == (200, b"")
        assert {**head.headers, "x-request-id": ""} == {**got.headers, "x-request-id": ""}
        assert int(head.headers["content-length"]) == len(got.content) > 0

    in_house(database_url, visit)


def test_a_refusal_is_told_by_its_status(database_url: str) -> None:
    async def visit(home: House) -> None:
        answer = await home.ask("HEAD", "/Observation/nothing")
        assert (answer.status_code, answer.content) == (404, b"")
        assert (await home.ask("HEAD", "/metadata", who="")).status_code == 200
        assert (await home.ask("HEAD", "/Observation/_search")).status_code == 405

    in_house(database_url, visit)


def test_conditions_hold_for_head_too(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient())
        path = f"/Patient/{made['id']}"
        assert (await home.ask("HEAD", path, if_none_match='W/"1"')).status_code == 304
        await home.ask("PUT", path, {**made, "birthDate": "1960-01-01"})
        assert (await home.ask("HEAD", path, if_none_match='W/"1"')).status_code == 200
        assert body(await home.ask("GET", path))["birthDate"] == "1960-01-01"

    in_house(database_url, visit)
