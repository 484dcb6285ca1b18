"""Which layout of the search index: one array of hashes a resource under a GIN, or one row a value under btrees?

`python -m bench.layout [--copies N] [--seconds S] [--json FILE] [--url URL]` loads the Synthea bundles of the shared
folder N times under new ids, one transaction a bundle, into both layouts, by the store's own extraction and COPY; then
asks five queries. `arrays` is what the store does, its SQL made by its own compiler; `rows` differs in one thing: each
hash of a token or reference is a row (hash, patient, resource) with two btrees, joined by hand-written SQL.
On a durable PostgreSQL of its own in a temporary folder, unless a URL is given. CPU of this process and of the
server's processes is told apart, so that a busy machine does not spoil the comparison.
"""

from __future__ import annotations

import argparse
import asyncio
import copy
import gc
import os
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from hub.db.database import Database, Tx
from hub.db.embedded import EmbeddedPostgres
from hub.db.metadata import metadata
from hub.fhir.compartments import source_patient
from hub.fhir.json import dumps, loads
from hub.fhir.references import rewrite
from hub.kernel.ids import reference_key
from hub.kernel.types import Json
from hub.store import compiler, read, tables, tokens, write
from hub.store.batch import RESOURCE_COLUMNS, plan
from hub.store.phrases import Phrases
from hub.store.predicate import seen
from hub.store.promoted import code_parameter
from hub.store.query import parse_query
from hub.store.registry import Registry
from hub.store.resource_types import type_number
from hub.store.values import Facts, Visible, Write

CLIENTS = 8
NOW = datetime(2026, 5, 20, tzinfo=UTC)
BENCH = Visible(organizations=("BENCH",), types=frozenset({"Organization", "Practitioner"}))
TICKS = os.sysconf("SC_CLK_TCK")

ROWS = """
CREATE TABLE token_value (hash uuid NOT NULL, pkey uuid NOT NULL, key uuid NOT NULL);
CREATE INDEX ON token_value (hash, pkey, key);
CREATE INDEX ON token_value (pkey, key);
DROP INDEX ix_resource_tokens;
DROP TABLE coding;
"""

COLUMNS = ", ".join(f"r.{name}" for name in read.COLUMNS.split(", "))
VISIBLE = "(r.author_org = ANY($1::text[])) AND NOT r.deleted"


@dataclass(frozen=True, slots=True)
class Known:
    """What the queries are drawn from: (patient id, identifier, code)."""

    patients: list[tuple[str, str]]
    codes: list[tuple[str, str]]


def bundles(folder: Path) -> list[list[Json]]:
    """Resources of each bundle, references between them by type and id; shared ones only in the first that has them."""
    seen_names: set[str] = set()
    result = []
    for path in sorted((folder / "bundles").glob("*.json")):
        entries = loads(path.read_bytes())["entry"]
        names = {e["fullUrl"]: f"{e['resource']['resourceType']}/{e['resource']['id']}" for e in entries}
        fresh = [e["resource"] for e in entries if names[e["fullUrl"]] not in seen_names]
        seen_names |= set(names.values())
        for resource in fresh:
            rewrite(resource, names.get)
        result.append(fresh)
    return result


def renamed(resources: Sequence[Json], number: int) -> list[bytes]:
    """The bytes of a bundle's resources under ids of their own for each copy."""
    copies = copy.deepcopy(list(resources))
    for resource in copies:
        resource["id"] = f"{number}-{resource['id']}"
        rewrite(resource, lambda text: text.replace("/", f"/{number}-", 1) if not text.startswith("urn:") else None)
    return [dumps(resource) for resource in copies]


def writes(bodies: Sequence[bytes]) -> Iterator[Write]:
    """Parse, find the patient, and make writes: all that comes before the store."""
    facts = Facts(author_org="BENCH")
    for body in bodies:
        resource = loads(body)
        yield Write(
            type=resource["resourceType"],
            id=resource["id"],
            resource=resource,
            patient=source_patient(resource),
            facts=facts,
        )


async def save_arrays(tx: Tx, given: Sequence[Write], phrases: Phrases) -> None:
    await write.save(tx, given, NOW, phrases, Registry())


async def save_rows(tx: Tx, given: Sequence[Write], phrases: Phrases) -> None:
    """The same rows, but for the hashes: out of the array, into a table."""
    batch, _ = plan(given, NOW)
    spread = []
    for key, (pkey, _, rows) in batch.indexed.items():
        spread += [(UUID(bytes=hashed), pkey, key) for hashed in rows.tokens]
        rows.codings.clear()
        row = list(batch.resource[key])
        row[RESOURCE_COLUMNS.index("tokens")] = []
        batch.resource[key] = tuple(row)
    await write.copy(tx, batch)
    await tx.copy_records_to_table("token_value", records=spread)
    await phrases.add(tx, {t: p for _, _, rows in batch.indexed.values() for t, p in rows.phrases.items()})


Save = Callable[[Tx, Sequence[Write], Phrases], Any]
Ask = Callable[[tuple[str, str], tuple[str, str]], tuple[str, list[Any]]]


def by_store(*params: str, rtype: str = "Observation") -> Ask:
    """A query as the store compiles it; {p} patient id, {i} identifier, {c} code."""

    def ask(patient: tuple[str, str], code: tuple[str, str]) -> tuple[str, list[Any]]:
        pairs = [part.format(p=patient[0], i=patient[1], c="|".join(code)).split("=", 1) for part in params]
        query = parse_query(rtype, [(name, value) for name, value in pairs], now=NOW)
        return compiler.page(compiler.plan(query, seen(BENCH), None, 21))

    return ask


ARRAYS: dict[str, Ask] = {
    "identifier": by_store("identifier={i}", rtype="Patient"),
    "patient+code+date, sorted": by_store("patient={p}", "code={c}", "date=ge2000", "_sort=-date"),
    "code, sort -date, 20": by_store("code={c}", "_sort=-date"),
    "chained identifier + code": by_store("patient.identifier={i}", "code={c}"),
    "everything": lambda patient, _: (
        f"SELECT {COLUMNS} FROM resource r WHERE {VISIBLE} AND r.pkey = $2",
        [["BENCH"], reference_key("Patient", patient[0])],
    ),
}


def of_patient(identifier: str) -> Any:
    system, _, value = identifier.partition("|")
    return tokens.system_and_code(tokens.param_number("Patient", "identifier"), system, value)


def of_code(code: tuple[str, str]) -> Any:
    return tokens.system_and_code(tokens.param_number("Observation", code_parameter("Observation")), *code)


_JOIN = "JOIN resource r ON r.pkey = t.pkey AND r.key = t.key"
ROW_QUERIES: dict[str, Ask] = {
    "identifier": lambda patient, _: (
        f"SELECT {COLUMNS} FROM token_value t {_JOIN} WHERE {VISIBLE} AND t.hash = $2 LIMIT 21",
        [["BENCH"], of_patient(patient[1])],
    ),
    "patient+code+date, sorted": lambda patient, code: (
        f"SELECT {COLUMNS} FROM token_value t {_JOIN} WHERE {VISIBLE} AND t.hash = $2 AND t.pkey = $3"
        " AND r.type = $4 AND r.date_high > $5 ORDER BY r.date_low DESC, r.key DESC LIMIT 21",
        [
            ["BENCH"],
            of_code(code),
            reference_key("Patient", patient[0]),
            type_number("Observation"),
            datetime(2000, 1, 1, tzinfo=UTC),
        ],
    ),
    "code, sort -date, 20": lambda _, code: (
        f"SELECT {COLUMNS} FROM token_value t {_JOIN} WHERE {VISIBLE} AND t.hash = $2"
        " ORDER BY r.date_low DESC, r.key DESC LIMIT 21",
        [["BENCH"], of_code(code)],
    ),
    "chained identifier + code": lambda patient, code: (
        "WITH p AS MATERIALIZED (SELECT t.key FROM token_value t WHERE t.hash = $3)"
        f" SELECT {COLUMNS} FROM p JOIN token_value t ON t.pkey = p.key {_JOIN} WHERE {VISIBLE} AND t.hash = $2"
        " ORDER BY r.date_low DESC, r.key DESC LIMIT 21",
        [["BENCH"], of_code(code), of_patient(patient[1])],
    ),
    "everything": ARRAYS["everything"],
}


async def prepare(url: str, name: str, more: str) -> str:
    """A fresh database with every table; gives its URL."""
    connection = await asyncpg.connect(url)
    await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    own = urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(own), poolclass=NullPool
    )
    async with engine.begin() as connection_:
        await connection_.run_sync(lambda sync: metadata.create_all(sync, tables=list(OURS)))
    await engine.dispose()
    connection = await asyncpg.connect(own)
    await connection.execute(more)
    await connection.close()
    return own


OURS = [table for table in vars(tables).values() if table in metadata.tables.values()]


class Cpu:
    """CPU seconds of this process and of the server's, since it was made."""

    def __init__(self, backends: Sequence[int]) -> None:
        self.backends = backends
        self.client, self.server = time.process_time(), self._server()

    def _server(self) -> float:
        total = 0.0
        for pid in self.backends:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += (int(fields[11]) + int(fields[12])) / TICKS
        return total

    def spent(self) -> tuple[float, float]:
        return time.process_time() - self.client, self._server() - self.server


async def backends(database: Database) -> list[int]:
    """Process ids of every connection of the pool."""
    leases = [database.connection() for _ in range(CLIENTS)]
    held = [await lease.__aenter__() for lease in leases]
    pids = [int(await one.fetchval("SELECT pg_backend_pid()")) for one in held]
    for lease in leases:
        await lease.__aexit__(None, None, None)
    return pids


async def load(database: Database, batches: list[list[bytes]], save: Save, streams: int) -> dict[str, float]:
    """Import every batch over `streams` connections."""
    phrases, waiting = Phrases(), iter(batches)
    cpu, begin = Cpu(await backends(database)), time.perf_counter()

    async def stream() -> None:
        for bodies in waiting:
            async with database.transaction() as tx:
                await save(tx, list(writes(bodies)), phrases)

    await asyncio.gather(*(stream() for _ in range(streams)))
    seconds, (client, server) = time.perf_counter() - begin, cpu.spent()
    count = sum(map(len, batches))
    return {
        "resources/s": count / seconds,
        "python us": client / count * 1e6,
        "server us": server / count * 1e6,
        "resources/s of CPU": count / (client + server),
    }


async def query(database: Database, ask: Ask, facts: Known, seconds: float) -> dict[str, float]:
    """One query by all clients: how many a second, how many rows each."""
    dice = random.Random(7)
    asked = [ask(dice.choice(facts.patients), dice.choice(facts.codes)) for _ in range(200)]
    done = rows = 0
    cpu, begin = Cpu(await backends(database)), time.perf_counter()

    async def client(number: int) -> None:
        nonlocal done, rows
        at = number
        async with database.connection() as connection:
            while time.perf_counter() - begin < seconds:
                text, values = asked[at % len(asked)]
                found = await connection.fetch(text, *values)
                rows += len(found)
                done += 1
                at += 1

    await asyncio.gather(*(client(number) for number in range(CLIENTS)))
    spent = time.perf_counter() - begin
    mine, server = cpu.spent()
    return {"queries/s": done / spent, "rows": rows / done, "queries/s of CPU": done / (mine + server)}


def drawn(all_writes: Sequence[Json]) -> Known:
    """Patients with an identifier, and codes that many Observations have."""
    patients = [
        (r["id"], f"{r['identifier'][0]['system']}|{r['identifier'][0]['value']}")
        for r in all_writes
        if r["resourceType"] == "Patient"
    ]
    codings = [r["code"]["coding"][0] for r in all_writes if r["resourceType"] == "Observation"]
    codes = [(coding["system"], coding["code"]) for coding in codings]
    return Known(patients, sorted(set(codes), key=codes.count, reverse=True)[:12])


async def layout(url: str, name: str, more: str, save: Save, asks: dict[str, Ask], options: Options) -> dict[str, Any]:
    """Load and query one layout."""
    own = await prepare(url, name, more)
    database = await Database.connect(own, size=CLIENTS)
    try:
        result: dict[str, Any] = {}
        half = len(options.batches) // 2
        result["import, 1 connection"] = await load(database, options.batches[:half], save, 1)
        result["import, 3 connections"] = await load(database, options.batches[half:], save, 3)
        async with database.connection() as connection:
            await connection.execute("VACUUM ANALYZE")
            size = await connection.fetchval(
                "SELECT sum(pg_total_relation_size(oid)) FROM pg_class"
                " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
            )
            count = await connection.fetchval("SELECT count(*) FROM resource")
        result["bytes a resource"] = {"all tables": float(size) / count}
        for title, ask in asks.items():
            await query(database, ask, options.facts, 0.3)
            result[title] = await query(database, ask, options.facts, options.seconds)
        return result
    finally:
        await database.close()


@dataclass(frozen=True, slots=True)
class Options:
    """What is loaded, what is asked for, how long."""

    batches: list[list[bytes]]
    facts: Known
    seconds: float


def table(results: dict[str, dict[str, Any]]) -> str:
    """Both layouts side by side."""
    lines = [f"{'':38} {'arrays':>14} {'rows':>14} {'ratio':>7}"]
    for title, figures in results["arrays"].items():
        for what, figure in figures.items():
            other = results["rows"][title][what]
            lines.append(
                f"{title + ': ' + what:60} {figure:14,.1f} {other:14,.1f} {figure / other if other else 0:7.2f}"
            )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--copies", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--shared", type=Path, default=Path(os.environ.get("YILIAN_SHARED", "../shared")))
    parser.add_argument("--url", help="a server to make databases on, instead of one of its own")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    sources = bundles(given.shared / "synthea-r4")
    batches = [renamed(resources, number) for number in range(given.copies) for resources in sources]
    facts = drawn([loads(body) for bodies in batches for body in bodies])
    options = Options(batches, facts, given.seconds)
    gc.collect()
    gc.freeze()
    if given.url:
        results = asyncio.run(run(given.url, options))
    else:
        folder = Path(tempfile.mkdtemp(prefix="yilian-bench-"))
        folder.chmod(0o711)
        try:
            with EmbeddedPostgres(folder) as server:
                results = asyncio.run(run(server.url, options))
        finally:
            shutil.rmtree(folder)
    print(table(results))
    if given.json:
        given.json.write_bytes(dumps(results))


async def run(url: str, options: Options) -> dict[str, dict[str, Any]]:
    return {
        "arrays": await layout(url, "layout_arrays", "SELECT 1", save_arrays, ARRAYS, options),
        "rows": await layout(url, "layout_rows", ROWS, save_rows, ROW_QUERIES, options),
    }


if __name__ == "__main__":
    main()
