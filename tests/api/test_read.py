"""Read and vread over HTTP (R4 http.html#read, #vread)."""

from __future__ import annotations

import pytest

from tests.api.house import House, body, code, in_house, observation, patient


def test_a_resource_is_read_with_the_bytes_it_was_stored_with(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(observation("p1", "132.50"))
        answer = await home.ask("GET", f"/Observation/{made['id']}")
        assert answer.status_code == 200
        assert b'"value":132.50' in answer.content
        assert answer.headers["etag"] == 'W/"1"'
        assert answer.headers["last-modified"].endswith("GMT")
        assert answer.headers["content-type"] == "application/fhir+json; charset=utf-8"
        assert answer.headers["cache-control"] == "no-store, private"

    in_house(database_url, visit)


def test_a_resource_of_another_organisation_looks_like_one_that_does_not_exist(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient(), who="hospital")
        hidden = await home.ask("GET", f"/Patient/{made['id']}")
        absent = await home.ask("GET", "/Patient/aaaaaaaaaaaaaaaaaaaaaaaaaa")
        assert (hidden.status_code, hidden.content) == (404, absent.content)
        assert hidden.headers.keys() == absent.headers.keys()

    in_house(database_url, visit)


def test_a_client_that_has_the_version_is_answered_304(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient())
        answer = await home.ask("GET", f"/Patient/{made['id']}", if_none_match='W/"1"')
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", 'W/"1"')
        other = await home.ask("GET", f"/Patient/{made['id']}", if_none_match='W/"2"')
        assert other.status_code == 200

    in_house(database_url, visit)


def test_a_tag_tells_nothing_about_a_hidden_resource(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient(), who="hospital")
        answer = await home.ask("GET", f"/Patient/{made['id']}", if_none_match='W/"1"')
        assert answer.status_code == 404

    in_house(database_url, visit)


def test_each_version_can_be_read(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient())
        path = f"/Patient/{made['id']}"
        await home.ask("PUT", path, {**made, "gender": "male"})
        first = await home.ask("GET", f"{path}/_history/1")
        second = await home.ask("GET", f"{path}/_history/2")
        assert (body(first)["gender"], body(second)["gender"]) == ("female", "male")
        assert (first.headers["etag"], second.headers["etag"]) == ('W/"1"', 'W/"2"')

    in_house(database_url, visit)


@pytest.mark.parametrize("version", ["3", "0", "x", "01", "99999999999999999999"])
def test_a_version_that_never_was_is_absent(database_url: str, version: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient())
        answer = await home.ask("GET", f"/Patient/{made['id']}/_history/{version}")
        assert answer.status_code == 404

    in_house(database_url, visit)


def test_a_deleted_resource_is_gone_for_those_who_could_read_it_only(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient())
        path = f"/Patient/{made['id']}"
        assert (await home.ask("DELETE", path)).status_code == 204
        gone = await home.ask("GET", path)
        assert (gone.status_code, code(gone)) == (410, "deleted")
        assert (await home.ask("GET", path, who="hospital")).status_code == 404
        assert (await home.ask("GET", f"{path}/_history/1")).status_code == 200
        assert (await home.ask("GET", f"{path}/_history/2")).status_code == 410

    in_house(database_url, visit)


def test_an_unknown_parameter_of_a_read_is_refused_by_name_unless_lenient(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient())
        path = f"/Patient/{made['id']}?_colour=red"
        refused = await home.ask("GET", path)
        assert refused.status_code == 400
        assert "_colour" in refused.text
        assert (await home.ask("GET", path, prefer="handling=lenient")).status_code == 200

    in_house(database_url, visit)


def test_pretty_printing_changes_no_digit(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(observation("p1", "1.500"))
        answer = await home.ask("GET", f"/Observation/{made['id']}?_pretty=true&_format=json")
        assert b'"value": 1.500' in answer.content
        assert body(answer) == made

    in_house(database_url, visit)
