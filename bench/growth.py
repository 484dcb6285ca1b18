"""What a question costs as the store grows: blocks read, CPU, bytes on disk.

`python -m bench.growth [--sizes N ...] [--calls N] [--json FILE]` fills a PostgreSQL of its own (fsync on) in a
temporary folder, size by size, and asks each kind of question of patients by chance, one after another, through the
gate and with its audit row. Blocks and CPU are counted, so other work on the machine hardly moves them: blocks of 8 KiB
that PostgreSQL looked at, microseconds of CPU of this process and of PostgreSQL. A patient has a record of a hundred
resources whatever the size: questions about one patient should cost what they did.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Final

from msgspec.structs import replace

from bench.consented import AUTHOR, empty_house
from bench.cpu import children, cpu_of, parent
from bench.turns import as_worker
from hub.db.embedded import EmbeddedPostgres
from hub.db.migrate import upgrade
from hub.records.facts import facts_of
from hub.store.values import Write
from tests.gate.house import CLINICIAN, House, observation, write

RECORD: Final = 100
#: Patients saved in one transaction.
_BATCH: Final = 5
_CODES: Final = 40
_START: Final = datetime(2016, 1, 1, tzinfo=UTC)
_FAMILIES: Final = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨"

Ask = Callable[[House, Random, int], Awaitable[object]]


def record(number: int, random: Random) -> list[Write]:
    """A patient and the values of ten years."""
    patient = f"p{number}"
    named = {"family": random.choice(_FAMILIES), "given": [f"桂{number % 997}"]}
    about = write(
        "Patient",
        patient,
        name=[named],
        birthDate=f"19{number % 90 + 10}-04-12",
        identifier=[{"system": "urn:mrn", "value": f"M{number}"}],
    )
    return [about, *(_value(patient, one, random) for one in range(RECORD - 1))]


def _value(patient: str, number: int, random: Random) -> Write:
    when = (_START + timedelta(hours=random.randrange(87_600))).isoformat()
    measured = {"unit": "mmol/L", "system": "http://unitsofmeasure.org", "code": "mmol/L"}
    found = observation(
        f"{patient}-{number}",
        patient=patient,
        code=f"{number % _CODES}-1",
        effectiveDateTime=when,
        issued=when,
        valueQuantity={"value": random.randrange(1000) / 10, **measured},
        referenceRange=[{"low": {"value": 1, **measured}, "high": {"value": 9, **measured}}],
        note=[{"text": "Taken in the morning before breakfast."}],
    )
    return replace(found, facts=facts_of(found.resource or {}, AUTHOR))


async def grow(made: House, patients: range) -> None:
    """Save the records of some patients."""
    random = Random(patients.start)
    for first in range(patients.start, patients.stop, _BATCH):
        some = range(first, min(first + _BATCH, patients.stop))
        async with made.database.transaction() as tx:
            await made.store.save(tx, [one for number in some for one in record(number, random)])
    async with made.database.connection() as tx:
        await tx.execute("VACUUM ANALYZE")


def search(rtype: str, params: Callable[[Random, int], Sequence[tuple[str, str]]]) -> Ask:
    """A search with parameters of chance; the last argument of `params` is how many patients there are."""

    async def ask(made: House, random: Random, patients: int) -> object:
        return await made.gate.search(CLINICIAN, rtype, params(random, patients))

    return ask


async def read(made: House, random: Random, patients: int) -> object:
    """An Observation by its id."""
    return await made.gate.read(
        CLINICIAN, "Observation", f"p{random.randrange(patients)}-{random.randrange(RECORD - 1)}"
    )


async def everything(made: House, random: Random, patients: int) -> object:
    """A whole record."""
    return await made.gate.everything(CLINICIAN, f"p{random.randrange(patients)}", [])


def _code(random: Random) -> tuple[str, str]:
    return "code", f"http://loinc.org|{random.randrange(_CODES)}-1"


def _patient(random: Random, patients: int) -> tuple[str, str]:
    return "patient", f"p{random.randrange(patients)}"


KINDS: Final[dict[str, Ask]] = {
    "read": read,
    "identifier": search("Patient", lambda random, n: [("identifier", f"urn:mrn|M{random.randrange(n)}")]),
    "patient": search("Observation", lambda random, n: [_patient(random, n), ("_count", "20")]),
    "patient+code+date": search(
        "Observation",
        lambda random, n: [_patient(random, n), _code(random), ("date", f"ge20{random.randrange(16, 26)}")],
    ),
    "chained": search("Observation", lambda random, n: [("patient.identifier", f"urn:mrn|M{random.randrange(n)}")]),
    "_revinclude": search(
        "Patient", lambda random, n: [("_id", f"p{random.randrange(n)}"), ("_revinclude", "Observation:patient")]
    ),
    "everything": everything,
    "code+_sort=-date": search("Observation", lambda random, _: [_code(random), ("_sort", "-date"), ("_count", "20")]),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Of one question: blocks of PostgreSQL, microseconds of CPU."""

    blocks: float
    hub: float
    postgresql: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """A size of the store: resources, bytes for each (tables and indexes without the audit trail), seconds to load."""

    resources: int
    bytes: float
    seconds: float
    kinds: dict[str, Figures]


_BLOCKS: Final = "SELECT sum(blks_hit + blks_read) FROM pg_stat_database WHERE datname = current_database()"
_BYTES: Final = """
SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind = 'r' AND c.relname <> 'audit'
"""


async def cost(made: House, ask: Ask, patients: int, calls: int) -> Figures:
    """Ask one after another, after as many as make every connection know the statement."""
    random = Random(1)
    for _ in range(20):
        await ask(made, random, patients)
    blocks, server = await _standing(made)
    hub = time.process_time()
    for _ in range(calls):
        await ask(made, random, patients)
    hub = time.process_time() - hub
    after, server_after = await _standing(made)
    return Figures(blocks=(after - blocks) / calls, hub=hub / calls * 1e6, postgresql=(server_after - server) / calls)


async def _standing(made: House) -> tuple[int, float]:
    await asyncio.sleep(1.1)  # PostgreSQL tells its statistics after a second
    async with made.database.connection() as tx:
        postmaster = parent(await tx.fetchval("SELECT pg_backend_pid()"))
        return int(await tx.fetchval(_BLOCKS)), sum(map(cpu_of, children(postmaster)))


async def measure(url: str, sizes: Sequence[int], calls: int) -> list[Size]:
    """Figures of each size, the smallest first, in a database that has its tables."""
    found = []
    async with empty_house(url, page_limit=2 * RECORD) as made:
        before = 0
        for size in sorted(sizes):
            begun, patients = time.perf_counter(), size // RECORD
            await grow(made, range(before, patients))
            before, seconds = patients, time.perf_counter() - begun
            async with made.database.connection() as tx:
                size_on_disk = int(await tx.fetchval(_BYTES))
            kinds = {name: await cost(made, ask, patients, calls) for name, ask in KINDS.items()}
            found.append(Size(resources=size, bytes=size_on_disk / size, seconds=seconds, kinds=kinds))
            show(found[-1])
    return found


def show(size: Size) -> None:
    """A line for each kind."""
    print(f"\n{size.resources:,} resources, {size.bytes:,.0f} bytes each, loaded in {size.seconds:.0f} s")
    print(f"{'':<20}{'blocks':>10}{'hub us':>10}{'PostgreSQL us':>16}")
    for name, one in size.kinds.items():
        print(f"{name:<20}{one.blocks:>10.1f}{one.hub:>10.0f}{one.postgresql:>16.0f}", flush=True)


@contextmanager
def server() -> Iterator[str]:
    """The URL of a PostgreSQL with the tables of the hub."""
    with tempfile.TemporaryDirectory(prefix="yilian-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # PostgreSQL's own account passes through it
        with EmbeddedPostgres(folder / "db") as embedded:
            asyncio.run(upgrade(embedded.url))
            yield embedded.url


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 50_000, 200_000])
    parser.add_argument("--calls", type=int, default=200)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    with server() as url:
        found = as_worker(measure(url, given.sizes, given.calls))
    if given.json:
        given.json.write_text(json.dumps([asdict(one) for one in found], indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
