"""Instance history with pages (R4 http.html#history)."""

from __future__ import annotations

import pytest

from tests.api.house import BASE, House, body, in_house, observation, patient
from tests.api.test_search import all_pages, link


def test_versions_stand_newest_first_with_what_made_them(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(observation("p1"))
        path = f"/Observation/{made['id']}"
        await home.ask("PUT", path, {**made, "status": "amended"})
        await home.ask("DELETE", path)
        page = body(await home.ask("GET", f"{path}/_history"))
        assert page["type"] == "history"
        told = [(e["request"]["method"], e["response"]["etag"], e["response"]["status"]) for e in page["entry"]]
        assert told == [
            ("DELETE", 'W/"4"', "204 No Content"),
            ("PUT", 'W/"3"', "200 OK"),
            ("PUT", 'W/"2"', "200 OK"),
            ("POST", 'W/"1"', "201 Created"),
        ]
        assert "resource" not in page["entry"][0]
        assert [e["resource"]["status"] for e in page["entry"][1:]] == ["entered-in-error", "amended", "final"]
        assert {e["fullUrl"] for e in page["entry"]} == {f"{BASE}{path}"}

    in_house(database_url, visit)


def test_a_long_history_comes_in_pages(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient())
        path = f"/Patient/{made['id']}"
        for year in range(60, 66):
            await home.ask("PUT", path, {**made, "birthDate": f"19{year}-01-01"})
        pages = await all_pages(home, f"{path}/_history?_count=3")
        versions = [[e["resource"]["meta"]["versionId"] for e in page["entry"]] for page in pages]
        assert versions == [["7", "6", "5"], ["4", "3", "2"], ["1"]]
        following = link(pages[0], "next")
        assert following is not None
        assert (await home.ask("GET", following.removeprefix(BASE), who="hospital")).status_code == 404

    in_house(database_url, visit)


def test_the_history_of_another_facility_looks_like_that_of_nothing(database_url: str) -> None:
    async def visit(home: House) -> None:
        theirs = await home.create(patient(), who="hospital")
        hidden = await home.ask("GET", f"/Patient/{theirs['id']}/_history")
        absent = await home.ask("GET", f"/Patient/{'a' * 26}/_history")
        assert (hidden.status_code, hidden.content) == (404, absent.content)

    in_house(database_url, visit)


@pytest.mark.parametrize("query", ["_since=2020", "_count=x", "_count=1&_count=2", "name=a"])
def test_what_a_history_does_not_know_is_refused(database_url: str, query: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient())
        assert (await home.ask("GET", f"/Patient/{made['id']}/_history?{query}")).status_code == 400

    in_house(database_url, visit)
