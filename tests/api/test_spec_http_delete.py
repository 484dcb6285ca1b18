"""What R4 says of delete, conditional delete and history of an instance, each statement a test.

https://hl7.org/fhir/R4/http.html#delete, #3.1.0.7.1, #history
"""

from __future__ import annotations

from typing import Any

import pytest

from hub.fhir.validate import validate
from tests.api.house import BASE, House, body, code, in_house, patient

PATH = "/Patient/F05-p"
BY_NUMBER = "/Patient?identifier=urn:test:mrn|mrn-1"


def visited(url: str, visit: Any) -> None:
    async def settled(home: House) -> None:
        assert (await home.ask("PUT", PATH, patient(id="F05-p"))).status_code == 201
        await visit(home)

    in_house(url, settled, validate=validate)


def test_after_it_reads_are_410_and_searches_do_not_find_it(database_url: str) -> None:
    async def visit(home: House) -> None:
        answer = await home.ask("DELETE", PATH)
        assert (answer.status_code, answer.content) == (204, b"")
        assert "content-type" not in answer.headers
        assert (await home.ask("GET", PATH)).status_code == 410
        assert body(await home.ask("GET", f"{BY_NUMBER}&_total=accurate"))["total"] == 0

    visited(database_url, visit)


def test_deleting_what_is_deleted_already_has_no_effect_and_is_204(database_url: str) -> None:
    async def visit(home: House) -> None:
        first, second = [await home.ask("DELETE", PATH) for _ in range(2)]
        assert (first.status_code, second.status_code) == (204, 204)
        assert first.headers["etag"] == second.headers["etag"] == 'W/"2"'

    visited(database_url, visit)


def test_deleting_what_never_was_has_no_effect_and_is_204(database_url: str) -> None:
    """R4: "or if the resource does not exist at all, the server should return [...] a 204 No Content"."""

    async def visit(home: House) -> None:
        answer = await home.ask("DELETE", "/Patient/F05-never")
        assert (answer.status_code, answer.content) == (204, b"")
        assert "etag" not in answer.headers
        assert (await home.ask("GET", "/Patient/F05-never")).status_code == 404
        never = {"request": {"method": "DELETE", "url": "Patient/F05-never"}}
        for kind in ("batch", "transaction"):
            told = body(await home.ask("POST", "", {"resourceType": "Bundle", "type": kind, "entry": [never]}))
            assert told["entry"] == [{"response": {"status": "204 No Content"}}]

    visited(database_url, visit)


def test_a_version_of_what_never_was_is_not_deleted(database_url: str) -> None:
    async def visit(home: House) -> None:
        assert (await home.ask("DELETE", "/Patient/F05-never", if_match='W/"1"')).status_code == 412

    visited(database_url, visit)


def test_where_others_choose_ids_what_never_was_is_told_as_what_is_not_yours(database_url: str) -> None:
    """One answer for both, so that nobody learns what another facility has (decision 0004)."""

    async def visit(home: House) -> None:
        await home.ask("PUT", "/Patient/F01-p", patient(id="F01-p"), who="hospital")
        theirs, nothing = [await home.ask("DELETE", f"/Patient/{rid}") for rid in ("F01-p", "F01-q")]
        assert (theirs.status_code, theirs.content) == (nothing.status_code, nothing.content)
        assert (nothing.status_code, code(nothing)) == (404, "not-yours")

    visited(database_url, visit)


def test_it_does_not_remove_the_version_history(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.ask("DELETE", PATH)
        assert body(await home.ask("GET", f"{PATH}/_history/1"))["gender"] == "female"
        page = body(await home.ask("GET", f"{PATH}/_history"))
        assert [entry["request"]["method"] for entry in page["entry"]] == ["DELETE", "POST"]
        assert ["resource" in entry for entry in page["entry"]] == [False, True]

    visited(database_url, visit)


def test_it_may_name_the_version_it_means(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.ask("PUT", PATH, patient(id="F05-p", gender="other"))
        assert (await home.ask("DELETE", PATH, if_match='W/"1"')).status_code == 412
        assert (await home.ask("DELETE", PATH, if_match='W/"2"')).status_code == 204

    visited(database_url, visit)


def test_conditional_with_one_match_deletes_it(database_url: str) -> None:
    async def visit(home: House) -> None:
        assert (await home.ask("DELETE", BY_NUMBER)).status_code == 204
        assert (await home.ask("GET", PATH)).status_code == 410

    visited(database_url, visit)


def test_conditional_with_no_match_is_an_ordinary_delete_of_nothing(database_url: str) -> None:
    async def visit(home: House) -> None:
        assert (await home.ask("DELETE", "/Patient?identifier=a|b")).status_code == 204
        assert (await home.ask("DELETE", BY_NUMBER, who="hospital")).status_code == 204  # hidden from it: no match
        assert (await home.ask("GET", PATH)).status_code == 200

    visited(database_url, visit)


def test_conditional_with_multiple_matches_deletes_none_and_is_412(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.create(patient())
        assert (await home.ask("DELETE", BY_NUMBER)).status_code == 412
        assert body(await home.ask("GET", f"{BY_NUMBER}&_summary=count"))["total"] == 2
        rest = body(await home.ask("GET", "/metadata"))["rest"][0]
        (told,) = [one for one in rest["resource"] if one["type"] == "Patient"]
        assert told["conditionalDelete"] == "single"

    visited(database_url, visit)


@pytest.mark.parametrize("criterion", ["", "?", "?_count=1", "?identifier=", "?_sort=_id", "?shoe=4"])
def test_conditional_on_what_selects_nothing_deletes_nothing(database_url: str, criterion: str) -> None:
    async def visit(home: House) -> None:
        assert (await home.ask("DELETE", f"/Patient{criterion}")).status_code == 400
        assert (await home.ask("GET", PATH)).status_code == 200

    visited(database_url, visit)


def test_conditional_of_a_version_that_nothing_has_is_412(database_url: str) -> None:
    async def visit(home: House) -> None:
        assert (await home.ask("DELETE", BY_NUMBER, if_match='W/"7"')).status_code == 412
        assert (await home.ask("DELETE", "/Patient?identifier=a|b", if_match='W/"1"')).status_code == 412

    visited(database_url, visit)


def test_history_is_sorted_with_the_oldest_versions_last_and_says_what_made_each(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.ask("PUT", PATH, patient(id="F05-p", gender="other"))
        await home.ask("DELETE", PATH)
        page = body(await home.ask("GET", f"{PATH}/_history"))
        assert page["type"] == "history"
        entries = page["entry"]
        assert [(e["request"]["method"], e["request"]["url"]) for e in entries] == [
            ("DELETE", "Patient/F05-p"),
            ("PUT", "Patient/F05-p"),
            ("POST", "Patient"),
        ]
        assert [e["response"]["etag"] for e in entries] == ['W/"3"', 'W/"2"', 'W/"1"']
        assert {e["fullUrl"] for e in entries} == {f"{BASE}{PATH}"}

    visited(database_url, visit)


def test_history_cannot_return_more_than_count_and_keeps_count_across_pages(database_url: str) -> None:
    async def visit(home: House) -> None:
        for n in range(4):
            await home.ask("PUT", PATH, patient(id="F05-p", birthDate=f"195{n}"))
        url, versions = f"{PATH}/_history?_count=2", []
        while url:
            page = body(await home.ask("GET", url))
            assert len(page["entry"]) <= 2
            versions += [e["response"]["etag"] for e in page["entry"]]
            links = {link["relation"]: link["url"] for link in page["link"]}
            assert "_count=2" in links["self"]
            url = links.get("next", "").removeprefix(BASE)
        assert versions == [f'W/"{n}"' for n in (5, 4, 3, 2, 1)]

    visited(database_url, visit)
