"""What sealing costs where bodies are read: one body, and a record of a thousand, plain and by each suite.

`python -m bench.sealed [--json FILE]` runs on a PostgreSQL of its own in a temporary folder. Figures are microseconds
of CPU of this process (the least of several rounds, which take turns), and their ratio to the plain store.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from bench.writes import observation
from hub.db.database import Database
from hub.db.embedded import EmbeddedPostgres
from hub.db.migrate import upgrade
from hub.sealing import wrapping_keys
from hub.sealing.keyring import Keyring
from hub.sealing.suites import Suite
from hub.store.store import Store
from hub.store.values import Facts, Portion, Visible, Write

_MASTER: Final = bytes(32)
_ROWS: Final = 1000
_ROUNDS: Final = 15
_RECORD: Final = Portion(patients=("p0",), types=frozenset({"Observation"}), leading=frozenset(), referred=frozenset())
Work = Callable[[], Awaitable[object]]


def _write(number: int, suite: Suite | None) -> Write:
    rid = f"{suite.value if suite else 'plain'}-{number}"
    resource = {**observation(number * 500, number), "id": rid}
    return Write(type="Observation", id=rid, resource=resource, patient="p0", facts=Facts(author_org="F01"))


async def _cpu(work: Work, times: int) -> float:
    begun = time.process_time()
    for _ in range(times):
        await work()
    return (time.process_time() - begun) / times * 1e6


def _works(database: Database, store: Store, suite: Suite | None) -> dict[str, tuple[Work, int]]:
    name = suite.value if suite else "plain"

    async def one() -> None:
        async with database.connection() as tx:
            await store.load(tx, [("Observation", f"{name}-1")])

    async def record() -> None:
        async with database.transaction() as tx:
            await store.everything(tx, _RECORD, Visible(everything=True), count=_ROWS)

    return {"read": (one, 200), "record of 1000": (record, 3)}


async def _measured(urls: dict[Suite | None, str]) -> dict[str, dict[str, float]]:
    works: dict[str, dict[str, tuple[Work, int]]] = {}
    written: dict[str, float] = {}
    databases = []
    for suite, url in urls.items():
        await upgrade(url)
        database = await Database.connect(url, size=2, attached=Keyring(_MASTER, suite))
        databases.append(database)
        store, name = Store(), suite.value if suite else "plain"
        async with database.transaction() as tx:
            await wrapping_keys.ensure(tx, _MASTER, suite or Suite.AES_256_GCM)
        begun = time.process_time()
        async with database.transaction() as tx:
            await store.save(tx, [_write(number, suite) for number in range(_ROWS)])
        written[name] = (time.process_time() - begun) / _ROWS * 1e6
        works[name] = _works(database, store, suite)
    found = {"write, of 1000": written}
    for what in ("read", "record of 1000"):
        rounds = [{name: await _cpu(*work[what]) for name, work in works.items()} for _ in range(_ROUNDS)]
        found[what] = {name: min(one[name] for one in rounds) for name in works}
    for database in databases:
        await database.close()
    return found


async def _databases(url: str) -> dict[Suite | None, str]:
    urls: dict[Suite | None, str] = {}
    database = await Database.connect(url, size=1)
    async with database.connection() as tx:
        for number, suite in enumerate((None, *Suite)):
            await tx.execute(f"CREATE DATABASE sealed_{number}")
            urls[suite] = url.replace("/yilian?", f"/sealed_{number}?")
    await database.close()
    return urls


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o711)
        with EmbeddedPostgres(Path(name), durable=False) as server:
            found = asyncio.run(_run(server.url))
    print("| us of CPU | plain | aes-256-gcm | sm4-gcm |\n|---|---|---|---|")
    for what, figures in found.items():
        cells = [f"{value:.0f} ({value / figures['plain']:.2f})" for value in figures.values()]
        print(f"| {what} | {' | '.join(cells)} |")
    if arguments.json:
        arguments.json.write_text(json.dumps(found), encoding="utf-8")


async def _run(url: str) -> dict[str, dict[str, float]]:
    return await _measured(await _databases(url))


if __name__ == "__main__":
    main()
