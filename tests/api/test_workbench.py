"""The doors of integration engineers, over HTTP."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Final
from unittest.mock import Mock

import httpx
from fastapi import FastAPI

from hub.api import openapi
from hub.api.asked import engineer_of
from hub.api.codes import code_doors
from hub.api.conversion_report import report_doors
from hub.api.json_doors import Door, door_routes
from hub.api.messages import message_doors
from hub.api.services import Services
from hub.auth.actor import Actor
from hub.auth.directory import Directory
from hub.fhir.json import dumps, loads
from hub.kernel.errors import Category, HubError
from hub.pipeline.codes import SeenCodes
from hub.pipeline.messages import Messages, Unmasking
from hub.pipeline.reports import Reports
from tests.api.house import actor
from tests.auth.consortium import CONSORTIUM
from tests.pipeline.fake_feed import FACILITIES, message, received
from tests.pipeline.hub_in_a_box import Box, box, run

ACTORS: Final = {
    "engineer": replace(actor("F01", "integration-engineer"), practitioner=None),
    "theirs": replace(actor("F05", "integration-engineer"), practitioner=None),
    "administrator": actor("F05", "administrator"),
    "doctor": actor("F01"),
}


def _verify(token: str) -> Actor:
    if token not in ACTORS:
        raise HubError(Category.UNAUTHENTICATED, "not a valid token", where="Authorization")
    return ACTORS[token]


class Bench:
    """The workbench of one test, and a client for it."""

    def __init__(self, hub: Box, http: httpx.AsyncClient, disclosed: list[Unmasking]) -> None:
        self.hub, self.disclosed, self._http = hub, disclosed, http

    async def ask(self, method: str, path: str, body: Any = None, *, who: str = "engineer") -> tuple[int, Any]:
        """Status and JSON of an answer."""
        sent = {"authorization": f"Bearer {who}", "content-type": "application/json"}
        content = None if body is None else dumps(body)
        answer = await self._http.request(method, f"http://hub.test/api{path}", content=content, headers=sent)
        return answer.status_code, loads(answer.content)


def _doors(hub: Box, disclosed: list[Unmasking]) -> list[Door]:
    async def disclose(unmasking: Unmasking) -> None:
        disclosed.append(unmasking)

    engineer = engineer_of(Directory(CONSORTIUM))
    return [
        *message_doors(Messages(hub.database, disclose), engineer),
        *report_doors(Reports(hub.database, FACILITIES), engineer),
        *code_doors(SeenCodes(hub.database, FACILITIES, lambda _, code: code.code == "K"), engineer),
    ]


def visiting(url: str, visit: Callable[[Bench], Awaitable[None]]) -> None:
    async def story() -> None:
        async with box(url) as hub:
            disclosed: list[Unmasking] = []
            doors = _doors(hub, disclosed)
            services = Mock(spec=Services, verify=_verify, max_body_bytes=10_000_000, log=Mock())
            services.new_id = lambda: "abcdefgh"
            app = FastAPI(openapi_url=None)
            app.router.routes += [*door_routes(services, doors), openapi.openapi_route(doors, "1")]
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as http:
                await visit(Bench(hub, http, disclosed))

    run(story())


def test_an_engineer_counts_the_messages_of_his_own_facility_and_an_administrator_all(database_url: str) -> None:
    async def visit(bench: Bench) -> None:
        await bench.hub.accept(message("1"))
        await bench.hub.inbox.accept(received(message("2"), "F03.lis"))
        ours = {"feed": "F01.his", "state": "queued", "count": 1}
        assert await bench.ask("GET", "/messages/summary") == (200, {"messages": [ours]})
        assert await bench.ask("GET", "/messages/summary", who="theirs") == (200, {"messages": []})
        _, all_of_them = await bench.ask("GET", "/messages/summary", who="administrator")
        assert [one["feed"] for one in all_of_them["messages"]] == ["F01.his", "F03.lis"]
        assert (await bench.ask("GET", "/messages/summary", who="doctor"))[0] == 403
        assert (await bench.ask("GET", "/messages/summary", who="nobody"))[0] == 401

    visiting(database_url, visit)


def test_the_conversion_report_of_a_feed_is_asked_for_by_window(database_url: str) -> None:
    async def visit(bench: Bench) -> None:
        await bench.hub.send(message("1"))
        status, told = await bench.ask("GET", "/feeds/F01.his/report?since=2026-03-01&outcome=mapped")
        assert status == 200
        assert told["lines"] == [
            {
                "position": "PID-3",
                "outcome": "mapped",
                "targets": ["Patient.identifier"],
                "reason": "",
                "messages": 1,
                "leaves": 1,
                "first": "2026-03-01",
                "last": "2026-03-01",
            }
        ]
        assert (await bench.ask("GET", "/feeds/F01.his/report?until=2026-02-28"))[1]["lines"] == []
        for wrong in ("since=yesterday", "outcome=lost", "daily=1", "unknown=1"):
            assert (await bench.ask("GET", f"/feeds/F01.his/report?{wrong}"))[0] in {400, 422}
        assert (await bench.ask("GET", "/feeds/F01.his/report", who="theirs"))[0] == 404
        assert (await bench.ask("GET", "/feeds/F01.his/report", who="doctor"))[0] == 403
        status, changes = await bench.ask("GET", "/feeds/F01.his/changes")
        assert (status, changes["before"], changes["after"]["messages"]) == (200, None, 1)
        assert (await bench.ask("GET", "/feeds/F01.his/changes?edition=77"))[0] == 404

    visiting(database_url, visit)


def test_the_local_codes_of_a_feed_are_listed_until_its_profile_has_an_entry(database_url: str) -> None:
    async def visit(bench: Bench) -> None:
        await bench.hub.send(message("1", unmapped=["GLU", "K"]))
        status, told = await bench.ask("GET", "/codes")
        assert status == 200
        (glucose,) = told["codes"]
        assert {key: glucose[key] for key in ("feed", "field", "code", "display", "count", "message", "mapped")} == {
            "feed": "F01.his",
            "field": "OBX-3",
            "code": "GLU",
            "display": "text of GLU",
            "count": 1,
            "message": 1,
            "mapped": False,
        }
        _, told = await bench.ask("GET", "/codes?all=true&feed=F01.his")
        assert [(code["code"], code["mapped"]) for code in told["codes"]] == [("GLU", False), ("K", True)]
        assert await bench.ask("GET", "/codes?feed=F03.lis") == (200, {"codes": []})
        assert await bench.ask("GET", "/codes", who="theirs") == (200, {"codes": []})
        assert (await bench.ask("GET", "/codes", who="doctor"))[0] == 403
        assert (await bench.ask("GET", "/codes?all=perhaps"))[0] == 400

    visiting(database_url, visit)
