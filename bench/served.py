"""`Patient/$everything` as a client sees it: what consents add to the answer of a whole hub over HTTP.

`python -m bench.served [--json FILE] [--resources N] [--rounds R]` starts a hub (fsync on) in a temporary folder. One
connection that stays open asks for the same record by turns:

    own       by the organisation that wrote it
    silent    the base: by another one in charge of a patient who gave no consent
    labels    the same of a patient with four consents, which speak of labels, types and organisations
    codes     one more, which denies four codes
    times     one more, which denies a span of years

All figures are of a thousand resources, since without a consent the restricted twentieth is left out. CPU is that of
the API processes and PostgreSQL, without the client's. The columns `x` are multiples of the base.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bench.consented import AUTHOR, PATIENTS, READER, house
from bench.cost import Connection, Meter, Request, hub, kept
from bench.cpu import children, cpu_of
from bench.turns import Figures, Way, by_turns, ratios, show
from consent.configuration import DEFAULT, Configuration
from consent.packed import pack, unpack
from hub.db.database import Database
from hub.demo.tokens import clients
from hub.kernel.settings import Settings
from hub.run.installation import DEMO_CONSORTIUM

BASE: Final = "silent"
_PER_PAGE: Final = ("p50 ms", "p95 ms", "p99 ms", "least ms", "cpu us", "cpu p50", "cpu p95")


async def fill(meter: Meter, base: str, count: int) -> None:
    """The records and consents, these as the hub at `base` would have compiled them."""
    async with house(meter.url, count):
        pass
    configuration = Configuration(base_urls=(f"{base}/fhir",))
    database = await Database.connect(meter.url)
    async with database.transaction() as tx:
        for rid, compiled in await tx.fetch("SELECT id, compiled FROM consent_rule"):
            ready = pack(unpack(compiled, DEFAULT), configuration)
            await tx.execute("UPDATE consent_rule SET compiled = $2 WHERE id = $1", rid, ready)
    await database.close()


def spent(meter: Meter) -> float:
    """Microseconds of CPU of the API processes and PostgreSQL so far."""
    return sum(map(cpu_of, (*meter.api, *children(meter.postmaster))))


async def ways(base: str, data: Path) -> dict[str, tuple[Way, int]]:
    """What is compared, by name, each with how many resources it gives."""
    issue = clients(base, data, Settings.load({}, data_dir=data, port=0, config=DEMO_CONSORTIUM))
    author, reader = [
        await Connection.open(base, issue("clinician", code, practitioner="hong").token) for code in (AUTHOR, READER)
    ]
    asked = {"own": (author, BASE), **{patient: (reader, patient) for patient in PATIENTS}}
    found: dict[str, tuple[Way, int]] = {}
    for name, (connection, patient) in asked.items():
        request = Request(f"Patient/{patient}/$everything?_count=1000")

        async def way(_: int, connection: Connection = connection, request: Request = request) -> bytes:
            return await connection.ask(request)

        found[name] = way, (await way(0)).count(b'"search":{"mode":')
    return found


async def measure(data: Path, count: int, rounds: int) -> dict[str, Figures]:
    """Figures of every way, of a thousand resources."""
    async with hub(data) as (base, _, meter):
        await fill(meter, base, count)
        made = await ways(base, data)
        asked = {name: way for name, (way, _) in made.items()}
        found = await by_turns(asked, rounds, beside=lambda: spent(meter), served=True)
    return {name: _each(one, made[name][1]) for name, one in found.items()}


def _each(figures: Figures, resources: int) -> Figures:
    return {name: value * 1000 / resources if name in _PER_PAGE else value for name, value in figures.items()}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--resources", type=int, default=900)
    parser.add_argument("--rounds", type=int, default=60)
    given = parser.parse_args(arguments)
    with kept(None) as data:
        found = asyncio.run(measure(data, given.resources, given.rounds))
    show(found, BASE)
    if given.json:
        given.json.write_text(json.dumps({"ways": found, "ratios": ratios(found, BASE)}, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
