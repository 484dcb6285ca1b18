"""Trees for tests: entries recorded, sequenced and exported."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final, TypeVar
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hub.audit.entry import Entry, Interaction
from hub.audit.export import export
from hub.audit.notes import Signer
from hub.audit.sequencer import Sequencer
from hub.audit.trail import Trail
from hub.db.database import Database
from hub.kernel.clock import fixed_clock
from hub.kernel.log import Log
from tests.audit.entries import NOW, read, search

R = TypeVar("R")
SIGNER: Final = Signer("hub.example/log", Ed25519PrivateKey.from_private_bytes(bytes(32)))
_SALTS = itertools.count()


def salt(size: int) -> bytes:
    """Bytes that never come twice."""
    return hashlib.sha256(str(next(_SALTS)).encode()).digest()[:size]


def sequencer(database: Database, *, batch: int = 2000, signer: Signer = SIGNER) -> Sequencer:
    return Sequencer(database, signer, fixed_clock(NOW), salt, batch=batch)


def some(count: int, start: int = 1) -> list[Entry]:
    """Entries of several kinds, each with an id of its own."""
    kinds = (read, search, lambda n: read(n, patients=(), types={}, interaction=Interaction.OPERATION))
    return [kinds[n % 3](n) for n in range(start, start + count)]


def id_of(entry: Entry) -> UUID:
    return entry.id


def with_database(url: str, work: Callable[[Database, Trail], Awaitable[R]]) -> R:
    async def run() -> R:
        database = await Database.connect(url, size=4)
        trail = Trail(database, Log("test"))
        try:
            return await work(database, trail)
        finally:
            await trail.close()
            await database.close()

    return asyncio.run(run())


async def grown(database: Database, trail: Trail, entries: Sequence[Entry], *, batch: int = 2000) -> Sequencer:
    """Record the entries and make leaves of them."""
    for entry in entries:
        await trail.record(entry)
    one = sequencer(database, batch=batch)
    while await one.turn():
        pass
    return one


async def exported(database: Database, folder: Path) -> Path:
    await export(database, folder, [SIGNER.verifier], lambda *_: None)
    return folder


def keys_file(folder: Path, *signers: Signer) -> Path:
    """A file of trusted keys."""
    path = folder / "trusted.txt"
    path.write_text("".join(f"{one.verifier}\n" for one in signers or (SIGNER,)), encoding="utf-8")
    return path
