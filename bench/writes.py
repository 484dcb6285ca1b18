"""What a client's write costs at the records door, its audit row included: creates and updates by N writers.

`python -m bench.writes [--json FILE] [--seconds S] [--clients N ...]` runs on a durable (fsync) PostgreSQL of its own
in a temporary folder. Figures are writes a second that were answered, and microseconds of CPU of this process for each.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Final

from hub.audit.entry import Origin
from hub.audit.trail import Trail
from hub.db.database import Database
from hub.db.embedded import EmbeddedPostgres
from hub.db.migrate import upgrade
from hub.kernel.clock import system_clock
from hub.kernel.log import Log
from hub.kernel.types import Json
from hub.mpi.index import PatientIndex
from hub.records.client import ClientWrites
from hub.records.consequences import Consequences
from hub.records.contracts import Contracts
from hub.records.operations import Create, Update
from hub.records.relationships import Relationships
from hub.store.store import Store
from terminology.stored import StoredTerminology
from tests.gate.house import CLINICIAN, DIRECTORY

Write = Callable[[int, int], Awaitable[object]]

_PATIENTS: Final = 500
_ORIGIN: Final = Origin(address="192.0.2.7", request="r-1")


def observation(number: int, value: int) -> Json:
    """A blood pressure of one of the patients."""
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "8480-6", "display": "Systolic blood pressure"}]},
        "subject": {"reference": f"Patient/p{number % _PATIENTS}"},
        "performer": [{"reference": "Organization/F01"}],
        "effectiveDateTime": "2026-05-19T08:30:00+08:00",
        "valueQuantity": {"value": value, "unit": "mm[Hg]", "system": "http://unitsofmeasure.org", "code": "mm[Hg]"},
    }


async def rate(write: Write, clients: int, seconds: float) -> dict[str, float]:
    """Writes a second, and microseconds of CPU for each, of `clients` writers that each wait for their answers."""
    numbers = count()
    until = time.perf_counter() + seconds
    done = 0

    async def one(client: int) -> None:
        nonlocal done
        while time.perf_counter() < until:
            await write(client, next(numbers))
            done += 1

    begin, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*map(one, range(clients)))
    return {
        "a second": round(done / (time.perf_counter() - begin)),
        "CPU us": round((time.process_time() - cpu) / done * 1e6),
    }


async def measure(url: str, clients: list[int], seconds: float) -> dict[str, dict[str, float]]:
    """Creates and updates by each number of writers."""
    await upgrade(url)
    database, store = await Database.connect(url), Store()
    trail = Trail(database, Log("bench"))
    related = Relationships(facilities=frozenset(), care=timedelta(days=30), canonical_base="https://hub.example")
    index, contracts = PatientIndex(system_clock), Contracts(DIRECTORY)
    follows = Consequences(store, index, related, contracts, StoredTerminology(system_clock))
    writes = ClientWrites(database, store, DIRECTORY, lambda _: (), trail, system_clock, follows)

    async def create(client: int, number: int) -> None:
        made = Create(type="Observation", id=f"c{total}x{client}x{number}", resource=observation(number, 132))
        await writes.write(CLINICIAN, made, origin=_ORIGIN)

    async def update(client: int, number: int) -> None:
        changed = Update(type="Observation", id=f"F01-{total}-{client}", resource=observation(client, number))
        await writes.write(CLINICIAN, changed, origin=_ORIGIN)

    figures = {}
    for total in clients:
        figures[f"create, {total}"] = await rate(create, total, seconds)
        figures[f"update, {total}"] = await rate(update, total, seconds)
    await writes.close()
    await trail.close()
    await database.close()
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 32])
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="yilian-writes-"))
    folder.chmod(0o711)
    with EmbeddedPostgres(folder / "postgres") as server:
        figures = asyncio.run(measure(server.url, arguments.clients, arguments.seconds))
    shutil.rmtree(folder)
    text = json.dumps(figures, indent=2)
    print(text)
    if arguments.json is not None:
        arguments.json.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
