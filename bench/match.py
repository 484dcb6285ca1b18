"""Registering source patients online, beside many that are known: latency with the commit, and rate.

`python -m bench.match [--persons 100000] [--probes 500] [--reads 20000] [--data DIR] [--json FILE]` fills an index with
fictional persons of three registrations each (`bench.crowd`), then registers new ones, half of known and half of new
persons: one by one, each in a transaction of its own that is on disk when it ends; the same again unchanged; and in
transactions of 64. With `--data` the index is kept: a second run fills nothing and registers others.

Times are service times of one client that does one thing after the other: from the Patient in memory to the answer to
COMMIT, normalising, comparing and deciding in this process included; nobody queues. What no index can be faster than is
timed between any two of them: a transaction of one bare row, which is one write to the disk and three round trips, and
one empty round trip. Event loop and garbage collector are set as in the hub's workers; the registrations to come are
not collected. Before, the files of the database are read once, and `--reads` known persons are looked up, so that its
own memory holds what that of a hub holds that has run for a day. A hub that is started again reads it back by itself
where PostgreSQL has pg_prewarm. A machine without memory for the files is slower.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final

import uvloop
from msgspec.structs import replace

from bench.crowd import again, copy, known, persons, source
from bench.turns import collect_as_worker
from hub.db.database import Database
from hub.db.embedded import EmbeddedPostgres
from hub.db.migrate import upgrade
from hub.kernel.clock import system_clock
from hub.mpi.index import PatientIndex
from hub.mpi.registration import Source

#: Bytes read at a time.
_CHUNK: Final = 1 << 20


@dataclass(slots=True)
class Limits:
    """Milliseconds of what stands beside each registration: a bare row on disk, and an empty round trip."""

    bare: list[float] = field(default_factory=list)
    trip: list[float] = field(default_factory=list)


async def one_by_one(
    database: Database, index: PatientIndex, sources: Sequence[Source], beside: Limits | None = None
) -> list[float]:
    """Milliseconds of each registration, its commit included; the limits are measured between any two."""
    took = []
    for one in sources:
        if beside is not None:
            beside.bare.append(await _bare(database))
            beside.trip.append(await _trip(database))
        begin = time.perf_counter()
        async with database.transaction() as tx:
            await index.register(tx, [one])
        took.append(1000 * (time.perf_counter() - begin))
    return took


async def _bare(database: Database) -> float:
    """Milliseconds until one row without an index is on disk."""
    begin = time.perf_counter()
    async with database.transaction() as tx:
        await tx.execute("INSERT INTO bare SELECT decode(repeat('ab', 400), 'hex')")
    return 1000 * (time.perf_counter() - begin)


async def _trip(database: Database) -> float:
    """Milliseconds of a statement that does nothing."""
    async with database.connection() as tx:
        begin = time.perf_counter()
        await tx.execute("SELECT")
        return 1000 * (time.perf_counter() - begin)


async def bulk(database: Database, index: PatientIndex, sources: Sequence[Source]) -> float:
    """Registrations a second in transactions of 64."""
    begin = time.perf_counter()
    for start in range(0, len(sources), 64):
        async with database.transaction() as tx:
            await index.register(tx, sources[start : start + 64])
    return len(sources) / (time.perf_counter() - begin)


async def look_up(database: Database, index: PatientIndex, count: int, reads: int) -> None:
    """Ask for so many of the persons of the index who they are."""
    places = set(Random(count).sample(range(count), min(reads, count)))
    for place, record in enumerate(known(count)):
        if place in places:
            async with database.connection() as tx:
                await index.match(tx, record, 1)


async def run(url: str, count: int, probes: int, reads: int, folder: Path) -> dict[str, Any]:
    """All figures, over an index of `count` persons."""
    await upgrade(url)
    database = await Database.connect(url, statement_seconds=600)
    if not await _sources(database):
        await copy(database, count)
    index = PatientIndex(system_clock)
    warm, single, many = await _probes(database, count, probes)
    into_memory(folder / "postgres" / "cluster" / "base")
    collect_as_worker()
    await look_up(database, index, count, reads)
    await one_by_one(database, index, warm)
    figures: dict[str, Any] = {"persons": count, "registrations": await _sources(database)}
    async with database.connection() as tx:
        await tx.execute("CREATE TABLE IF NOT EXISTS bare (content bytea)")
    beside = Limits()
    took = await one_by_one(database, index, single, beside)
    figures["new"] = quantiles(took)
    figures["new_per_second"] = 1000 * len(took) / sum(took)
    figures["unchanged"] = quantiles(await one_by_one(database, index, [replace(one, created=False) for one in single]))
    figures["bare row"] = quantiles(beside.bare)
    figures["round trip"] = quantiles(beside.trip)
    figures["new / bare row"] = {part: value / figures["bare row"][part] for part, value in figures["new"].items()}
    figures["bulk_per_second"] = await bulk(database, index, many)
    async with database.connection() as tx:
        figures["megabytes"] = await tx.fetchval(
            "SELECT sum(pg_total_relation_size(oid)) / 1000000 FROM pg_class"
            " WHERE relkind = 'r' AND (relname LIKE 'mpi%' OR relname = 'member')"
        )
    await database.close()
    return figures


def into_memory(folder: Path) -> None:
    """Let the machine hold every file of the database in memory, as far as it has room."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb", buffering=0) as file:
                while file.read(_CHUNK):
                    pass


async def _sources(database: Database) -> int:
    """How many registrations the index holds."""
    async with database.connection() as tx:
        return await tx.fetchval("SELECT coalesce(max(number), 0) FROM mpi_source")  # type: ignore[no-any-return]


async def _probes(database: Database, count: int, probes: int) -> list[list[Source]]:
    """Registrations that were never made: to warm up, one by one, in batches. Every other one is of a known person."""
    turn = await _sources(database)
    random, wanted = Random(turn), 3 * probes
    places = set(random.sample(range(count), wanted))
    seen = [again(record, turn, random) for place, record in enumerate(known(count)) if place in places]
    new = persons(count, random, range(count + turn, count + turn + wanted))
    mixed = [source(record) for pair in zip(random.sample(seen, wanted), new, strict=True) for record in pair]
    return [mixed[start : start + 2 * probes] for start in range(0, len(mixed), 2 * probes)]


def quantiles(took: Sequence[float]) -> dict[str, float]:
    ordered = sorted(took)
    return {f"p{part}": ordered[min(len(ordered) - 1, len(ordered) * part // 100)] for part in (50, 95, 99)}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--persons", type=int, default=100_000)
    options.add_argument("--probes", type=int, default=500)
    options.add_argument("--reads", type=int, default=20_000)
    options.add_argument("--data", type=Path, help="keep the cluster here, and use what it holds")
    options.add_argument("--json", type=Path)
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="yilian-bench-") as name:
        folder = given.data or Path(name)
        folder.mkdir(exist_ok=True)
        folder.chmod(0o711)  # PostgreSQL's account must pass when we are root
        # The loop the hub's workers run.
        with EmbeddedPostgres(folder) as server, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            figures = runner.run(run(server.url, given.persons, given.probes, given.reads, folder))
    print(f"{figures['persons']} persons, {figures['registrations']} registrations, {figures['megabytes']:.0f} MB")
    print("service times of one client, one after the other, nobody queues")
    for name in ("new", "unchanged", "bare row", "round trip"):
        print(f"one {name:<10} " + "   ".join(f"{part} {value:6.2f} ms" for part, value in figures[name].items()))
    print("new / bare row " + "   ".join(f"{part} {value:6.2f}" for part, value in figures["new / bare row"].items()))
    print(f"one after the other: {figures['new_per_second']:.0f} new registrations/s with one worker")
    print(f"in transactions of 64: {figures['bulk_per_second']:.0f} new registrations/s")
    if given.json:
        given.json.write_text(json.dumps(figures, indent=1, default=float), encoding="utf-8")


if __name__ == "__main__":
    main()
