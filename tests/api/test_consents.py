"""The JSON doors for consents, proxies and approvals, over HTTP."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar
from unittest.mock import Mock

import httpx
import pytest
from fastapi import FastAPI

from hub.api import openapi
from hub.api.consent_requests import notice_doors, request_doors
from hub.api.consents import consent_doors
from hub.api.json_doors import Door, door_routes
from hub.api.matters import glass_doors, objection_doors, second_doors
from hub.api.relationships import relationship_doors
from hub.api.services import Services
from hub.api.standing import approval_doors, proxy_doors
from hub.api.subscriptions import topic_doors
from hub.auth.actor import Actor
from hub.fhir.json import dumps, loads
from hub.fhir.validate import validate
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from hub.records.consent_templates import TEMPLATES
from tests.records.consent_desk import DOCTOR, REVIEWER, WEI, XIAO, Desk, at_desk

T = TypeVar("T")

DENY: Final[Json] = {"resourceType": "Consent", "provision": {"type": "deny"}}
ACTORS: Final = {"wei": WEI, "xiao": XIAO, "doctor": DOCTOR, "reviewer": REVIEWER}
BASE: Final = "https://hub.example/fhir"


async def _verify(token: str) -> Actor:
    if token not in ACTORS:
        raise HubError(Category.UNAUTHENTICATED, "not a valid token", where="Authorization")
    return ACTORS[token]


@dataclass
class Client:
    """Asks the doors of one test."""

    http: httpx.AsyncClient
    desk: Desk
    log: Mock

    async def ask(
        self, method: str, path: str, body: Any = None, *, who: str = "wei", **headers: str
    ) -> httpx.Response:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if who:
            sent["authorization"] = f"Bearer {who}"
        content = body if body is None or isinstance(body, bytes) else dumps(body)
        if content is not None:
            sent.setdefault("content-type", "application/json")
        return await self.http.request(method, f"http://hub.test/api{path}", content=content, headers=sent)


def _doors(desk: Desk) -> list[Door]:
    return [
        *request_doors(desk.requests),
        *consent_doors(desk.consents, desk.reads, desk.gate, BASE),
        *notice_doors(desk.board),
        *proxy_doors(desk.proxies),
        *second_doors(desk.seconds),
        *approval_doors(desk.approvals),
        *relationship_doors(Mock()),
        *objection_doors(desk.objections, desk.gate),
        *glass_doors(desk.glass),
        *topic_doors(BASE),
    ]


def _visit(url: str, visit: Callable[[Client], Awaitable[T]], doors: Callable[[Desk], list[Door]] = _doors) -> T:
    async def run(desk: Desk) -> T:
        services = Mock(spec=Services, verify=_verify, max_body_bytes=10_000, log=Mock())
        services.new_id = lambda: "abcdefgh"
        app = FastAPI(openapi_url=None)
        app.router.routes += [*door_routes(services, doors(desk)), openapi.openapi_route(doors(desk), "1")]
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as http:
            return await visit(Client(http, desk, services.log))

    return at_desk(url, run)


def test_a_consent_is_given_read_replaced_withdrawn_and_told_in_full(database_url: str) -> None:
    async def visit(client: Client) -> None:
        made = await client.ask("POST", "/consents", DENY)
        assert (made.status_code, made.headers["etag"]) == (201, 'W/"1"')
        assert made.headers["cache-control"] == "no-store, private"
        one = made.headers["location"].removeprefix("/api")
        assert one == f"/consents/{made.json()['id']}"
        assert (await client.ask("GET", one)).json() == made.json()
        changed = await client.ask("PUT", one, {"template": "share-all"}, if_match='W/"1"')
        assert (changed.status_code, changed.headers["etag"]) == (200, 'W/"2"')
        assert (await client.ask("PUT", one, DENY, if_match='W/"1"')).status_code == 412
        assert (await client.ask("POST", f"{one}/withdraw")).json()["status"] == "inactive"
        refused = await client.ask("POST", f"{one}/withdraw", {"refuse": True})
        assert refused.json()["provision"] == {"type": "deny"}
        mine = (await client.ask("GET", "/consents")).json()
        assert (mine["type"], mine["total"], mine["entry"][0]["resource"]["meta"]["versionId"]) == ("searchset", 1, "4")
        history = (await client.ask("GET", f"{one}/history")).json()
        assert [entry["resource"]["meta"]["versionId"] for entry in history["entry"]] == ["4", "3", "2", "1"]
        for bundle in (mine, history):
            assert [issue for issue in validate(bundle) if issue.severity == "error"] == []

    _visit(database_url, visit)


def test_nobody_without_a_token_and_no_token_in_the_url(database_url: str) -> None:
    async def visit(client: Client) -> None:
        assert (await client.ask("GET", "/consents", who="")).status_code == 401
        for who in ("", "wei"):
            assert (await client.ask("GET", "/consents?access_token=wei", who=who)).status_code == 401
        assert (await client.ask("GET", "/consents?patient=F05-ming")).status_code == 400

    _visit(database_url, visit)


def test_refusals_are_outcomes_that_name_no_patient(database_url: str) -> None:
    async def visit(client: Client) -> None:
        for answer, status in (
            (await client.ask("POST", "/consents", {**DENY, "patient": {"reference": "Patient/F05-ming"}}), 403),
            (await client.ask("POST", "/consents", DENY, who="xiao"), 403),
            (await client.ask("GET", "/consents", who="doctor"), 403),
            (await client.ask("GET", "/consents/unknown"), 404),
            (await client.ask("POST", "/consents", {"template": "share-everything"}), 422),
            (await client.ask("POST", "/consents", [DENY]), 400),
            (await client.ask("POST", "/consents", b"{"), 400),
            (await client.ask("POST", "/consents"), 415),
            (await client.ask("POST", "/consents", DENY, content_type="text/plain"), 415),
            (await client.ask("POST", "/consents", b'{"a":"' + b"x" * 10_000 + b'"}'), 413),
            (await client.ask("POST", "/consents/x/withdraw", {"refuse": "yes"}), 422),
        ):
            outcome = loads(answer.content)
            assert (answer.status_code, outcome["resourceType"]) == (status, "OperationOutcome")
            assert not re.search("F05-|ming|1989|2010", answer.text)

    _visit(database_url, visit)


def test_a_desk_records_over_http_and_a_proxy_is_confirmed_and_ended(database_url: str) -> None:
    evidence = {"sourceAttachment": {"contentType": "application/pdf", "hash": "Zm9ybQ=="}}

    async def visit(client: Client) -> None:
        asked = {"template": "deny-all", "patient": "F05-wei"}
        assert (await client.ask("POST", "/consents", asked, who="doctor")).status_code == 403
        assert (await client.ask("POST", "/consents", {**asked, **evidence}, who="doctor")).status_code == 201
        mother = {"kind": "parent", "patient": "F05-xiao", "name": "程某", "evidence": "户籍-2026-17"}
        assert (await client.ask("POST", "/proxies", mother, who="doctor")).status_code == 403
        made = await client.ask("POST", "/proxies", mother, who="reviewer")
        assert made.status_code == 201
        listed = (await client.ask("GET", "/proxies?patient=F05-xiao", who="reviewer")).json()
        assert [one["id"] for one in listed["proxies"]] == [made.json()["id"]]
        ended = await client.ask("POST", f"/proxies/{made.json()['id']}/end", who="reviewer")
        assert ended.json()["status"] == "inactive"

    _visit(database_url, visit)


def test_an_approval_is_given_and_ended(database_url: str) -> None:
    async def visit(client: Client) -> None:
        asked = {"kind": "second", "for": "Practitioner/gao", "patient": "F05-wei"}
        made = await client.ask("POST", "/approvals", asked, who="doctor")
        assert (made.status_code, made.json()["reference"]) == (201, "Practitioner/bai")
        ended = await client.ask("POST", f"/approvals/{made.json()['id']}/end", who="doctor")
        assert ended.json()["status"] == "ended"

    _visit(database_url, visit)


def test_a_defect_is_told_by_its_number_alone(database_url: str) -> None:
    async def broken(_: Any) -> Any:
        raise RuntimeError("Wei 1989-03-21")

    def doors(desk: Desk) -> list[Door]:
        return [replace(door, handle=broken) for door in _doors(desk)]

    async def visit(client: Client) -> None:
        answer = await client.ask("GET", "/consents")
        assert answer.status_code == 500
        assert "1989" not in answer.text and answer.headers["x-request-id"] in answer.text
        client.log.failure.assert_called_once()

    _visit(database_url, visit, doors)


def test_the_templates_are_told_in_plain_words(database_url: str) -> None:
    async def visit(client: Client) -> None:
        told = (await client.ask("GET", "/consents/templates", who="doctor")).json()["templates"]
        assert {one["template"] for one in told} == set(TEMPLATES)
        assert all(one["zh"] and one["en"] for one in told)

    _visit(database_url, visit)


def test_a_preview_counts_before_anything_is_kept(database_url: str) -> None:
    async def visit(client: Client) -> None:
        told = (await client.ask("POST", "/consents/preview", {"consent": {"template": "deny-all"}})).json()
        clinic = [one for one in told["audiences"] if (one.get("organization"), one["supposed"]) == ("F03", True)]
        assert told["whole"] is True
        assert [(one["before"], one["after"]) for one in clinic] == [({"person": 2}, {})]
        assert (await client.ask("GET", "/consents")).json()["total"] == 0
        assert (await client.ask("POST", "/consents/preview", {"replaces": "another"})).status_code == 404
        assert (await client.ask("POST", "/consents/preview", {"consent": []})).status_code == 422
        assert (await client.ask("POST", "/consents/preview", {"template": "deny-all"})).status_code == 422
        assert (await client.ask("POST", "/consents/preview", {})).status_code == 422
        assert (await client.ask("POST", "/consents/preview", {"replaces": "x"}, who="doctor")).status_code == 403

    _visit(database_url, visit)


def test_a_doctor_asks_and_the_patient_agrees_and_is_told(database_url: str) -> None:
    asked = {"template": "glucose-for-hours", "patient": "F05-wei", "reason": "调整用药"}

    async def visit(client: Client) -> None:
        made = await client.ask("POST", "/consents/requests", asked, who="doctor")
        nobody = await client.ask("POST", "/consents/requests", {**asked, "patient": "F05-nobody"}, who="doctor")
        assert (made.status_code, nobody.status_code) == (201, 201)
        assert made.json().keys() == nobody.json().keys()
        (waiting,) = (await client.ask("GET", "/consents/requests")).json()["requests"]
        assert (waiting["reason"], waiting["asks"]["organization"], waiting["status"]) == ("调整用药", "F05", "open")
        (notice,) = (await client.ask("GET", "/notices")).json()["notices"]
        assert (notice["kind"], notice["by"], notice["seen"]) == ("consent-asked", "Practitioner/bai", False)
        assert (await client.ask("POST", "/notices/seen")).json()["notices"][0]["seen"] is True
        one = f"/consents/requests/{waiting['id']}/answer"
        assert (await client.ask("POST", one, {"agree": 1})).status_code == 422
        assert (await client.ask("POST", one, {"agree": True}, who="doctor")).status_code == 403
        assert (await client.ask("POST", one, {"agree": True}, who="xiao")).status_code == 404
        assert (await client.ask("POST", one, {"agree": True})).json()["status"] == "agreed"
        assert (await client.ask("POST", one, {"agree": False})).status_code == 409
        (consent,) = (await client.ask("GET", "/consents")).json()["entry"]
        assert consent["resource"]["performer"] == [{"reference": "Patient/F05-wei"}]
        evidence = (await client.ask("GET", f"/consents/{consent['resource']['id']}/evidence")).json()["versions"]
        assert [(version["how"], version["by"]) for version in evidence] == [("sign-in", "Patient/F05-wei")]
        told = (await client.ask("GET", "/consents/requests", who="doctor")).json()["requests"]
        assert {(one["patient"], one["status"]) for one in told} == {("F05-wei", "agreed"), ("F05-nobody", "open")}

    _visit(database_url, visit)


def test_the_openapi_document_names_every_door_and_nothing_else(database_url: str) -> None:
    async def visit(client: Client) -> None:
        told = (await client.ask("GET", "/openapi.json", who="")).json()
        named = {(path, method.upper()) for path, item in told["paths"].items() for method in item}
        assert named == {(door.path, door.method) for door in _doors(client.desk)}
        for path, method in named:
            if method == "GET":
                continue
            answer = await client.ask("DELETE", path.removeprefix("/api"))
            assert answer.status_code == 405
        references = set(re.findall(r'"#/components/schemas/(\w+)"', dumps(told).decode()))
        assert references == set(told["components"]["schemas"])
        operations = [operation["operationId"] for item in told["paths"].values() for operation in item.values()]
        assert len(set(operations)) == len(operations)
        for path, item in told["paths"].items():
            for operation in item.values():
                parameters = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "path"}
                assert parameters == set(re.findall(r"{(\w+)}", path))

    _visit(database_url, visit)


def test_the_openapi_document_is_one_by_its_own_schemas(database_url: str) -> None:
    jsonschema = pytest.importorskip("jsonschema")

    async def visit(client: Client) -> None:
        schemas = (await client.ask("GET", "/openapi.json", who="")).json()["components"]["schemas"]
        for schema in schemas.values():
            jsonschema.Draft202012Validator.check_schema(schema)
        asked = {"components": {"schemas": schemas}, "$ref": "#/components/schemas/ConsentOrTemplate"}
        validator = jsonschema.Draft202012Validator(asked)
        assert validator.is_valid(DENY) and validator.is_valid({"template": "hide-label", "labels": ["PSY"]})
        assert not validator.is_valid({"template": "hide-label"})
        made = (await client.ask("POST", "/consents", DENY)).json()
        assert validator.is_valid(made)

    _visit(database_url, visit)
