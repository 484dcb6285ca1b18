"""Memory of a running hub: what each of its processes holds as messages come without end.

`python -m bench.memory [--messages 100000] [--stops 10] [--persons N] [--json FILE]` sends the mix of `bench.mllp`
about N persons (a tenth of the messages unless told) to a whole hub, and after each part, all of it processed, prints
the resident memory of its processes by kind, MiB, the largest where there are several. Flat is what stops growing; the
columns of PostgreSQL are left out, whose memory is its shared buffers.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Mapping
from itertools import islice
from pathlib import Path

from bench.mix import mix
from bench.mllp import drained, send
from bench.whole_hub import whole_hub
from hub.run.installation import temporary_data

_CONNECTIONS = 8


def resident(pid: int) -> float:
    """MiB a process holds in memory (VmRSS of proc(5)); 0 for one that ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:")), 0)


def by_kind(pids: Mapping[str, int]) -> dict[str, float]:
    """The largest process of each kind, MiB."""
    found: dict[str, float] = {}
    for name, pid in pids.items():
        kind = name.rstrip("0123456789-")
        found[kind] = max(found.get(kind, 0), resident(pid))
    return found


async def measure(count: int, stops: int, persons: int) -> list[dict[str, float]]:
    """MiB by kind of process at the beginning and after each of `stops` parts, beside the messages until then."""
    messages = mix(count, persons, 1)
    with temporary_data() as data:
        async with whole_hub(data) as hub:
            engineer = hub.client("administrator", "F01")
            rows: list[dict[str, float]] = []
            for stop in range(stops + 1):
                part = list(islice(messages, count // stops)) if stop else []
                await send(part, hub.addresses.mllp, _CONNECTIONS)
                states = await drained(engineer)
                rows.append({"messages": sum(states.values()), **by_kind(hub.pids)})
                show(rows)
    return rows


def show(rows: list[dict[str, float]]) -> None:
    """Print the newest row, the heads before the first one."""
    if len(rows) == 1:
        print("".join(f"{head:>12}" for head in rows[0]), flush=True)
    print("".join(f"{value:>12.0f}" for value in rows[-1].values()), flush=True)


def main() -> None:
    """Print a row for each part."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--messages", type=int, default=100_000)
    options.add_argument("--stops", type=int, default=10)
    options.add_argument("--persons", type=int)
    options.add_argument("--json", type=Path)
    given = options.parse_args()
    persons = given.persons or max(given.messages // 10, 1)
    rows = asyncio.run(measure(given.messages, given.stops, persons))
    if given.json:
        given.json.write_text(json.dumps(rows, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
