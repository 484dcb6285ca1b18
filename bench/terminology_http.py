"""What a question about a code costs over HTTP, beside a server that answers a constant.

`python -m bench.terminology_http [--concepts N] [--calls N] [--clients N] [--json FILE]` starts a whole hub, loads a
code system of made-up names (bench.terminology), and asks `$lookup` and `$validate-code` of random concepts of a few,
so that most were asked before. The bare server (bench.bare) answers `{}` from as many processes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from random import Random
from typing import Final

from bench.bare import serving
from bench.cost import Connection, Cost, Meter, Request, cost, hub, kept, show
from bench.terminology import SYSTEM, Made
from hub.db.database import Database
from hub.kernel.clock import system_clock
from terminology.loading import Loader

#: Distinct concepts that are asked for.
_ASKED: Final = 300


def kinds(concepts: int, random: Random) -> dict[str, Callable[[int], Request]]:
    """Requests by kind."""
    codes = [f"C{random.randrange(concepts)}" for _ in range(_ASKED)]

    def ask(target: str) -> Callable[[int], Request]:
        return lambda _: Request(target.format(code=random.choice(codes)))

    return {
        "$lookup": ask(f"CodeSystem/$lookup?system={SYSTEM}&code={{code}}"),
        "$validate-code": ask(f"CodeSystem/$validate-code?url={SYSTEM}&code={{code}}"),
    }


async def measure(data: Path, given: argparse.Namespace) -> dict[str, Cost]:
    """Costs by kind."""
    found: dict[str, Cost] = {}
    async with hub(data) as (base, token, meter):
        database = await Database.connect(meter.url, size=2, statement_seconds=3600)
        await Loader(database, system_clock).code_system(Made(given.concepts))
        await database.close()
        await asyncio.sleep(1.5)  # for so long a process goes by the catalogue it knows
        heads = ("API", "PostgreSQL", "beside", "all", "transactions", "per s", "p50 ms")
        print(f"{'CPU us':<20}" + "".join(f"{head:>14}" for head in heads), flush=True)
        for name, make in kinds(given.concepts, Random(1)).items():
            await _asked(meter, base, token, [make(0) for _ in range(4 * _ASKED)], name, given.clients)
            found[name] = await _asked(meter, base, token, [make(0) for _ in range(given.calls)], name, given.clients)
            show(name, found[name])
        async with serving(meter.url, len(meter.api)) as (bare, processes):
            alone = replace(meter, api=processes, beside=())
            calls = [Request("hello")] * given.calls
            found["bare hello"] = await _asked(alone, bare, "", calls, "bare hello", given.clients)
            show("bare hello", found["bare hello"])
    return found


async def _asked(meter: Meter, base: str, token: str, requests: list[Request], name: str, clients: int) -> Cost:
    connections = [await Connection.open(base, token) for _ in range(clients)]
    try:
        return await cost(meter, connections, requests, name)
    finally:
        for connection in connections:
            connection.close()


def main() -> None:
    """Print and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--concepts", type=int, default=5_000)
    parser.add_argument("--calls", type=int, default=4_000)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    with kept(None) as data:
        found = asyncio.run(measure(data, given))
    bare = found["bare hello"].all
    for name, one in found.items():
        print(f"{name:<20} {one.all / bare:6.1f} times the bare server; two cores allow {2e6 / one.all:.0f} a second")
    if given.json:
        given.json.write_text(json.dumps({name: asdict(one) for name, one in found.items()}), encoding="utf-8")


if __name__ == "__main__":
    main()
