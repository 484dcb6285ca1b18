"""What R4 says of create and conditional create, each statement a test.

https://hl7.org/fhir/R4/http.html#create, #ccreate, #return
"""

from __future__ import annotations

from typing import Any

import pytest

from hub.fhir.validate import validate
from hub.kernel.types import Json
from tests.api.house import BASE, House, body, code, in_house, observation, patient

CRITERION = "identifier=urn:test:mrn|mrn-1"


def visited(url: str, visit: Any) -> None:
    in_house(url, visit, validate=validate)


@pytest.mark.parametrize("own", ["F05-mine", "absent", "1", "not an id", 7, None, "x" * 70])
def test_an_id_that_is_provided_is_ignored(database_url: str, own: Any) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient(id=own))
        assert made["id"] != own
        assert (await home.ask("GET", "/Patient/F05-mine")).status_code == 404

    visited(database_url, visit)


@pytest.mark.parametrize("meta", [{"versionId": "77", "lastUpdated": "1999-01-01T00:00:00Z"}, {"versionId": 7}])
def test_version_id_and_last_updated_that_are_provided_are_ignored(database_url: str, meta: Json) -> None:
    async def visit(home: House) -> None:
        tag = {"system": "urn:test", "code": "kept"}
        made = await home.create(patient(meta={**meta, "tag": [tag]}))
        assert (made["meta"]["versionId"], made["meta"]["lastUpdated"][:4]) == ("1", "2026")
        assert made["meta"]["tag"] == [tag]

    visited(database_url, visit)


def test_it_is_201_with_the_location_of_the_version_its_etag_and_last_modified(database_url: str) -> None:
    async def visit(home: House) -> None:
        answer = await home.ask("POST", "/Patient", patient())
        assert answer.status_code == 201
        assert answer.headers["location"] == f"{BASE}/Patient/{body(answer)['id']}/_history/1"
        assert answer.headers["etag"] == 'W/"1"'
        assert answer.headers["last-modified"].endswith(" GMT")

    visited(database_url, visit)


def test_the_same_content_is_returned_when_it_is_read(database_url: str) -> None:
    async def visit(home: House) -> None:
        sent = patient(extension=[{"url": "http://example.org/x", "valueDecimal": 1}], active=True)
        made = await home.create(sent)
        assert {k: v for k, v in made.items() if k not in ("id", "meta")} == sent
        assert body(await home.ask("GET", f"/Patient/{made['id']}")) == made

    visited(database_url, visit)


def test_what_cannot_be_parsed_is_400_and_what_breaks_rules_422_each_with_an_outcome(database_url: str) -> None:
    async def visit(home: House) -> None:
        cases: tuple[tuple[Any, int], ...] = (
            (b"{", 400),
            (b"[]", 400),
            (b"", 400),
            ({"gender": "female"}, 400),
            (observation("x"), 400),
            (patient(gender="secret"), 422),
            (patient(shoeSize=44), 422),
        )
        for sent, status in cases:
            answer = await home.ask("POST", "/Patient", sent)
            assert (answer.status_code, body(answer)["resourceType"]) == (status, "OperationOutcome"), sent

    visited(database_url, visit)


@pytest.mark.parametrize(
    ("prefer", "holds"),
    [("return=minimal", ""), ("return=representation", "Patient"), ("return=OperationOutcome", "OperationOutcome")],
)
def test_prefer_says_what_is_returned_for_writes_of_every_kind(database_url: str, prefer: str, holds: str) -> None:
    async def visit(home: House) -> None:
        for method, path, sent in (
            ("POST", "/Patient", patient()),
            ("PUT", "/Patient/F05-a", patient(id="F05-a", identifier=[{"value": "other"}])),
            ("PUT", f"/Patient?{CRITERION}", patient(gender="other")),
        ):
            answer = await home.ask(method, path, sent, prefer=prefer)
            assert answer.status_code in (200, 201)
            assert (body(answer)["resourceType"] if answer.content else "") == holds
            assert "etag" in answer.headers

    visited(database_url, visit)


def test_conditional_with_no_match_creates(database_url: str) -> None:
    async def visit(home: House) -> None:
        answer = await home.ask("POST", "/Patient", patient(), if_none_exist=CRITERION)
        assert answer.status_code == 201

    visited(database_url, visit)


def test_conditional_with_one_match_ignores_the_post_and_is_200(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient())
        answer = await home.ask("POST", "/Patient", patient(gender="other"), if_none_exist=CRITERION)
        assert (answer.status_code, body(answer)) == (200, made)
        assert body(await home.ask("GET", "/Patient?_summary=count"))["total"] == 1

    visited(database_url, visit)


def test_conditional_with_multiple_matches_is_412(database_url: str) -> None:
    async def visit(home: House) -> None:
        for _ in range(2):
            await home.create(patient())
        answer = await home.ask("POST", "/Patient", patient(), if_none_exist=CRITERION)
        assert (answer.status_code, code(answer)) == (412, "several-matches")
        assert "mrn-1" not in answer.text

    visited(database_url, visit)


@pytest.mark.parametrize("criterion", ["", "?", "_count=1", "identifier=", "shoe-size=44", "Patient?_sort=_id", "="])
def test_conditional_on_what_selects_nothing_never_creates(database_url: str, criterion: str) -> None:
    async def visit(home: House) -> None:
        answer = await home.ask("POST", "/Patient", patient(), if_none_exist=criterion)
        assert answer.status_code == 400

    visited(database_url, visit)


@pytest.mark.parametrize("criterion", ["Practitioner?identifier=x", "http://hub.test/fhir/Group?identifier=x"])
def test_conditional_on_a_search_of_another_type_creates_nothing(database_url: str, criterion: str) -> None:
    """What another type finds says nothing of this one; read as this one's, it made a Patient each time."""

    async def visit(home: House) -> None:
        answer = await home.ask("POST", "/Patient", patient(), if_none_exist=criterion)
        assert (answer.status_code, code(answer)) == (400, "criterion")
        assert "Patient" in answer.text
        once = {"request": {"method": "POST", "url": "Patient", "ifNoneExist": criterion}, "resource": patient()}
        told = await home.ask("POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": [once]})
        assert (told.status_code, code(told)) == (400, "criterion")
        assert "Bundle.entry[0].request.ifNoneExist" in told.text
        assert body(await home.ask("GET", "/Patient?_summary=count"))["total"] == 0

    visited(database_url, visit)


def test_a_question_mark_in_the_value_of_a_criterion_is_part_of_it(database_url: str) -> None:
    async def visit(home: House) -> None:
        mine = patient(identifier=[{"system": "http://his.test/id?of=mrn", "value": "1"}])
        criterion = "identifier=http://his.test/id?of=mrn|1"
        answers = [
            await home.ask("POST", "/Patient", mine, if_none_exist=f"{head}{criterion}") for head in ("", "Patient?")
        ]
        assert [answer.status_code for answer in answers] == [201, 200]

    visited(database_url, visit)


def test_lenient_handling_is_for_searches_and_leaves_out_nothing_of_a_write(database_url: str) -> None:
    """R4 search.html#errors: handling=lenient, "for a search request". Some take POST Patient?identifier= for a
    conditional create, which made a Patient each time.
    """

    async def visit(home: House) -> None:
        made = await home.create(patient())
        path = f"/Patient/{made['id']}"
        patch = [{"op": "add", "path": "/active", "value": True}]
        meta = {"resourceType": "Parameters", "parameter": [{"name": "meta", "valueMeta": {"tag": [{"code": "t"}]}}]}
        once = {"request": {"method": "POST", "url": f"Patient?{CRITERION}"}, "resource": patient()}
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [once]}
        for method, url, sent, media in (
            ("POST", f"/Patient?{CRITERION}", patient(), "application/fhir+json"),
            ("PUT", f"{path}?shoe=44", {**made, "active": True}, "application/fhir+json"),
            ("PATCH", f"{path}?shoe=44", patch, "application/json-patch+json"),
            ("DELETE", f"{path}?shoe=44", None, "application/fhir+json"),
            ("POST", f"{path}/$meta-add?shoe=44", meta, "application/fhir+json"),
            ("POST", "", bundle, "application/fhir+json"),
            ("POST", "?shoe=44", {**bundle, "entry": []}, "application/fhir+json"),
        ):
            answer = await home.ask(method, url, sent, prefer="handling=lenient", content_type=media)
            assert (answer.status_code, code(answer)) == (400, "unknown-parameter"), (method, url)
        found = body(await home.ask("GET", "/Patient"))
        assert (found["total"], found["entry"][0]["resource"]["meta"]["versionId"]) == (1, "1")

    visited(database_url, visit)
