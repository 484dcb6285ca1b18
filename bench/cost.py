"""What one request costs: CPU of the API, of PostgreSQL and of what follows beside, transactions, by kind of request.

`python -m bench.cost [--bundles N] [--calls N] [--clients N] [--data FOLDER] [--only KIND ...] [--bare] [--json FILE]`
starts a whole hub (fsync on), loads Synthea bundles, and asks each kind of request `calls` times over `clients`
connections that stay open. CPU is read from /proc, so other work on the machine hardly moves it; a rate is what the
driver saw. With `--data` the folder is kept, and a second run on it loads nothing: two versions of the hub are compared
on one database.

Costs of `import` and those of whole records are for each resource, all others for each request.

With `--bare` a server that does nothing but fetch and send is asked then (bench.bare: `hello` without database, `body`
by primary key, `record` the bodies of one patient), and all is shown beside the goals of the design (bench.goals).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any, Final
from urllib.parse import quote, urlsplit

import asyncpg

from bench.bare import serving
from bench.cpu import children, cpu_of
from bench.goals import show_goals
from bench.whole_hub import whole_hub
from hub.kernel.ids import reference_key
from hub.run.installation import temporary_data

SHARED: Final = Path(os.environ.get("YILIAN_SHARED", Path(__file__).resolve().parents[2] / "shared"))
PER_RESOURCE: Final = frozenset({"import", "everything", "bare record"})


@dataclass(frozen=True, slots=True)
class Request:
    """A request below the base of the FHIR API."""

    target: str
    method: str = "GET"
    body: bytes = b""


class Connection:
    """One connection that stays open."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, token: str) -> None:
        self._reader, self._writer, self._token = reader, writer, token

    @classmethod
    async def open(cls, base: str, token: str) -> Connection:
        url = urlsplit(base)
        reader, writer = await asyncio.open_connection(url.hostname, url.port, limit=1 << 26)
        return cls(reader, writer, token)

    async def ask(self, request: Request) -> bytes:
        """The body of the answer. Raises RuntimeError when it is no success."""
        head = f"{request.method} /fhir/{request.target} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {self._token}\r\n"
        kind = f"Content-Type: application/fhir+json\r\nContent-Length: {len(request.body)}\r\n" if request.body else ""
        self._writer.write(f"{head}{kind}\r\n".encode() + request.body)
        answer = await self._reader.readuntil(b"\r\n\r\n")
        length = int(answer.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        body = await self._reader.readexactly(length)
        if not answer.startswith((b"HTTP/1.1 200", b"HTTP/1.1 201")):
            raise RuntimeError(f"{request.method} {request.target}: {answer[:40]!r} {body[:300]!r}")
        return body

    def close(self) -> None:
        self._writer.close()


@dataclass(slots=True)
class Known:
    """What is loaded, as far as requests are made of it."""

    patients: list[dict[str, Any]] = field(default_factory=list)
    observations: list[dict[str, Any]] = field(default_factory=list)
    conditions: list[dict[str, Any]] = field(default_factory=list)


async def look_around(connection: Connection) -> Known:
    """Patients, Observations and Conditions of the hub."""
    pages = [await connection.ask(Request(f"{kind}?_count=1000")) for kind in ("Patient", "Observation", "Condition")]
    return Known(*([one["resource"] for one in json.loads(page).get("entry", [])] for page in pages))


def _token(resource: dict[str, Any]) -> str:
    coding = resource["code"]["coding"][0]
    return quote(f"{coding['system']}|{coding['code']}", safe=":/.")


def _identifier(patient: dict[str, Any]) -> str:
    one = patient["identifier"][0]
    return quote(f"{one['system']}|{one['value']}", safe=":/.")


def _reading(patient: dict[str, Any], number: int) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "urn:bench", "code": "reading", "display": "reading"}]},
        "subject": {"reference": f"Patient/{patient['id']}"},
        "effectiveDateTime": f"2024-01-{number % 28 + 1:02}T08:00:00+00:00",
        "valueQuantity": {"value": 100 + number % 80, "unit": "mm[Hg]", "system": "http://unitsofmeasure.org"},
        "note": [{"text": "a reading"}],
    }


def kinds(known: Known, random: Random) -> dict[str, Callable[[int], Request]]:
    """How the request of a number is made, by kind."""
    one, patients, observations, conditions = random.choice, known.patients, known.observations, known.conditions
    timed = [seen for seen in observations if "effectiveDateTime" in seen and "subject" in seen]

    def of_patient(_: int) -> Request:
        seen = one(timed)
        day, who = seen["effectiveDateTime"][:10], seen["subject"]["reference"].partition("/")[2]
        return Request(f"Observation?patient={who}&code={_token(seen)}&date=ge{day}&_count=100")

    def created(number: int) -> Request:
        return Request("Observation", "POST", json.dumps(_reading(one(patients), number)).encode())

    def updated(number: int) -> Request:
        # Of these alone, each for one request at a time as long as there are more of them than clients.
        seen = timed[number % len(timed)]
        changed = {**seen, "valueQuantity": {"value": random.random(), "unit": "x"}}
        changed = {name: value for name, value in changed.items() if name not in {"meta", "valueCodeableConcept"}}
        return Request(f"Observation/{seen['id']}", "PUT", json.dumps(changed).encode())

    return {
        "read": lambda _: Request(f"Observation/{one(observations)['id']}"),
        "identifier": lambda _: Request(f"Patient?identifier={_identifier(one(patients))}"),
        "name": lambda _: Request(f"Patient?name={quote(one(patients)['name'][0]['family'].lower())}&_count=50"),
        "patient+code+date": of_patient,
        "code+_sort=-date": lambda _: Request(f"Observation?code={_token(one(observations))}&_sort=-date&_count=20"),
        "condition code": lambda _: Request(f"Condition?code={_token(one(conditions))}&_count=50"),
        "chained": lambda _: Request(f"Observation?patient.identifier={_identifier(one(patients))}&_count=50"),
        "_include": lambda _: Request(
            f"Encounter?patient={one(patients)['id']}&_include=Encounter:service-provider&_count=50"
        ),
        "_revinclude": lambda _: Request(f"Patient?_id={one(patients)['id']}&_revinclude=Condition:patient"),
        "everything": lambda _: Request(f"Patient/{one(patients)['id']}/$everything?_count=1000"),
        "create": created,
        "update": updated,
    }


@dataclass(frozen=True, slots=True)
class Meter:
    """Reads CPU and transactions of one hub. `beside`: those that answer nobody (events, audit tree, alarms)."""

    api: Sequence[int]
    beside: Sequence[int]
    postmaster: int
    database: asyncpg.Connection
    url: str

    async def read(self) -> tuple[float, float, float, int]:
        """Microseconds of CPU of the API processes, of PostgreSQL, of those beside, and transactions so far."""
        await asyncio.sleep(1.1)  # statistics of transactions are told after a second, and the tree grows by then
        done = await self.database.fetchval("SELECT sum(xact_commit + xact_rollback) FROM pg_stat_database")
        api, postgresql, beside = (
            sum(map(cpu_of, pids)) for pids in (self.api, children(self.postmaster), self.beside)
        )
        return api, postgresql, beside, int(done)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a kind of request cost, each: microseconds of CPU, transactions, how many were answered a second, p50."""

    hub: float
    postgresql: float
    beside: float
    transactions: float
    rate: float
    latency: float

    @property
    def all(self) -> float:
        """CPU of all processes but the client."""
        return self.hub + self.postgresql + self.beside


async def cost(meter: Meter, connections: Sequence[Connection], requests: Sequence[Request], per: str) -> Cost:
    """Ask all of them, each connection its next when it has its answer."""
    waiting, units, taken = iter(requests), 0, []

    async def client(connection: Connection) -> None:
        nonlocal units
        for request in waiting:
            begun = time.perf_counter()
            body = await connection.ask(request)
            taken.append(time.perf_counter() - begun)
            units += body.count(b'"search":{"mode":') + body.count(b'"location":') if per in PER_RESOURCE else 1

    before = await meter.read()
    begun = time.perf_counter()
    await asyncio.gather(*map(client, connections))
    seconds = time.perf_counter() - begun
    hub, postgresql, beside, transactions = (b - a for a, b in zip(before, await meter.read(), strict=True))
    return Cost(
        hub=hub / units,
        postgresql=postgresql / units,
        beside=beside / units,
        transactions=transactions / units,
        rate=units / seconds,
        latency=sorted(taken)[len(taken) // 2] * 1000,
    )


def show(name: str, found: Cost) -> None:
    figures = (found.hub, found.postgresql, found.beside, found.all, found.transactions, found.rate, found.latency)
    row = "".join(f"{value:>14.{places}f}" for value, places in zip(figures, (0, 0, 0, 0, 2, 0, 2), strict=True))
    print(f"{name:<20}{row}", flush=True)


@contextmanager
def kept(folder: Path | None) -> Iterator[Path]:
    with temporary_data() if folder is None else nullcontext(folder) as data:
        data.mkdir(parents=True, exist_ok=True)
        data.chmod(0o711)
        yield data


@asynccontextmanager
async def hub(data: Path) -> AsyncIterator[tuple[str, str, Meter]]:
    """A running hub: its address, a token of a clinician, its meter."""
    async with whole_hub(data) as started:
        database = await asyncpg.connect(started.database)
        try:
            api = [pid for name, pid in started.pids.items() if name.startswith("api")]
            beside = [pid for name, pid in started.pids.items() if not name.startswith("api")]
            meter = Meter(api, beside, await started.postmaster(), database, started.database)
            yield started.addresses.base, started.client("clinician", "BENCH").token, meter
        finally:
            await database.close()


async def measure(data: Path, given: argparse.Namespace) -> dict[str, Cost]:
    """Costs by kind."""
    found: dict[str, Cost] = {}

    def tell(name: str, one: Cost) -> None:
        found[name] = one
        show(name, one)

    async with hub(data) as (base, token, meter):
        heads = ("API", "PostgreSQL", "beside", "all", "transactions", "per s", "p50 ms")
        print(f"{'CPU us':<20}" + "".join(f"{head:>14}" for head in heads), flush=True)
        connections = [await Connection.open(base, token) for _ in range(given.clients)]
        known = await look_around(connections[0])
        if not known.patients:
            paths = sorted((SHARED / "synthea-r4" / "bundles").glob("*.json"))[: given.bundles]
            loads = [Request("", "POST", path.read_bytes()) for path in paths]
            tell("import", await cost(meter, connections, loads, "import"))
            known = await look_around(connections[0])
        for name, make in kinds(known, Random(given.seed)).items():
            if given.only and name not in given.only:
                continue
            calls = given.calls // 8 if name == "everything" else given.calls
            await asyncio.gather(*(connection.ask(make(number)) for number, connection in enumerate(connections)))
            tell(name, await cost(meter, connections, [make(number) for number in range(calls)], name))
        for connection in connections:
            connection.close()
        if given.bare:
            await ask_bare(meter, given, known, tell)
    return found


async def ask_bare(meter: Meter, given: argparse.Namespace, known: Known, tell: Callable[[str, Cost], None]) -> None:
    """What a bare server needs for what it can: greeting, one body, the bodies of a patient."""
    async with serving(meter.url, len(meter.api)) as (base, processes):
        bare = replace(meter, api=processes, beside=())
        connections = [await Connection.open(base, "") for _ in range(given.clients)]
        for name, make in bare_kinds(known, Random(given.seed)).items():
            calls = given.calls // 8 if name == "bare record" else given.calls
            await asyncio.gather(*(connection.ask(make(0)) for connection in connections))
            tell(name, await cost(bare, connections, [make(number) for number in range(calls)], name))
        for connection in connections:
            connection.close()


def bare_kinds(known: Known, random: Random) -> dict[str, Callable[[int], Request]]:
    """Makers of requests to the bare server."""

    def body(_: int) -> Request:
        seen = random.choice(known.observations)
        patient = reference_key("Patient", seen["subject"]["reference"].partition("/")[2])
        return Request(f"body/{patient}/{reference_key('Observation', seen['id'])}")

    return {
        "bare hello": lambda _: Request("hello"),
        "bare body": body,
        "bare record": lambda _: Request(f"record/{reference_key('Patient', random.choice(known.patients)['id'])}"),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundles", type=int, default=20)
    parser.add_argument("--calls", type=int, default=800)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--only", nargs="+", default=[])
    parser.add_argument("--bare", action="store_true")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    with kept(given.data) as data:
        found = asyncio.run(measure(data, given))
    if given.bare:
        show_goals({name: one.rate for name, one in found.items()}, {name: one.all for name, one in found.items()})
    if given.json:
        text = json.dumps({name: {key: getattr(one, key) for key in Cost.__slots__} for name, one in found.items()})
        given.json.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
