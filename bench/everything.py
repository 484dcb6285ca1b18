"""`Patient/$everything` as ready bytes, and what the consents in the gate add to it.

`python -m bench.everything [--json FILE] [--resources N] [--rounds R] [--profile WAY]` runs on a durable PostgreSQL
(fsync) of its own in a temporary folder. All ways make the same page of N resources, by turns:

    store     the rows of the record as they come out of the store
    author    the base: what the organisation wrote, were that all the gate asks: predicate, check, audit row, page
    own       the gate, asked by the organisation that wrote it
    silent    the gate, asked by another one in charge of a patient who gave no consent
    labels    the same of a patient with four consents, which speak of labels, types and organisations
    codes     one more, which denies four codes
    times     one more, which denies a span of years

CPU is that of this process and of PostgreSQL. The columns `x` are multiples of the base: p50 and p95 by the clock, then
by CPU. The design allows 1.10 and 1.15.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import json
import pstats
import tempfile
from pathlib import Path
from typing import Final
from uuid import uuid4

from bench.consented import AUTHOR, PATIENTS, house
from bench.cpu import children, cpu_of, parent
from bench.turns import Figures, Way, as_worker, by_turns, ratios, show
from consent.decision import Reason
from consent.tables import NON_PATIENT_TYPES, RECORD_TYPES
from hub.api.fhir.bundle import bundle, found_entries
from hub.audit.entry import Interaction
from hub.auth.actor import Actor
from hub.db.embedded import EmbeddedPostgres
from hub.db.migrate import upgrade
from hub.gate.recorder import Asked, Basis, Recorder
from hub.gate.release import short_way
from hub.gate.released import ReleasedPage, released
from hub.kernel.clock import system_clock
from hub.kernel.log import Log
from hub.store.resource_types import NUMBERS
from hub.store.values import Found, Portion, Visible
from tests.gate.house import CLINICIAN, DIRECTORY, STRANGER, House

BASE_URL: Final = "http://127.0.0.1:8000/fhir"
BASE: Final = "author"
_TYPES: Final = frozenset(NUMBERS)


def page_bytes(page: ReleasedPage) -> bytes:
    """A released page as the API sends it."""
    entries = [*found_entries(BASE_URL, "match", page.matches), *found_entries(BASE_URL, "include", page.included)]
    return bundle("searchset", entries, total=page.total)


async def from_store(made: House, patient: str, count: int) -> Found:
    """The whole record by the store alone, under the predicate of its author."""
    leading = _TYPES - RECORD_TYPES
    portion = Portion(patients=(patient,), types=leading, leading=leading, referred=_TYPES)
    visible = Visible(types=NON_PATIENT_TYPES, organizations=(AUTHOR,), withheld=RECORD_TYPES)
    async with made.database.connection() as tx:
        return await made.store.everything(tx, portion, visible, count=count + 100)


def by_author(made: House, count: int) -> Way:
    """The page as it would be made if the author organisation alone decided."""
    recorder = Recorder(made.trail, system_clock, Log("bench"), uuid4)
    asked = Asked(actor=CLINICIAN, interaction=Interaction.OPERATION, type="Patient", id="silent")

    async def way(_: int) -> bytes:
        found = await from_store(made, "silent", count)
        rows = [*found.matches, *found.included]
        decided = [short_way(CLINICIAN, DIRECTORY, row) for row in rows]
        grounds = {Reason.PATIENT_MISMATCH if one is None else one.reason for one in decided}
        await recorder.released(asked, rows, Basis(grounds=frozenset(reason.value for reason in grounds)))
        return page_bytes(
            ReleasedPage(
                matches=tuple(map(released, found.matches)),
                included=tuple(map(released, found.included)),
                total=len(found.matches),
            )
        )

    return way


def through_gate(made: House, actor: Actor, patient: str) -> Way:
    """The page as the gate gives it."""

    async def way(_: int) -> bytes:
        return page_bytes(await made.gate.everything(actor, patient, []))

    return way


def ways(made: House, count: int) -> dict[str, Way]:
    """What is compared, by name."""

    async def store(_: int) -> Found:
        return await from_store(made, "silent", count)

    gates = {patient: through_gate(made, STRANGER, patient) for patient in PATIENTS}
    return {"store": store, BASE: by_author(made, count), "own": through_gate(made, CLINICIAN, "silent"), **gates}


async def measure(url: str, count: int, rounds: int) -> dict[str, Figures]:
    """Figures of every way, on a database that has its tables and no rows."""
    async with house(url, count) as made:
        async with made.database.connection() as tx:
            postmaster = parent(await tx.fetchval("SELECT pg_backend_pid()"))
        found = await by_turns(ways(made, count), rounds, beside=lambda: sum(map(cpu_of, children(postmaster))))
    return {
        name: {**one, "resources/s": count / one["p50 ms"] * 1000, "cpu us": one["cpu us"] / count}
        for name, one in found.items()
    }


async def profile(url: str, count: int, rounds: int, name: str) -> None:
    """Print where one way spends its time in this process."""
    async with house(url, count) as made:
        way = ways(made, count)[name]
        await way(0)
        with cProfile.Profile() as profiler:
            for number in range(rounds):
                await way(number)
    pstats.Stats(profiler).sort_stats("tottime").print_stats(25)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--resources", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--profile", metavar="WAY", default="")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="yilian-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # PostgreSQL's own account passes through it
        with EmbeddedPostgres(folder / "db") as server:
            asyncio.run(upgrade(server.url))
            if options.profile:
                as_worker(profile(server.url, options.resources, options.rounds, options.profile))
                return
            found = as_worker(measure(server.url, options.resources, options.rounds))
    show(found, BASE)
    if options.json:
        text = json.dumps({"ways": found, "ratios": ratios(found, BASE)}, indent=1)
        options.json.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
