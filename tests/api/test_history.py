"""History of an instance, of a type and of the system, with pages (R4 http.html#history, bundle.html#history).

"Each entry SHALL minimally contain at least one of: a resource which holds the resource as it is at the conclusion of
the interaction, or a request with entry.request.method"; bdl-3 and bdl-4: request and response in every entry.
"""

from __future__ import annotations

import pytest

from hub.fhir.validate import validate
from tests.api.house import BASE, House, body, code, in_house, observation, patient
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


def test_what_is_put_back_after_a_deletion_was_created_anew(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(observation("p1"))
        path = f"/Observation/{made['id']}"
        await home.ask("DELETE", path)
        assert (await home.ask("PUT", path, made)).status_code == 201
        await home.ask("PUT", path, {**made, "status": "amended"})
        for history in (f"{path}/_history", "/Observation/_history"):
            found = body(await home.ask("GET", history))["entry"]
            told = [(e["response"]["etag"], e["request"]["method"], e["response"]["status"]) for e in found[:3]]
            assert told == [
                ('W/"5"', "PUT", "200 OK"),
                ('W/"4"', "PUT", "201 Created"),
                ('W/"3"', "DELETE", "204 No Content"),
            ]
        # The deletion need not stand on the same page.
        pages = await all_pages(home, f"{path}/_history?_count=1")
        assert [page["entry"][0]["response"]["status"] for page in pages][1] == "201 Created"

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


@pytest.mark.parametrize("query", ["_since=x", "_list=a", "_count=x", "_count=1&_count=2", "name=a"])
def test_what_a_history_does_not_know_is_refused(database_url: str, query: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient())
        assert (await home.ask("GET", f"/Patient/{made['id']}/_history?{query}")).status_code == 400

    in_house(database_url, visit)


async def recorded(home: House) -> str:
    """A patient with a value that is amended and deleted; the id of the value."""
    made = await home.create(observation((await home.create(patient()))["id"]))
    await home.ask("PUT", f"/Observation/{made['id']}", {**made, "status": "amended"})
    await home.ask("DELETE", f"/Observation/{made['id']}")
    rid: str = made["id"]
    return rid


@pytest.mark.parametrize(("path", "versions"), [("/Observation/_history", 4), ("/_history", 5)])
def test_the_history_of_a_type_and_of_the_system(database_url: str, path: str, versions: int) -> None:
    async def visit(home: House) -> None:
        rid = await recorded(home)
        page = body(await home.ask("GET", path))
        assert (page["type"], page["total"], len(page["entry"])) == ("history", versions, versions)
        deleted, *_ = page["entry"]
        assert deleted == {
            "fullUrl": f"{BASE}/Observation/{rid}",
            "request": {"method": "DELETE", "url": f"Observation/{rid}"},
            "response": {**deleted["response"], "status": "204 No Content", "etag": 'W/"4"'},
        }
        assert [entry["request"]["method"] for entry in page["entry"]][:4] == ["DELETE", "PUT", "PUT", "POST"]
        assert [issue for issue in validate(page) if issue.severity in {"fatal", "error"}] == []
        assert page["link"] == [{"relation": "self", "url": f"{BASE}{path}"}]

    in_house(database_url, visit)


@pytest.mark.parametrize("path", ["/Observation/_history", "/_history"])
def test_pages_of_it_keep_what_was_asked_and_the_total_is_told_only_when_it_is_known(
    database_url: str, path: str
) -> None:
    async def visit(home: House) -> None:
        await recorded(home)
        pages = await all_pages(home, f"{path}?_count=2&_since=2026-05-20")
        assert [len(page["entry"]) for page in pages[:-1]] == [2] * (len(pages) - 1)
        assert all("total" not in page for page in pages)
        assert len({page["meta"]["lastUpdated"] for page in pages}) == 1
        following = link(pages[0], "next")
        assert following is not None
        assert "_since=2026-05-20" in following
        assert (await home.ask("GET", following.removeprefix(BASE), who="hospital")).status_code == 404

    in_house(database_url, visit)


@pytest.mark.parametrize("path", ["/Observation/_history", "/_history"])
def test_other_facilities_see_nothing_of_it(database_url: str, path: str) -> None:
    async def visit(home: House) -> None:
        await recorded(home)
        page = body(await home.ask("GET", path, who="hospital"))
        assert (page["total"], page.get("entry")) == (0, None)

    in_house(database_url, visit)


def test_a_parameter_it_does_not_have_is_left_out_for_who_asks_leniently(database_url: str) -> None:
    async def visit(home: House) -> None:
        await recorded(home)
        refused = await home.ask("GET", "/Observation/_history?name=a")
        assert (refused.status_code, code(refused)) == (400, "unknown-parameter")
        page = body(await home.ask("GET", "/Observation/_history?name=a", prefer="handling=lenient"))
        assert page["link"][0]["url"] == f"{BASE}/Observation/_history"

    in_house(database_url, visit)


def test_it_may_be_asked_for_in_a_batch(database_url: str) -> None:
    async def visit(home: House) -> None:
        await recorded(home)
        entries = [{"request": {"method": "GET", "url": url}} for url in ("_history?_count=1", "Observation/_history")]
        answer = body(await home.ask("POST", "", {"resourceType": "Bundle", "type": "batch", "entry": entries}))
        assert [len(entry["resource"]["entry"]) for entry in answer["entry"]] == [1, 4]

    in_house(database_url, visit)


def test_audit_events_have_no_history(database_url: str) -> None:
    async def visit(home: House) -> None:
        assert (await home.ask("GET", "/AuditEvent/_history")).status_code == 404

    in_house(database_url, visit)
