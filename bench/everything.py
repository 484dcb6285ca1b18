"""`Patient/$everything` step by step: the store, the gate, and the page as bytes, for one patient of many resources.

`python -m bench.everything [--json FILE] [--resources N] [--repeats R] [--profile]` runs on a durable PostgreSQL
(fsync) of its own in a temporary folder. Figures are milliseconds for one page of N resources (median of R), the
resources per second that makes, and the CPU of this process for one resource in microseconds.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import json
import pstats
import shutil
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy.ext.asyncio import create_async_engine

from hub.api.fhir.bundle import bundle, found_entries
from hub.audit.trail import Trail
from hub.db.database import Database
from hub.db.embedded import EmbeddedPostgres
from hub.db.metadata import metadata
from hub.gate.gate import Gate
from hub.gate.released import ReleasedPage
from hub.kernel.clock import system_clock
from hub.kernel.log import Log
from hub.store.resource_types import NUMBERS
from hub.store.store import Store
from hub.store.values import Portion, Visible, Write
from tests.gate.house import CLINICIAN, DIRECTORY, SECRET, observation, write

BASE: Final = "http://127.0.0.1:8000/fhir"
_START: Final = datetime(2020, 1, 1, tzinfo=UTC)


def record(count: int) -> list[Write]:
    """A patient with `count` resources in all, about 1 KiB each, which name twenty Practitioners."""
    found = [write("Practitioner", f"p{n}", active=True) for n in range(20)]
    found.append(write("Patient", "a", name=[{"family": "沈", "given": ["桂兰"]}], birthDate="1958-04-12"))
    return found + [_value(number) for number in range(count - 1)]


def _value(number: int) -> Write:
    when = (_START + timedelta(hours=7 * number)).isoformat()
    measured = {"unit": "mmol/L", "system": "http://unitsofmeasure.org", "code": "mmol/L"}
    return observation(
        f"o{number}",
        effectiveDateTime=when,
        issued=when,
        performer=[{"reference": f"Practitioner/p{number % 20}", "display": "Dr Fang"}],
        category=[
            {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "laboratory"}]}
        ],
        valueQuantity={"value": number, **measured},
        referenceRange=[{"low": {"value": 1, **measured}, "high": {"value": 9, **measured}, "text": "of adults"}],
        note=[
            {"text": f"Taken in the morning before breakfast, {number} hours after the last meal of the day before."}
        ],
    )


def page_bytes(page: ReleasedPage) -> bytes:
    """A released page as the API sends it."""
    entries = [*found_entries(BASE, "match", page.matches), *found_entries(BASE, "include", page.included)]
    return bundle("searchset", entries, total=page.total)


async def measured(work: Callable[[], Awaitable[object]], count: int, repeats: int) -> dict[str, float]:
    """Figures of one step."""
    await work()
    times, before = [], time.process_time()
    for _ in range(repeats):
        begin = time.perf_counter()
        await work()
        times.append((time.perf_counter() - begin) * 1000)
    spent = (time.process_time() - before) / repeats / count * 1e6
    took = statistics.median(times)
    return {"ms": took, "resources/s": count / took * 1000, "cpu us/resource": spent}


async def figures(url: str, count: int, repeats: int, *, profile: bool) -> dict[str, dict[str, float]]:
    """Figures of each step."""
    engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://", 1))
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    await engine.dispose()
    database, store, log = await Database.connect(url), Store(system_clock), Log("bench")
    async with database.transaction() as tx:
        await store.save(tx, record(count))
        await tx.execute("ANALYZE")
    trail = Trail(database, log)
    gate = Gate(database, store, trail, DIRECTORY, SECRET, system_clock, log, page_limit=count + 100)
    types = frozenset(NUMBERS)
    portion = Portion(patients=("a",), types=types, leading=types, referred=types)

    async def from_store() -> None:
        async with database.connection() as tx:
            await store.everything(tx, portion, Visible(organizations=("F01",)), count=count + 100)

    async def from_gate() -> ReleasedPage:
        return await gate.everything(CLINICIAN, "a", [])

    async def as_bytes() -> bytes:
        return page_bytes(await from_gate())

    page = await from_gate()
    number = len(page.matches) + len(page.included)
    steps: list[tuple[str, Callable[[], Awaitable[object]]]] = [
        ("store", from_store), ("gate", from_gate), ("page", as_bytes),
    ]  # fmt: skip
    found = {name: await measured(work, number, repeats) for name, work in steps}
    if profile:
        await _profiled(as_bytes, repeats)
    await trail.close()
    await database.close()
    return found


async def _profiled(work: Callable[[], Awaitable[Any]], repeats: int) -> None:
    with cProfile.Profile() as profiler:
        for _ in range(repeats):
            await work()
    pstats.Stats(profiler).sort_stats("tottime").print_stats(18)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--resources", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=30)
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="everything-"))
    try:
        with EmbeddedPostgres(folder / "pg") as cluster:
            found = asyncio.run(figures(cluster.url, options.resources, options.repeats, profile=options.profile))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for name, row in found.items():
        print(f"{name:8}" + "".join(f"  {column} {value:,.1f}" for column, value in row.items()))
    if options.json:
        options.json.write_text(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
