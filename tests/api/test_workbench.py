"""The doors of integration engineers, over HTTP."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Final
from unittest.mock import Mock

import httpx
from fastapi import FastAPI

from hub.api import openapi
from hub.api.asked import engineer_of
from hub.api.bulk_repairs import bulk_repair_doors
from hub.api.codes import code_doors
from hub.api.conversion_report import report_doors
from hub.api.json_doors import Door, door_routes
from hub.api.messages import message_doors
from hub.api.services import Services
from hub.auth.actor import Actor
from hub.auth.directory import Directory
from hub.fhir.json import dumps, loads
from hub.kernel.clock import fixed_clock
from hub.kernel.errors import Category, HubError
from hub.kernel.local_codes import approved_map, local_system
from hub.kernel.ports import Translator
from hub.kernel.types import Coded
from hub.pipeline.code_entries import CodeEntries
from hub.pipeline.codes import SeenCodes
from hub.pipeline.deeds import Kind
from hub.pipeline.reports import Reports
from terminology.approved import ApprovedCodes
from terminology.fhir_source import ResourceSource
from terminology.held import HeldMaps
from terminology.loading import Loader
from terminology.service import Terminology
from terminology.suggesting import Suggestions
from tests.api.house import actor
from tests.auth.consortium import CONSORTIUM
from tests.pipeline.desk import Remembering, bulk, messages, repairs, trials
from tests.pipeline.fake_feed import FACILITIES, FEED, NOON, message, received, translate
from tests.pipeline.hub_in_a_box import Box, box, run
from tests.terminology.house import code_system

ACTORS: Final = {
    "engineer": replace(actor("F01", "integration-engineer"), practitioner=None),
    "theirs": replace(actor("F05", "integration-engineer"), practitioner=None),
    "administrator": actor("F05", "administrator"),
    "doctor": actor("F01"),
}


async def _verify(token: str) -> Actor:
    if token not in ACTORS:
        raise HubError(Category.UNAUTHENTICATED, "not a valid token", where="Authorization")
    return ACTORS[token]


class Tools:
    """The workbench of one test; a candidate for the profile clears the element it names."""

    def __init__(self, hub: Box) -> None:
        self.told = Remembering()
        self.messages = messages(hub, self.told)
        self.repairs = repairs(hub, self.told)
        self.trials = trials(hub, self.told)
        self.bulk = bulk(hub, self.told)
        self.reports = Reports(hub.database, FACILITIES)
        self.codes = SeenCodes(hub.database, FACILITIES, lambda _, code: code.code == "K")
        self.terms = Terminology(hub.database)
        self.entries = CodeEntries(
            hub.database,
            FACILITIES,
            Suggestions(hub.database, self.terms),
            ApprovedCodes(hub.database, fixed_clock(NOON)),
            self.told,
        )

    def candidate(self, _: str, profile: str) -> Translator:
        return lambda raw: translate(raw.replace(b"{", b'{"clear":["' + profile.encode() + b'"],', 1))


class Bench:
    """The workbench of one test, and a client for it."""

    def __init__(self, hub: Box, http: httpx.AsyncClient, tools: Tools) -> None:
        self.hub, self.tools, self._http = hub, tools, http

    async def ask(self, method: str, path: str, body: Any = None, *, who: str = "engineer") -> tuple[int, Any]:
        """Status and JSON of an answer."""
        sent = {"authorization": f"Bearer {who}", "content-type": "application/json"}
        content = None if body is None else dumps(body)
        answer = await self._http.request(method, f"http://hub.test/api{path}", content=content, headers=sent)
        return answer.status_code, loads(answer.content)


def _doors(tools: Tools) -> list[Door]:
    engineer = engineer_of(Directory(CONSORTIUM))
    return [
        *message_doors(tools, engineer),
        *bulk_repair_doors(tools, engineer),
        *report_doors(tools.reports, engineer),
        *code_doors(tools, engineer),
    ]


def visiting(url: str, visit: Callable[[Bench], Awaitable[None]]) -> None:
    async def story() -> None:
        async with box(url) as hub:
            tools = Tools(hub)
            doors = _doors(tools)
            services = Mock(spec=Services, verify=_verify, max_body_bytes=100_000, log=Mock())
            services.new_id = lambda: "abcdefgh"
            app = FastAPI(openapi_url=None)
            app.router.routes += [*door_routes(services, doors), openapi.openapi_route(doors, "1")]
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as http:
                await visit(Bench(hub, http, tools))

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


def test_a_code_is_suggested_a_meaning_approved_and_its_messages_are_named_for_replay(database_url: str) -> None:
    async def visit(bench: Bench) -> None:
        await bench.hub.send(message("1", unmapped=["GLU", "ALT"]))
        loader = Loader(bench.hub.database, fixed_clock(NOON))
        found = code_system(
            {"code": "g", "display": "text of glucose"}, {"code": "x", "display": "其他"}, url="urn:tests"
        )
        await loader.code_system(ResourceSource(found))
        asked = f"/codes/suggestions?feed={FEED}&field=OBX-3&code=GLU"
        status, told = await bench.ask("GET", asked)
        assert status == 200
        assert [(one["system"], one["code"], one["why"]) for one in told["suggestions"]] == [("urn:tests", "g", "name")]
        target = {"system": "urn:tests", "code": "g", "display": "Glucose"}
        meaning = {"field": "OBX-3", "code": "GLU", "target": target}
        for wrong, status in (
            ({"feed": FEED, "codes": [meaning | {"code": "none"}]}, 404),
            ({"feed": "none", "codes": [meaning]}, 404),
            ({"feed": FEED, "codes": []}, 422),
            ({"feed": FEED, "codes": [{"field": "OBX-3", "code": "GLU", "target": {"code": "g"}}]}, 422),
            ({"feed": FEED, "codes": ["GLU"]}, 422),
        ):
            assert (await bench.ask("POST", "/codes/approvals", wrong))[0] == status
        assert (await bench.ask("POST", "/codes/approvals", {"feed": FEED, "codes": [meaning]}, who="theirs"))[0] == 404
        assert bench.tools.told.deeds == []
        for version in ("1", "2"):
            status, told = await bench.ask("POST", "/codes/approvals", {"feed": FEED, "codes": [meaning]})
            assert (status, told["codes"], told["version"], told["replay"]["feed"]) == (200, 1, version, FEED)
        assert [(deed.kind, deed.feed, deed.detail["codes"]) for deed in bench.tools.told.deeds] == [
            (Kind.APPROVE, FEED, "1")
        ] * 2
        status, job = await bench.ask(
            "POST", "/bulk-repairs", {**told["replay"], "states": ["done"], "reason": "a code was mapped"}
        )
        assert (status, job["left"]) == (201, 1)
        maps = HeldMaps(bench.hub.database, bench.tools.terms)
        maps.want(approved_map(FEED))
        await maps.refresh()
        glucose = Coded("urn:tests", "g", "Glucose")
        assert maps.targets(approved_map(FEED), "GLU", local_system("OBX-3", "")) == (glucose,)
        assert maps.targets(approved_map(FEED), "GLU", local_system("OBR-4", "")) == ()

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


def test_messages_are_listed_and_one_is_shown_masked_or_for_a_reason_not(database_url: str) -> None:
    async def visit(bench: Bench) -> None:
        await bench.hub.send(message("41", "沈桂兰", results={"K": "7.0"}), message("52", trick="refuse"))
        status, listed = await bench.ask("GET", "/messages?state=dead,done&limit=1&control=4")
        assert (status, [one["id"] for one in listed["messages"]]) == (200, [1])
        _, dead = await bench.ask("GET", "/messages?state=dead&kind=ADT&feed=F01.his&since=2026-01-01T00:00:00Z")
        assert [(one["id"], one["reason"]["where"]) for one in dead["messages"]] == [(2, "PID")]
        status, shown = await bench.ask("GET", "/messages/1?parsed=true&fhir=true")
        assert (status, [one["resourceType"] for one in shown["fhir"]]) == (200, ["Patient", "Observation"])
        assert shown["parsed"][1] == {"at": "patient", "parts": [{"at": "patient-1", "text": "***"}]}
        assert "沈桂兰" not in str(shown)
        assert (await bench.ask("POST", "/messages/1/unmask", {"reason": " "}))[0] == 422
        status, clear = await bench.ask("POST", "/messages/1/unmask", {"reason": "ticket 7", "parsed": True})
        assert (status, clear["parsed"][1]["parts"][0]["text"]) == (200, "沈桂兰")
        status, raw = await bench.ask("POST", "/messages/1/raw", {"reason": "ticket 7"})
        assert (status, raw["raw"]) == (200, b64encode(message("41", "沈桂兰", results={"K": "7.0"})).decode())
        assert [(deed.kind, deed.engineer.name, deed.reason) for deed in bench.tools.told.deeds] == [
            (Kind.UNMASK, "test", "ticket 7")
        ] * 2
        for path in ("/messages/1", "/messages/99", "/messages/x"):
            assert (await bench.ask("GET", path, who="theirs"))[0] == 404
        for wrong in ("state=lost", "since=now", "limit=-1", "page=2"):
            assert (await bench.ask("GET", f"/messages?{wrong}"))[0] in {400, 422}

    visiting(database_url, visit)


def test_a_dead_letter_is_tried_repaired_and_replayed(database_url: str) -> None:
    async def visit(bench: Bench) -> None:
        await bench.hub.send(message("1", trick="refuse"), message("2", "B", set={"gender": "male"}))
        mended = {"raw": b64encode(message("1", set={"gender": "female"})).decode()}
        status, tried = await bench.ask("POST", "/messages/1/try", mended)
        assert (status, tried["state"], tried["resources"][0]["change"]) == (200, "done", "created")
        _, other = await bench.ask("POST", "/messages/2/try", {"profile": "gender"})
        assert [(one["change"], one["elements"]) for one in other["resources"]] == [("unchanged", [])]
        assert (await bench.ask("POST", "/messages/1/repair", mended))[0] == 422
        assert await bench.ask("POST", "/messages/1/repair", {**mended, "reason": "why"}) == (200, {"queued": [1]})
        await bench.hub.drain()
        assert await bench.hub.states([1]) == ["done"]
        assert (await bench.ask("POST", "/messages/1/repair", {**mended, "reason": "why"}))[0] == 409
        replayed = await bench.ask("POST", "/messages/replay", {"numbers": [1, 2], "reason": "why"})
        assert replayed == (200, {"queued": [1, 2]})
        for wrong in ({}, {"numbers": ["1"]}, {"states": ["lost"]}, {"feed": 1}, {"feed": "x", "odd": 1}):
            assert (await bench.ask("POST", "/messages/replay", wrong))[0] == 422
        assert (await bench.ask("POST", "/messages/1/try", {"raw": "no base64!"}))[0] == 422

    visiting(database_url, visit)


def test_many_are_mended_by_one_rule_chunk_by_chunk(database_url: str) -> None:
    async def visit(bench: Bench) -> None:
        await bench.hub.send(*(message(str(n), trick="refuse") for n in range(3)))
        rule = {"feed": FEED, "steps": [{"drop": "trick"}]}
        status, found = await bench.ask("POST", "/bulk-repairs/preview", rule)
        assert (status, found["total"], found["states"]) == (200, 3, {"done": 3})
        assert (await bench.ask("POST", "/bulk-repairs", rule))[0] == 422
        status, begun = await bench.ask("POST", "/bulk-repairs", {**rule, "reason": "why"})
        assert (status, begun["left"], begun["only"]) == (201, 3, {"feed": FEED, "states": ["dead"]})
        path = f"/bulk-repairs/{begun['id']}"
        _, first = await bench.ask("POST", f"{path}/advance", {"most": 2})
        assert (first["queued"], first["left"], first["ended"]) == (2, 1, None)
        _, last = await bench.ask("POST", f"{path}/advance")
        assert (last["queued"], last["left"]) == (3, 0)
        assert (await bench.ask("GET", path))[1]["ended"] is not None
        await bench.hub.drain()
        assert await bench.hub.states([1, 2, 3]) == ["done"] * 3
        assert (await bench.ask("GET", path, who="theirs"))[0] == 404
        assert (await bench.ask("POST", "/bulk-repairs/preview", {**rule, "most": 0}))[0] == 422

    visiting(database_url, visit)


def test_every_door_of_the_workbench_is_described_and_closed_to_other_roles(database_url: str) -> None:
    async def visit(bench: Bench) -> None:
        _, document = await bench.ask("GET", "/openapi.json")
        names = set(document["components"]["schemas"])
        for door in _doors(bench.tools):
            assert {door.gives, door.takes} - {""} <= names
            path = door.path.removeprefix("/api").replace("{id}", "1")
            sent: Any = {} if door.method == "POST" else None
            assert (await bench.ask(door.method, path, sent, who="doctor"))[0] == 403

    visiting(database_url, visit)
