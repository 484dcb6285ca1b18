"""Delete and conditional delete (R4 http.html#delete)."""

from __future__ import annotations

import pytest

from hub.kernel.types import Json
from tests.api.house import House, body, in_house, observation, patient


def test_a_clinical_statement_is_marked_entered_in_error_before_it_goes(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(observation("p1"))
        path = f"/Observation/{made['id']}"
        answer = await home.ask("DELETE", path)
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (204, b"", 'W/"3"')
        assert body(await home.ask("GET", f"{path}/_history/2"))["status"] == "entered-in-error"
        assert (await home.ask("GET", path)).status_code == 410
        assert body(await home.ask("GET", "/Observation?_summary=count"))["total"] == 0

    in_house(database_url, visit)


def test_a_draft_goes_as_it_is(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(observation("p1", status="preliminary"))
        answer = await home.ask("DELETE", f"/Observation/{made['id']}")
        assert answer.headers["etag"] == 'W/"2"'

    in_house(database_url, visit)


@pytest.mark.parametrize(
    "resource",
    [
        {"resourceType": "Condition", "subject": {"reference": "Patient/p1"}, "clinicalStatus": {"text": "active"}},
        {"resourceType": "AllergyIntolerance", "patient": {"reference": "Patient/p1"}},
    ],
)
def test_a_condition_says_so_in_its_verification_status(database_url: str, resource: Json) -> None:
    async def visit(home: House) -> None:
        made = await home.create(resource)
        path = f"/{resource['resourceType']}/{made['id']}"
        await home.ask("DELETE", path)
        voided = body(await home.ask("GET", f"{path}/_history/2"))
        assert voided["verificationStatus"]["coding"][0]["code"] == "entered-in-error"
        assert "clinicalStatus" not in voided

    in_house(database_url, visit)


def test_deleting_again_changes_nothing(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient())
        path = f"/Patient/{made['id']}"
        first = await home.ask("DELETE", path)
        second = await home.ask("DELETE", path)
        assert (first.status_code, second.status_code) == (204, 204)
        assert first.headers["etag"] == second.headers["etag"]

    in_house(database_url, visit)


def test_deleting_what_another_facility_has_looks_like_deleting_nothing(database_url: str) -> None:
    async def visit(home: House) -> None:
        theirs = await home.create(patient(), who="hospital")
        hidden = await home.ask("DELETE", f"/Patient/{theirs['id']}")
        absent = await home.ask("DELETE", f"/Patient/{'a' * 26}")
        assert (hidden.status_code, hidden.content) == (404, absent.content)
        assert (await home.ask("GET", f"/Patient/{theirs['id']}", who="hospital")).status_code == 200

    in_house(database_url, visit)


def test_a_delete_of_a_version_that_moved_on_is_refused(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient())
        path = f"/Patient/{made['id']}"
        await home.ask("PUT", path, {**made, "gender": "other"})
        assert (await home.ask("DELETE", path, if_match='W/"1"')).status_code == 412
        assert (await home.ask("DELETE", path, if_match='W/"2"')).status_code == 204

    in_house(database_url, visit)


def test_a_conditional_delete_takes_its_one_match(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient())
        url = "/Patient?identifier=urn:test:mrn|mrn-1"
        assert (await home.ask("DELETE", url, who="hospital")).status_code == 204
        assert (await home.ask("GET", f"/Patient/{made['id']}")).status_code == 200
        assert (await home.ask("DELETE", url)).status_code == 204
        assert (await home.ask("GET", f"/Patient/{made['id']}")).status_code == 410
        assert (await home.ask("DELETE", url)).status_code == 204
        assert (await home.ask("DELETE", "/Patient")).status_code == 400

    in_house(database_url, visit)


def test_a_conditional_delete_of_several_is_refused(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.create(patient())
        await home.create(patient())
        assert (await home.ask("DELETE", "/Patient?identifier=urn:test:mrn|mrn-1")).status_code == 412
        assert body(await home.ask("GET", "/Patient?_summary=count"))["total"] == 2

    in_house(database_url, visit)
