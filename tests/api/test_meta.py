"""$meta, $meta-add and $meta-delete.

R4 resource-operation-meta.html; resource-operation-meta-add.html: "profiles, tags, and security labels are sets, and
duplicates are not created. The identity of a tag or security label is the system+code"; resource-operation-meta-delete
.html. Labels are not lowered by a client.
R4 says that these make no version; here they do, as versions never change (docs/decisions/0004-client-writes.md).
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

import pytest

from hub.kernel.types import Json
from tests.api.house import House, body, code, in_house, observation, patient

TAG: Final = {"system": "urn:test:tag", "code": "checked"}
HIV: Final = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "HIV"}
PROFILE: Final = "http://hl7.org/fhir/StructureDefinition/vitalsigns"


def given(**meta: Any) -> Json:
    return {"resourceType": "Parameters", "parameter": [{"name": "meta", "valueMeta": meta}]}


def returned(answer: Any) -> Any:
    told = body(answer)
    assert answer.status_code == 200, answer.text
    (parameter,) = told["parameter"]
    assert (told["resourceType"], parameter["name"]) == ("Parameters", "return")
    return parameter["valueMeta"]


async def made(home: House, **elements: Any) -> str:
    rid = (await home.create(patient()))["id"]
    return f"/Observation/{(await home.create(observation(rid, **elements)))['id']}"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_meta_of_a_resource_is_that_of_a_read(database_url: str, method: str) -> None:
    async def visit(home: House) -> None:
        path = await made(home, meta={"tag": [TAG], "security": [HIV]})
        assert returned(await home.ask(method, f"{path}/$meta")) == body(await home.ask("GET", path))["meta"]

    in_house(database_url, visit)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_meta_of_a_version_is_that_of_a_read_of_the_version(database_url: str, method: str) -> None:
    """R4 resource-operation-meta.html, usage: Instance; resource.html#Meta has each version with its own."""

    async def visit(home: House) -> None:
        path = await made(home, meta={"tag": [TAG]})
        await home.ask("POST", f"{path}/$meta-delete", given(tag=[TAG]))
        for version in (1, 2):
            then = body(await home.ask("GET", f"{path}/_history/{version}"))["meta"]
            assert returned(await home.ask(method, f"{path}/_history/{version}/$meta")) == then
            assert then["versionId"] == str(version)
        for wrong in ("3", "0", "x"):
            absent = await home.ask(method, f"{path}/_history/{wrong}/$meta")
            assert (absent.status_code, code(absent)) == (404, "not-found")
        hidden = await home.ask("GET", f"{path}/_history/1/$meta", who="hospital")
        assert hidden.content == (await home.ask("GET", f"{path}/_history/9/$meta", who="hospital")).content
        await home.ask("DELETE", path)
        assert (await home.ask(method, f"{path}/_history/4/$meta")).status_code == 410

    in_house(database_url, visit)


def test_the_meta_of_a_hidden_resource_is_absent_and_of_a_deleted_one_gone(database_url: str) -> None:
    async def visit(home: House) -> None:
        path = await made(home)
        hidden = await home.ask("GET", f"{path}/$meta", who="hospital")
        absent = await home.ask("GET", "/Observation/nothing/$meta", who="hospital")
        assert (hidden.status_code, hidden.content) == (404, absent.content)
        await home.ask("DELETE", path)
        assert (await home.ask("GET", f"{path}/$meta")).status_code == 410

    in_house(database_url, visit)


@pytest.mark.parametrize("path", ["/$meta", "/Observation/$meta"])
def test_meta_over_many_resources_is_refused_whoever_asks(database_url: str, path: str) -> None:
    async def visit(home: House) -> None:
        answer = await home.ask("GET", path)
        assert (answer.status_code, code(answer)) == (400, "meta-of-many")

    in_house(database_url, visit)


def test_members_are_added_once_and_make_a_version(database_url: str) -> None:
    async def visit(home: House) -> None:
        path = await made(home, meta={"tag": [TAG]})
        wanted = given(tag=[{**TAG, "display": "again"}, {**TAG, "code": "new"}], security=[HIV], profile=[PROFILE])
        meta = returned(await home.ask("POST", f"{path}/$meta-add", wanted))
        assert (meta["tag"], meta["security"], meta["profile"]) == ([TAG, {**TAG, "code": "new"}], [HIV], [PROFILE])
        assert meta["versionId"] == "2"
        again = await home.ask("POST", f"{path}/$meta-add", wanted)
        assert returned(again)["versionId"] == "2"
        found = body(await home.ask("GET", path))
        assert (found["meta"], found["valueQuantity"]["value"]) == (meta, 132)

    in_house(database_url, visit)


def test_a_label_that_was_added_hides_the_resource_from_others_at_once(database_url: str) -> None:
    async def visit(home: House) -> None:
        path = await made(home)
        referral = {
            "resourceType": "Encounter",
            "status": "in-progress",
            "class": {"code": "AMB"},
            "subject": {"reference": (body(await home.ask("GET", path)))["subject"]["reference"]},
            "period": {"start": "2026-05-01"},
            "serviceProvider": {"reference": "Organization/F01"},
        }
        await home.ask("POST", "/Encounter", referral, who="hospital")
        assert (await home.ask("GET", path, who="hospital")).status_code == 200
        assert (await home.ask("POST", f"{path}/$meta-add", given(security=[HIV]))).status_code == 200
        assert (await home.ask("GET", path, who="hospital")).status_code == 404
        assert (await home.ask("GET", f"{path}/_history/1", who="hospital")).status_code == 404

    in_house(database_url, visit)


def test_tags_and_profiles_are_taken_away_and_what_is_not_there_is_no_matter(database_url: str) -> None:
    async def visit(home: House) -> None:
        path = await made(home, meta={"tag": [TAG, {**TAG, "code": "kept"}], "profile": [PROFILE]})
        wanted = given(tag=[{**TAG, "display": "x"}, {**TAG, "code": "unknown"}], profile=[PROFILE])
        meta = returned(await home.ask("POST", f"{path}/$meta-delete", wanted))
        assert meta["tag"] == [{**TAG, "code": "kept"}]
        assert "profile" not in meta

    in_house(database_url, visit)


def test_security_labels_are_not_taken_away(database_url: str) -> None:
    async def visit(home: House) -> None:
        path = await made(home, meta={"security": [HIV]})
        refused = await home.ask("POST", f"{path}/$meta-delete", given(security=[HIV]))
        assert (refused.status_code, code(refused)) == (403, "labels")
        assert body(await home.ask("GET", path))["meta"]["security"] == [HIV]

    in_house(database_url, visit)


@pytest.mark.parametrize("operation", ["$meta-add", "$meta-delete"])
def test_who_may_not_update_may_not_retag_and_learns_nothing(database_url: str, operation: str) -> None:
    async def visit(home: House) -> None:
        path = await made(home)
        for who, status in (("hospital", 404), ("reader", 403), ("auditor", 403)):
            answer = await home.ask("POST", f"{path}/{operation}", given(tag=[TAG]), who=who)
            assert answer.status_code == status, who
        theirs = await home.ask("POST", f"{path}/{operation}", given(security=[HIV]), who="hospital")
        nobodys = await home.ask("POST", f"/Observation/nothing/{operation}", given(security=[HIV]), who="hospital")
        assert (theirs.status_code, theirs.content) == (404, nobodys.content)
        assert (await home.ask("POST", f"/Consent/c/{operation}", given(tag=[TAG]))).status_code == 403
        await home.ask("DELETE", path)
        assert (await home.ask("POST", f"{path}/{operation}", given(tag=[TAG]))).status_code == 410

    in_house(database_url, visit)


def test_a_version_may_be_demanded(database_url: str) -> None:
    async def visit(home: House) -> None:
        path = await made(home)
        stale = await home.ask("POST", f"{path}/$meta-add", given(tag=[TAG]), if_match='W/"7"')
        assert stale.status_code == 412
        assert (await home.ask("POST", f"{path}/$meta-add", given(tag=[TAG]), if_match='W/"1"')).status_code == 200

    in_house(database_url, visit)


def test_what_is_added_at_the_same_time_is_all_there(database_url: str) -> None:
    async def visit(home: House) -> None:
        path = await made(home)
        tags = [{"system": "urn:test:tag", "code": f"t{number}"} for number in range(12)]
        answers = await asyncio.gather(*(home.ask("POST", f"{path}/$meta-add", given(tag=[tag])) for tag in tags))
        assert {answer.status_code for answer in answers} == {200}
        found = body(await home.ask("GET", path))["meta"]
        assert sorted(tag["code"] for tag in found["tag"]) == sorted(tag["code"] for tag in tags)
        assert found["versionId"] == "13"

    in_house(database_url, visit)


@pytest.mark.parametrize(
    "sent",
    [
        {"resourceType": "Patient"},
        {"resourceType": "Parameters"},
        {"resourceType": "Parameters", "parameter": [{"name": "meta"}]},
        {"resourceType": "Parameters", "parameter": [{"name": "x", "valueMeta": {}}]},
        {"resourceType": "Parameters", "parameter": [{"name": "meta", "valueMeta": {}}] * 2},
        {"resourceType": "Parameters", "parameter": {"name": "meta", "valueMeta": {}}},
    ],
)
def test_a_body_without_one_meta_is_a_bad_request(database_url: str, sent: Any) -> None:
    async def visit(home: House) -> None:
        path = await made(home)
        assert (await home.ask("POST", f"{path}/$meta-add", sent)).status_code == 400
        assert (await home.ask("POST", f"{path}/$meta-add?x=1", given(tag=[TAG]))).status_code == 400

    in_house(database_url, visit)


def test_a_batch_may_ask_and_a_transaction_may_not(database_url: str) -> None:
    async def visit(home: House) -> None:
        path = (await made(home)).removeprefix("/")
        entries = [
            {"request": {"method": "POST", "url": f"{path}/$meta-add"}, "resource": given(tag=[TAG])},
            {"request": {"method": "GET", "url": f"{path}/$meta"}},
        ]
        told = body(await home.ask("POST", "", {"resourceType": "Bundle", "type": "batch", "entry": entries}))
        assert [entry["response"]["status"] for entry in told["entry"]] == ["200 OK", "200 OK"]
        metas = [entry["resource"]["parameter"][0]["valueMeta"]["tag"] for entry in told["entry"]]
        assert metas == [[TAG], [TAG]]
        refused = await home.ask("POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": entries})
        assert (refused.status_code, code(refused)) == (400, "operation-in-transaction")

    in_house(database_url, visit)
