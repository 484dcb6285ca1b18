"""Nothing reads the record around the doors: every route of the real application as every role, and every command."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import httpx
import pytest
from starlette.routing import Route

from hub.api.app import FHIR_PREFIX
from hub.api.fhir.routes import INTERACTIONS
from hub.audit.entry import Entry
from hub.audit.queries import newest
from hub.auth.directory import Directory
from hub.auth.roles import ROLES
from hub.auth.tokens import Issuer
from hub.bootstrap.application import application
from hub.bootstrap.foundation import Foundation
from hub.cli.commands import Commands
from hub.db.database import Database
from hub.fhir.json import dumps, loads
from hub.kernel.clock import system_clock
from hub.kernel.log import Log
from hub.kernel.settings import Settings
from hub.run.stewards import desk
from hub.store.store import Store
from tests.api.defining import NICKNAME
from tests.api.house import observation, patient
from tests.events.house import Telled, in_telling, subscription
from tests.security.watch import Watch, watched

T = TypeVar("T")

CONSORTIUM: Final = """
name: 云泽县医共体
facilities:
  - {code: F01, name: 云泽县人民医院}
  - {code: F05, name: 石桥社区卫生服务中心}
feeds:
  - {name: F01-images, facility: F01, transport: archive, archive: F01-pacs}
  - {name: F01-bands, facility: F01, transport: http, format: device, profile: bands.yaml}
archives:
  - {name: F01-pacs, facility: F01, dicomweb: "http://127.0.0.1:9/dicom-web"}
"""

#: Images: a search of the index, and a study the gate is asked for.
IMAGES: Final = ("/dicom-web/F01-pacs/studies", "/dicom-web/F01-pacs/studies/1.2.3")

TOLD: Final = subscription(channel="websocket")

#: Every command, and why it cannot read the record around the gate.
REVIEW: Final = (
    *("list", "show", "preview", "claim", "comment", "skip", "link", "apart", "undo"),
    *("proposals", "confirm", "refuse", "opinions", "opinion", "measures"),
)
COMMANDS: Final = {
    "demo": "plays over sockets and asks over HTTP",
    "demo-verify": "asks over HTTP",
    "up": "starts the processes below it",
    "worker": "the processes: HTTP routes are walked here, the pipeline writes through the records door",
    "check": "reads a configuration file",
    "convert": "has no database",
    "export cda": "has no database",
    "token": "signs with the key folder; audited first",
    **dict.fromkeys(("keys renew-signing", "keys renew-audit"), "makes keys, files; audited first"),
    "keys init": "makes the master key, a file",
    "keys split": "hands out the master key in words",
    "keys replace": "wraps the wrapping keys anew, of a hub that does not run",
    "keys unseal": "gives words to the hub that waits for them",
    **dict.fromkeys(
        ("keys status", "keys encrypt", "keys rotate", "keys rewrap"), "seals anew what stands, and prints counts"
    ),
    "backup": "writes every table to disk, sealed under the master key",
    "restore": "writes into an empty database",
    "keys erase": "destroys, after two accounts said so, and prints counts",
    "consent decide": "has no database",
    "mpi link": "has no database",
    "mpi train": "reads the normalised demographics of the patient index alone, and prints counts",
    **dict.fromkeys(
        ("mpi unlink", "mpi reverse", "mpi history", *(f"mpi review {name}" for name in REVIEW)),
        "the desk of the patient index, walked below",
    ),
    **dict.fromkeys(
        ("mpi split", "mpi move", "mpi merge", "mpi apart", "mpi as-of", "mpi rejudge"),
        "the desk of the patient index, walked below",
    ),
    "mpi register": "reads Patients through the records door, walked below",
    "import": "writes through the records door of the bulk process, and reads counts and refusals without a value",
    **dict.fromkeys(
        ("terminology load", "terminology built-in", "terminology list", "terminology use", "terminology drop"),
        "code systems, value sets and maps, which are about no patient",
    ),
    **dict.fromkeys(
        (
            "user add",
            "user list",
            "user disable",
            "user enable",
            "user password",
            "user forget-device",
            "user bind",
            "user unbind",
            "user bound",
        ),
        "the accounts of the pages alone",
    ),
    **dict.fromkeys(
        tuple(f"client {name}" for name in ("add", "list", "show", "disable", "enable", "rotate")),
        "the registered applications alone",
    ),
    **dict.fromkeys(
        ("subscriptions list", "subscriptions show", "subscriptions resend", "subscriptions off"),
        "the table of subscriptions and counts of their events",
    ),
    **dict.fromkeys(
        ("outbound feeds", "outbound list", "outbound show", "outbound resend"),
        "the outbound queue: numbers, states and codes, no content",
    ),
    **dict.fromkeys(
        tuple(f"device {name}" for name in ("register", "stop", "senders", "bind", "end", "list")),
        "senders and bindings of devices alone, not to whom; audited",
    ),
    **dict.fromkeys(
        (
            "relationships list",
            "relationships contract",
            "relationships end",
            "approvals list",
            "approvals record",
            "approvals revoke",
        ),
        "the doors of the API for ties and approvals, under its rules; audited",
    ),
    "relationships entities": "reads the consortium file",
    "feeds": "figures of the inbox, and what is wrong with profiles; no content",
    "labels try": "has no database",
    "labels apply": "writes labels to what stands, and prints counts; audited first",
    "audit export": "the trail alone; audited first",
    "audit alarms": "the trail alone; audited first",
    "audit report": "the trail alone; audited first",
    "audit keys": "the key folder alone",
    "audit verify": "reads files",
    "audit witness": "asks over HTTP",
    "search-parameters list": "definitions and counts of what the index holds of them",
    "send mllp": "speaks MLLP",
    **dict.fromkeys(("profile codes", "profile suggest", "profile approve"), "codes and their counts alone"),
    **dict.fromkeys(("profile learn", "profile test", "profile check"), "has no database"),
    "messages list": "the inbox alone",
    "messages counts": "the inbox alone",
    "messages show": "what one message became, values masked; or unmasked, audited first with its patients",
    "messages report": "counters alone",
    "messages export": "the inbox alone; audited first",
    "messages try": "what one message would change, values masked; audited",
    "messages mend": "the inbox; counts alone are told",
    "messages repair": "the inbox alone",
    "messages replay": "the inbox alone",
}


@dataclass
class Hub:
    """The application as it runs in production, a client for it, and a token for every role."""

    http: httpx.AsyncClient
    routes: list[Route]
    tokens: Mapping[str, str]

    async def ask(self, method: str, path: str, body: Any = None, *, role: str = "clinician") -> httpx.Response:
        headers = {"content-type": "application/fhir+json", "prefer": "respond-async"}
        if role:
            headers["authorization"] = f"Bearer {self.tokens[role]}"
        return await self.http.request(method, path, content=None if body is None else dumps(body), headers=headers)


@asynccontextmanager
async def hub(url: str, folder: Path) -> AsyncIterator[Hub]:
    config = folder / "consortium.yaml"
    config.write_text(CONSORTIUM, encoding="utf-8")
    (folder / "bands.yaml").write_text("name: bands\nextends: wristband\n", encoding="utf-8")
    settings = Settings.load({}, database_url=url, data_dir=folder, config=config, base_url="http://hub.test/fhir")
    foundation = Foundation(settings, Log("test", stream=io.StringIO()))
    issuer = Issuer(foundation.keys, Directory(foundation.consortium), system_clock)
    tokens = {
        name: issuer.issue(role=name, organization="F01", practitioner="who", patient="a" if role.personal else None)
        for name, role in ROLES.items()
    }
    database = await Database.connect(url, size=4)
    try:
        async with application(foundation, database) as app:
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            routes = [route for route in app.router.routes if isinstance(route, Route)]
            async with httpx.AsyncClient(transport=transport, base_url="http://hub.test") as http:
                yield Hub(http, routes, tokens)
    finally:
        await database.close()


def in_hub(url: str, folder: Path, visit: Callable[[Hub], Awaitable[T]]) -> T:
    async def run() -> T:
        async with hub(url, folder) as home:
            return await visit(home)

    return asyncio.run(run())


async def recorded(home: Hub) -> dict[str, str]:
    """One of each that stands in the place of a route's parameters; who is told and what is searched by among them."""
    made = loads((await home.ask("POST", "/fhir/Patient", patient())).content)
    value = loads((await home.ask("POST", "/fhir/Observation", observation(made["id"]))).content)
    document = {
        "resourceType": "Composition",
        "status": "final",
        "type": {"text": "x"},
        "subject": {"reference": f"Patient/{made['id']}"},
        "date": "2026-05-20",
        "author": [{"display": "x"}],
        "title": "x",
        "section": [{"entry": [{"reference": f"Observation/{value['id']}"}]}],
    }
    head = loads((await home.ask("POST", "/fhir/Composition", document)).content)
    members = [{"entity": {"reference": f"Patient/{made['id']}"}}]
    group = {"resourceType": "Group", "type": "person", "actual": True, "member": members}
    cohort = loads((await home.ask("POST", "/fhir/Group", group)).content)
    told = loads((await home.ask("POST", "/fhir/Subscription", TOLD)).content)
    own = loads((await home.ask("POST", "/fhir/SearchParameter", NICKNAME, role="administrator")).content)
    return {
        "Patient": made["id"],
        "Observation": value["id"],
        "Composition": head["id"],
        "Group": cohort["id"],
        "Subscription": told["id"],
        "SearchParameter": own["id"],
    }


def requests(home: Hub, ids: Mapping[str, str]) -> Iterator[tuple[str, str, Any]]:
    """Method, path and body of every route, with the ids of what is there."""
    for interaction in INTERACTIONS:
        for rtype, rid in (
            ids.items() if not interaction.only else [(interaction.only, ids.get(interaction.only, "t1"))]
        ):
            path = interaction.template.format(type=rtype, id=rid, version="1", inner="Observation")
            yield interaction.method, FHIR_PREFIX + path, _body(interaction.body, rtype, ids)
    for route in home.routes:
        path = re.sub(r"\{[^}]+\}", ids["Patient"], route.path)
        for method in sorted(route.methods or ()):
            yield method, path, None
    for path in IMAGES:
        yield "GET", path, None


def _body(kind: str, rtype: str, ids: Mapping[str, str]) -> Any:
    if kind == "patch":
        value = {"name": "value", "valueCode": "other" if rtype == "Patient" else "amended"}
        path = {"name": "path", "valueString": "Patient.gender" if rtype == "Patient" else "Observation.status"}
        parts = [{"name": "type", "valueCode": "replace"}, path, value]
        return {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": parts}]}
    if kind != "resource":
        return None
    if rtype == "Group":
        return {"resourceType": "Group", "id": ids[rtype], "type": "person", "actual": False}
    if rtype in {"CodeSystem", "ValueSet", "ConceptMap"}:
        return {
            "resourceType": rtype,
            "id": "t1",
            "url": f"urn:test:{rtype}",
            "status": "active",
            "content": "complete",
        }
    if rtype == "SearchParameter":
        return NICKNAME | {"id": ids[rtype]}
    if rtype == "Subscription":
        return TOLD | {"id": ids[rtype]}
    return patient(id=ids[rtype]) if rtype == "Patient" else observation(ids["Patient"], id=ids[rtype])


@pytest.mark.parametrize("role", [*ROLES, ""])
def test_no_route_reads_the_record_around_the_doors(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, role: str
) -> None:
    async def visit(home: Hub) -> Watch:
        ids = await recorded(home)
        with watched(monkeypatch) as watch:
            for method, path, body in requests(home, ids):
                # Who monitors has no token and is told counts alone: the next test.
                if path != "/metrics" or role:
                    answer = await home.ask(method, path, body, role=role)
                    assert answer.status_code != 500, (method, path, answer.text)
        return watch

    watch = in_hub(database_url, tmp_path, visit)
    if role in {"clinician", "family-doctor"}:
        assert watch.through["hub.gate"] > 0
        assert watch.through["hub.records"] > 0
    if not role:
        assert not watch.through


def test_who_monitors_is_told_counts_and_nothing_of_anybody(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def visit(home: Hub) -> tuple[Watch, str, Mapping[str, str]]:
        ids = await recorded(home)
        with watched(monkeypatch) as watch:
            answer = await home.ask("GET", "/metrics", role="")
        return watch, answer.text, ids

    watch, told, ids = in_hub(database_url, tmp_path, visit)
    assert set(watch.through) <= {"hub.records"}
    assert "yilian_mpi_review_pairs" in told
    assert not any(value in told for value in (*ids.values(), "沈", "1958-04-12", "mrn-1"))


def test_notifications_read_the_record_through_the_gate(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def visit(telled: Telled) -> Watch:
        await telled.subscribe(telled.wanted(content="full-resource"))
        made = await telled.home.create(patient())
        await telled.home.create(observation(made["id"]))
        with watched(monkeypatch) as watch:
            await telled.tell()
        assert len(telled.receiver.events) == 2
        return watch

    watch = in_telling(database_url, visit)
    assert watch.through["hub.gate"] > 0
    assert set(watch.through) == {"hub.gate"}


def test_the_watch_sees_who_goes_around(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def around() -> None:
        database = await Database.connect(database_url, size=1)
        try:
            async with database.connection() as tx:
                await Store().load(tx, [("Patient", "a")])
        finally:
            await database.close()

    with pytest.raises(AssertionError), watched(monkeypatch):
        asyncio.run(around())


def test_the_desk_of_the_patient_index_tells_no_values_and_records_each_look(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def visit(home: Hub) -> dict[str, str]:
        return await recorded(home)

    ids = in_hub(database_url, tmp_path, visit)

    async def work() -> tuple[list[Any], list[Entry]]:
        async with desk(database_url, "steward") as hands:
            told = [
                await hands.register(lambda _: None),
                await hands.review.worklist.listed(hands.by, 10, "zh"),
                await hands.history(ids["Patient"]),
            ]
        database = await Database.connect(database_url, size=1)
        try:
            async with database.connection() as tx:
                return told, await newest(tx, limit=2)
        finally:
            await database.close()

    with watched(monkeypatch) as watch:
        told, entries = asyncio.run(work())
    assert watch.through["hub.records"] > 0
    assert "沈" not in repr(told)
    assert "1958" not in repr(told)
    assert [entry.requester.role for entry in entries] == ["mpi-steward", "mpi-steward"]


def test_every_command_is_known_and_none_reads_the_record() -> None:
    assert set(Commands(name="yilian").names) == set(COMMANDS)
