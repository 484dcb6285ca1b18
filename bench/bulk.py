"""Bulk export, step by step: CPU of this process for each resource, without PostgreSQL's.

`python -m bench.bulk [--json FILE] [--resources N] [--rounds R]` runs on a durable PostgreSQL (fsync) of its own in a
temporary folder. Four patients have a record of N resources each, of about 1 KiB; all ways take all of it, by turns:

    store     the rows as they come out of the store: the base
    own       from the store to sealed files on the disk, by the organisation that wrote all of it
    other     the same by another one in charge of the patients, three of whom gave consents
    fetch     the files of `own` judged again and turned into NDJSON
    fetch-other  those of `other`

The column `x cpu` is the CPU of this process as a multiple of the base; `resources/s` is what one core would do.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from bench.consented import AUTHOR, PATIENTS, house
from bench.turns import Figures, Way, as_worker, by_turns, ratios, show
from consent.tables import NON_PATIENT_TYPES
from hub.auth.actor import Actor
from hub.bulk.vault import Vault
from hub.db.embedded import EmbeddedPostgres
from hub.db.migrate import upgrade
from hub.store.values import Visible
from hub.store.walk import Stretch
from tests.gate.house import CLINICIAN, STRANGER, House

BASE: Final = "store"
_KEY: Final = bytes(32)
_ACTORS: Final = {"own": CLINICIAN, "other": STRANGER}


async def from_store(made: House) -> int:
    """All rows under the predicate of their author; how many."""
    visible = Visible(types=NON_PATIENT_TYPES, organizations=(AUTHOR,))
    count = 0
    async with made.database.connection() as tx, tx.transaction(isolation="repeatable_read", readonly=True):
        for rtype in await made.store.types(tx):
            async for rows in made.store.walk(tx, Stretch(type=rtype), visible):
                count += len(rows)
    return count


async def to_file(made: House, vault: Vault, actor: Actor, name: str) -> tuple[int, str]:
    """An export into one file; its frames and its horizon."""
    vault.clear(name)
    writer = vault.writer(name, "1", _KEY)
    async with made.gate.bulk.opened(actor, "system", None, [("_type", "Observation")]) as export:
        async for parcel in export.parcels:
            await writer.write(parcel.content)
    await writer.sync()
    writer.close()
    return writer.frames, export.snapshot


async def from_file(made: House, vault: Vault, actor: Actor, name: str, written: tuple[int, str]) -> int:
    """The lines of a file, as they would be sent; how many bytes."""
    frames, horizon = written

    def contents() -> AsyncIterator[bytes]:
        return vault.frames(name, "1", _KEY, frames)

    lines = await made.gate.bulk.deliver(actor, "Observation", "bench", horizon, contents)
    return sum([len(chunk) async for chunk in lines])


def writing(made: House, vault: Vault, actor: Actor, name: str) -> Way:
    """The way of an export."""

    async def way(_: int) -> object:
        return await to_file(made, vault, actor, f"{name}-again")

    return way


def reading(made: House, vault: Vault, actor: Actor, name: str, written: tuple[int, str]) -> Way:
    """The way of its files."""

    async def way(_: int) -> object:
        return await from_file(made, vault, actor, name, written)

    return way


async def measure(url: str, folder: Path, count: int, rounds: int) -> dict[str, Figures]:
    """Figures of every way, on a database that has its tables and no rows."""
    async with house(url, count) as made:
        vault = Vault(folder)
        written = {name: await to_file(made, vault, actor, name) for name, actor in _ACTORS.items()}

        async def store(_: int) -> object:
            return await from_store(made)

        ways: dict[str, Way] = {BASE: store}
        for name, actor in _ACTORS.items():
            ways[name] = writing(made, vault, actor, name)
            ways[f"fetch-{name}"] = reading(made, vault, actor, name, written[name])
        found = await by_turns(ways, rounds)
    total = count * len(PATIENTS)
    per_one = {name: {**one, "cpu us": one["cpu us"] / total} for name, one in found.items()}
    return {name: {**one, "resources/s": 1_000_000 / one["cpu us"]} for name, one in per_one.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--resources", type=int, default=2500)
    parser.add_argument("--rounds", type=int, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="yilian-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # PostgreSQL's own account passes through it
        with EmbeddedPostgres(folder / "db") as server:
            asyncio.run(upgrade(server.url))
            found = as_worker(measure(server.url, folder / "bulk", options.resources, options.rounds))
    show(found, BASE)
    if options.json:
        text = json.dumps({"ways": found, "ratios": ratios(found, BASE)}, indent=1)
        options.json.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
