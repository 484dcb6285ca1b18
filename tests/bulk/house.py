"""A hub whose bulk jobs are run when a test says so."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, TypeVar

import httpx

from hub.api.json_limits import parse
from hub.bulk.copies import Copies
from hub.bulk.exporting import Exporter
from hub.bulk.importing import Importer
from hub.bulk.jobs import Jobs
from hub.bulk.sources import Sources
from hub.bulk.vault import Vault
from hub.bulk.worker import Worker
from hub.kernel.ids import keyed_ids
from tests.api.house import BASE, House, house

T = TypeVar("T")

KEEP: Final = timedelta(hours=1)
INSTALLATION: Final = "a" * 26
LATER: Final = {"prefer": "respond-async"}


@dataclass
class Bulk:
    """The house, and a worker for its jobs."""

    home: House
    worker: Worker
    vault: Vault
    copies: Copies
    exporter: Exporter

    async def start(self, path: str, body: Any = None, *, who: str = "clinic", **headers: str) -> str:
        """Kick off a job; the path below the base where to ask for it."""
        method = "GET" if body is None else "POST"
        answer = await self.home.ask(method, path, body, who=who, **{**LATER, **headers})
        assert answer.status_code == 202, answer.text
        where = answer.headers["content-location"]
        assert where.startswith(BASE + "/")
        return where.removeprefix(BASE)

    async def ask(self, path: str, *, who: str = "clinic", method: str = "GET", **headers: str) -> httpx.Response:
        return await self.home.ask(method, path, who=who, **headers)

    async def done(self, path: str, body: Any = None, *, who: str = "clinic", **headers: str) -> Any:
        """Kick off a job and run it; its manifest."""
        where = await self.start(path, body, who=who, **headers)
        await self.worker.drain()
        answer = await self.ask(where, who=who)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def lines(self, item: Any, *, who: str = "clinic") -> list[Any]:
        """The lines of an item of a manifest."""
        answer = await self.ask(item["url"].removeprefix(BASE), who=who)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/fhir+ndjson"
        return [json.loads(line) for line in answer.content.splitlines()]

    async def exported(self, path: str, body: Any = None, *, who: str = "clinic", **headers: str) -> dict[str, Any]:
        """Everything an export gives, by reference."""
        manifest = await self.done(path, body, who=who, **headers)
        found: dict[str, Any] = {}
        for item in manifest["output"]:
            for line in await self.lines(item, who=who):
                assert line["resourceType"] == item["type"]
                reference = f"{line['resourceType']}/{line['id']}"
                assert reference not in found, "a line stands twice"
                found[reference] = line
        return found


def bulk_in(home: House, *, most_bytes: int = 1 << 30) -> Bulk:
    """A worker on the jobs of a house."""
    vault = Vault(home.folder / "bulk")
    jobs, clock = Jobs(home.database, most=2), home.services.clock
    exporter = Exporter(home.services.gate, jobs, vault, clock, most_bytes=most_bytes, keep=KEEP)
    sources = Sources(home.folder / "import", most_bytes=64 * 1024)
    importer = Importer(home.services.writes, vault, sources, parse, keyed_ids(bytes(32)), clock, keep=KEEP)
    runners: Any = {"export": exporter, "import": importer}
    copies = Copies(home.folder / "import", home.folder, INSTALLATION)
    worker = Worker(home.database, jobs, vault, copies, runners, home.services.log, clock, keep=KEEP)
    return Bulk(home, worker, vault, copies, exporter)


def with_bulk(url: str, visit: Callable[[Bulk], Awaitable[T]], *, most_bytes: int = 1 << 30, **changes: Any) -> T:
    """Run `visit` in a house with a worker."""

    async def run() -> T:
        async with house(url, **changes) as home:
            return await visit(bulk_in(home, most_bytes=most_bytes))

    return asyncio.run(run())


def parameters(**given: Any) -> Any:
    """A Parameters resource of texts; `patient` are references."""
    return {
        "resourceType": "Parameters",
        "parameter": [
            {"name": name, "valueReference": {"reference": value}}
            if name == "patient"
            else {"name": name, "valueString": value}
            for name, values in given.items()
            for value in (values if isinstance(values, list) else [values])
        ],
    }
