"""What R4 says of update, conditional update and contention, each statement a test.

https://hl7.org/fhir/R4/http.html#update, #upsert, #cond-update, #concurrency
"""

from __future__ import annotations

from typing import Any

import pytest

from hub.fhir.validate import validate
from hub.kernel.types import Json
from tests.api.house import BASE, House, body, code, in_house, observation, patient

PATH = "/Patient/F05-p"
BY_NUMBER = "/Patient?identifier=urn:test:mrn|mrn-1"


def visited(url: str, visit: Any) -> None:
    in_house(url, visit, validate=validate)


def mine(**elements: Any) -> Json:
    return patient(id="F05-p", **elements)


@pytest.mark.parametrize("own", [{}, {"id": "F05-other"}, {"id": None}, {"id": 5}, {"id": ["F05-p"]}])
def test_without_the_id_of_the_url_it_is_400_with_an_outcome(database_url: str, own: Json) -> None:
    async def visit(home: House) -> None:
        answer = await home.ask("PUT", PATH, {**patient(), **own})
        assert (answer.status_code, code(answer)) == (400, "id-mismatch")

    visited(database_url, visit)


def test_version_id_and_last_updated_of_the_body_are_ignored(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.ask("PUT", PATH, mine())
        for meta in ({"versionId": "9", "lastUpdated": "2001-01-01T00:00:00Z"}, {"versionId": 9}):
            kept = body(await home.ask("PUT", PATH, mine(meta=meta)))  # nothing else changed: no version
            assert kept["meta"]["versionId"] == "1"
        changed = body(await home.ask("PUT", PATH, mine(meta={"versionId": "9"}, gender="other")))
        assert (changed["meta"]["versionId"], changed["meta"]["lastUpdated"][:4]) == ("2", "2026")

    visited(database_url, visit)


def test_it_is_200_for_an_update_and_201_with_location_for_a_create(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.ask("PUT", PATH, mine())
        assert (made.status_code, made.headers["location"]) == (201, f"{BASE}{PATH}/_history/1")
        changed = await home.ask("PUT", PATH, mine(gender="other"))
        assert (changed.status_code, changed.headers["etag"]) == (200, 'W/"2"')
        assert "last-modified" in changed.headers

    visited(database_url, visit)


def test_the_whole_content_is_replaced(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.ask("PUT", PATH, mine(active=True))
        await home.ask("PUT", PATH, {"resourceType": "Patient", "id": "F05-p"})
        assert (body(await home.ask("GET", PATH)).keys()) == {"resourceType", "id", "meta"}

    visited(database_url, visit)


def test_a_client_defines_ids_in_its_own_space_and_nowhere_else(database_url: str) -> None:
    """The hub's rule (decision 0004): an id of another space is answered as what is not there."""

    async def visit(home: House) -> None:
        assert (await home.ask("PUT", "/Patient/F05-new", patient(id="F05-new"))).status_code == 201
        await home.create(patient(), who="hospital")
        for rid in ("F01-new", "F05", "f05-new", "abc", "-F05-x", "F05.x"):
            refused = await home.ask("PUT", f"/Patient/{rid}", patient(id=rid))
            assert (refused.status_code, code(refused)) == (404, "not-yours"), rid

    visited(database_url, visit)


def test_a_resource_that_breaks_rules_is_refused_and_the_version_stands(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.ask("PUT", PATH, mine())
        assert (await home.ask("PUT", PATH, mine(gender="x"))).status_code == 422
        assert (await home.ask("PUT", "/Observation/F05-p", mine())).status_code == 400
        assert (await home.ask("GET", PATH)).headers["etag"] == 'W/"1"'

    visited(database_url, visit)


def test_contention_if_match_of_another_version_is_412_and_changes_nothing(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.ask("PUT", PATH, mine())
        await home.ask("PUT", PATH, mine(gender="other"))
        for tag in ('W/"1"', 'W/"3"', '"1"'):
            refused = await home.ask("PUT", PATH, mine(active=True), if_match=tag)
            assert refused.status_code == 412
            assert body(refused)["issue"][0]["diagnostics"].startswith("Patient: is not at the version If-Match names")
        assert (await home.ask("GET", PATH)).headers["etag"] == 'W/"2"'
        assert (await home.ask("PUT", PATH, mine(active=True), if_match='W/"2"')).status_code == 200

    visited(database_url, visit)


def test_contention_if_match_on_what_is_not_there_is_412(database_url: str) -> None:
    async def visit(home: House) -> None:
        for tag in ('W/"1"', "*"):
            assert (await home.ask("PUT", PATH, mine(), if_match=tag)).status_code == 412
        assert (await home.ask("GET", PATH)).status_code == 404

    visited(database_url, visit)


def test_contention_a_strong_tag_is_as_good_as_a_weak_one_and_no_tag_is_400(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.ask("PUT", PATH, mine())
        assert (await home.ask("PUT", PATH, mine(active=True), if_match='"1"')).status_code == 200
        # RFC 9110 section 13.1.1: any version, if there is one.
        assert (await home.ask("PUT", PATH, mine(active=False), if_match="*")).status_code == 200
        assert (await home.ask("DELETE", PATH, if_match="*")).status_code == 204
        assert (await home.ask("PUT", PATH, mine(), if_match="*")).status_code == 412
        for tag in ("2", "W/2", '"1", "2"'):
            assert (await home.ask("PUT", PATH, mine(), if_match=tag)).status_code == 400

    visited(database_url, visit)


def test_what_was_deleted_is_brought_back_to_life_by_an_update(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.ask("PUT", PATH, mine())
        await home.ask("DELETE", PATH)
        assert (await home.ask("GET", PATH)).status_code == 410
        assert (await home.ask("PUT", PATH, mine())).status_code == 201
        assert (await home.ask("GET", PATH)).headers["etag"] == 'W/"3"'

    visited(database_url, visit)


def test_conditional_no_match_and_no_id_creates_under_an_id_of_the_server(database_url: str) -> None:
    async def visit(home: House) -> None:
        answer = await home.ask("PUT", BY_NUMBER, patient())
        assert answer.status_code == 201
        assert answer.headers["location"] == f"{BASE}/Patient/{body(answer)['id']}/_history/1"

    visited(database_url, visit)


def test_conditional_no_match_with_an_id_is_an_update_as_create(database_url: str) -> None:
    async def visit(home: House) -> None:
        answer = await home.ask("PUT", BY_NUMBER, mine())
        assert (answer.status_code, answer.headers["location"]) == (201, f"{BASE}{PATH}/_history/1")
        assert (await home.ask("PUT", "/Patient?identifier=a|b", patient(id="F01-x"))).status_code == 404

    visited(database_url, visit)


def test_conditional_no_match_with_an_id_that_exists_already_changes_nothing(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.ask("PUT", PATH, mine())
        refused = await home.ask("PUT", "/Patient?identifier=a|b", mine(gender="other"))
        assert refused.status_code == 412
        assert (await home.ask("GET", PATH)).headers["etag"] == 'W/"1"'
        assert (await home.ask("PUT", "/Patient?identifier=a|b", patient())).status_code == 201  # not claimed in vain

    visited(database_url, visit)


def test_conditional_one_match_without_an_id_or_with_its_id_is_an_update(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.ask("PUT", PATH, mine())
        for number, sent in enumerate((patient(gender="other"), mine(gender="unknown")), start=2):
            answer = await home.ask("PUT", BY_NUMBER, sent)
            assert (answer.status_code, answer.headers["etag"]) == (200, f'W/"{number}"')
            assert body(answer)["id"] == "F05-p"

    visited(database_url, visit)


def test_conditional_one_match_with_another_id_is_400(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.ask("PUT", PATH, mine())
        answer = await home.ask("PUT", BY_NUMBER, patient(id="F05-other"))
        assert (answer.status_code, code(answer)) == (400, "id-mismatch")
        assert "URL" not in answer.text  # it has no id

    visited(database_url, visit)


def test_conditional_multiple_matches_is_412(database_url: str) -> None:
    async def visit(home: House) -> None:
        for _ in range(2):
            await home.create(patient())
        assert (await home.ask("PUT", BY_NUMBER, patient())).status_code == 412
        assert (await home.ask("PUT", BY_NUMBER, mine())).status_code == 412

    visited(database_url, visit)


def test_references_to_absolute_urls_of_this_server_are_references_to_its_resources(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.ask("PUT", PATH, mine())
        made = await home.create(observation("x", subject={"reference": f"{BASE}{PATH}"}))
        assert made["subject"]["reference"] == "Patient/F05-p"
        for query in ("patient=F05-p", f"patient={BASE}{PATH}", "subject=Patient/F05-p"):
            assert body(await home.ask("GET", f"/Observation?{query}"))["entry"][0]["resource"]["id"] == made["id"]
        elsewhere = {"reference": "http://elsewhere.test/fhir/Practitioner/F05-d"}
        far = await home.create(observation("x", subject={"reference": "Patient/F05-p"}, performer=[elsewhere]))
        assert far["performer"] == [elsewhere]

    visited(database_url, visit)


@pytest.mark.parametrize("tag", ['W/"x"', 'W/"0"', '"a-version-of-another-server"'])
def test_a_tag_that_no_version_has_does_not_match_and_is_412(database_url: str, tag: str) -> None:
    """R4 http.html#concurrency: a version id in the If-Match header that does not match is 412, whatever it is."""

    async def visit(home: House) -> None:
        await home.ask("PUT", PATH, mine())
        assert (await home.ask("PUT", PATH, mine(gender="other"), if_match=tag)).status_code == 412
        assert (await home.ask("DELETE", PATH, if_match=tag)).status_code == 412
        assert body(await home.ask("GET", PATH))["meta"]["versionId"] == "1"

    visited(database_url, visit)


def test_a_condition_that_says_nothing_is_not_taken_for_none(database_url: str) -> None:
    """R4 http.html#concurrency, #ccreate: who sends a condition does not ask for a write in any case."""

    async def visit(home: House) -> None:
        await home.ask("PUT", PATH, mine())
        for headers in ({"if_match": ""}, {"if_match": " "}):
            assert (await home.ask("PUT", PATH, mine(gender="other"), **headers)).status_code == 400
        assert (await home.ask("POST", "/Patient", mine(), if_none_exist="")).status_code == 400
        assert body(await home.ask("GET", "/Patient?_summary=count"))["total"] == 1

    visited(database_url, visit)
