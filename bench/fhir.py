"""The FHIR API of a whole hub under the neutral load driver, which checks every answer.

Run: python -m bench.fhir [--bundles N] [--n N] [--concurrency 1,8,32]

Ratio: reads through the API against the same bodies fetched by their primary key over bare connections, in one run.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import asyncpg

from bench.whole_hub import whole_hub
from hub.run.installation import temporary_data

SHARED = Path(os.environ.get("YILIAN_SHARED", Path(__file__).resolve().parents[2] / "shared"))
CONNECTIONS = 8


async def measure(bundles: int, n: int, concurrency: str) -> dict[str, Any]:
    """The driver's cells, and how many bodies a second PostgreSQL gives by primary key."""
    with temporary_data() as data:
        async with whole_hub(data) as hub:
            figures = data / "figures.json"
            limits = ["--max-bundles", str(bundles), "-n", str(n), "--concurrency", concurrency]
            driver = await asyncio.create_subprocess_exec(
                sys.executable,
                str(SHARED / "bench" / "fhir_load.py"),
                f"{hub.addresses.base}/fhir",
                *("--bundles", str(SHARED / "synthea-r4" / "bundles"), "--json", str(figures), *limits),
                env={**os.environ, "FHIR_TOKEN": hub.client("clinician", "BENCH").token},
            )
            if await driver.wait() not in {0, 3}:
                raise subprocess.CalledProcessError(driver.returncode or 1, "fhir_load.py")
            result: dict[str, Any] = json.loads(figures.read_text(encoding="utf-8"))
            result["by_primary_key_per_s"] = await by_primary_key(hub.database)
    return result


async def by_primary_key(url: str, seconds: float = 3.0) -> float:
    """Bodies a second by primary key over bare connections: what reading could not exceed."""
    count = 0

    async def reader(connection: asyncpg.Connection, keys: list[asyncpg.Record], end: float) -> None:
        nonlocal count
        statement = await connection.prepare("SELECT body FROM resource WHERE pkey = $1 AND key = $2")
        while time.perf_counter() < end:
            for pkey, key in keys:
                await statement.fetchval(pkey, key)
                count += 1

    connections = [await asyncpg.connect(url) for _ in range(CONNECTIONS)]
    keys = await connections[0].fetch("SELECT pkey, key FROM resource TABLESAMPLE SYSTEM (5) LIMIT 200")
    begun = time.perf_counter()
    await asyncio.gather(*(reader(connection, keys, begun + seconds) for connection in connections))
    elapsed = time.perf_counter() - begun
    for connection in connections:
        await connection.close()
    return count / elapsed


def main() -> None:
    """Print the driver's table, then the limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bundles", type=int, default=20)
    parser.add_argument("--n", type=int, default=400)
    parser.add_argument("--concurrency", default="1,8,32")
    arguments = parser.parse_args()
    result = asyncio.run(measure(arguments.bundles, arguments.n, arguments.concurrency))
    limit = result["by_primary_key_per_s"]
    print(f"bodies by primary key, {CONNECTIONS} bare connections: {limit:.0f}/s")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
