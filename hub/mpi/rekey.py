"""Blocking keys as this version makes them: written anew, a batch at a time, where those that stand are another's.

While they are written the table of keys bears another name. So nobody can be compared with half of the index: who
registers or looks for candidates is told to come again, also by a process that knows nothing of this one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hub.db.database import Tx
from hub.mpi.blocking import keys
from hub.mpi.hashes import block_key
from hub.mpi.packed import NOTHING, unpack

_PARTIAL: Final = "mpi_key_partial"
_LOCK: Final = "LOCK TABLE mpi_key IN ACCESS EXCLUSIVE MODE"
_SOME: Final = "SELECT number, features FROM mpi_source WHERE number > $1 AND digest <> $2 ORDER BY number LIMIT $3"
_SPREAD: Final = """
SELECT number, features FROM generate_series(0, $1::bigint, 1 + $1 / $2::bigint) AS place
CROSS JOIN LATERAL (
    SELECT number, features FROM mpi_source
    WHERE number > place AND number <= $1 AND digest <> $3 ORDER BY number LIMIT 1
) AS next
"""
_LAST: Final = "SELECT coalesce(max(number), 0) FROM mpi_source"
_STANDING: Final = """
SELECT count(*) FROM unnest($1::bigint[], $2::bigint[]) AS wanted (key, source) JOIN {} USING (key, source)
"""
#: One index built at the end costs a tenth of one that grows.
_AWAY: Final = (
    "TRUNCATE mpi_key",
    "ALTER TABLE mpi_key DROP CONSTRAINT pk_mpi_key",
    f"ALTER TABLE mpi_key RENAME TO {_PARTIAL}",
)
_BACK: Final = (
    f"ALTER TABLE {_PARTIAL} ADD CONSTRAINT pk_mpi_key PRIMARY KEY (key, source)",
    f"ALTER TABLE {_PARTIAL} RENAME TO mpi_key",
    "DELETE FROM mpi_rekey",
)
_BEGIN: Final = """
INSERT INTO mpi_rekey ("only", after, done, total)
SELECT 1, 0, 0, (SELECT count(*) FROM mpi_source WHERE digest <> $1)
"""
_AGAIN: Final = (f"TRUNCATE {_PARTIAL}", "UPDATE mpi_rekey SET after = 0, done = 0")
_MOVE: Final = "UPDATE mpi_rekey SET after = $1, done = done + $2"

#: So many sources, from the oldest to the youngest, tell whether the keys are this version's: a rule that changed may
#: touch few of them.
_ASKED: Final = 400
_BATCH: Final = 1000
_SECONDS: Final = 3600


@dataclass(frozen=True, slots=True)
class Rekeying:
    """Of how many sources the keys are written, and of how many they will be."""

    done: int
    total: int


async def begin(tx: Tx) -> bool:
    """Put the keys away if any of a few sources lacks one that this version makes of it; returns whether they are to be
    written anew. For the start of the hub; what another version began is begun again.
    """
    after: int | None = await tx.fetchval("SELECT after FROM mpi_rekey")
    if after is None:
        return await _put_away(tx)
    if not await _stand(tx, _PARTIAL, after):
        await _run(tx, *_AGAIN)
    return True


async def step(tx: Tx) -> bool:
    """Write the keys of the next sources, in a transaction of its own; after the last the table is as it was. False if
    there is nothing to write, or somebody else is at it.
    """
    after: int | None = await tx.fetchval("SELECT after FROM mpi_rekey FOR UPDATE SKIP LOCKED")
    if after is None:
        return False
    rows = await tx.fetch(_SOME, after, NOTHING, _BATCH)
    if not rows:
        await _run(tx, *_BACK)
        return True
    made = [(key, row["number"]) for row in rows for key in _made(row["features"])]
    await tx.copy_records_to_table(_PARTIAL, records=made, timeout=_SECONDS)
    await tx.execute(_MOVE, rows[-1]["number"], len(rows))
    return True


async def progress(tx: Tx) -> Rekeying | None:
    """How far it is; None where all keys stand."""
    row = await tx.fetchrow("SELECT done, total FROM mpi_rekey")
    return Rekeying(row["done"], row["total"]) if row else None


async def _put_away(tx: Tx) -> bool:
    if await _stand(tx, "mpi_key", await tx.fetchval(_LAST)):
        return False
    await tx.execute(_LOCK)
    if await _stand(tx, "mpi_key", await tx.fetchval(_LAST)):
        return False
    await _run(tx, *_AWAY)
    await tx.execute(_BEGIN, NOTHING)
    return True


async def _run(tx: Tx, *statements: str) -> None:
    await tx.execute("SET LOCAL statement_timeout = 0")
    for statement in statements:
        await tx.execute(statement, timeout=_SECONDS)


async def _stand(tx: Tx, table: str, last: int) -> bool:
    """Whether the keys of sources up to the `last` (number) are all there, as far as some of them tell."""
    rows = await tx.fetch(_SPREAD, last, _ASKED, NOTHING)
    wanted = [(key, row["number"]) for row in rows for key in _made(row["features"])]
    numbers, sources = zip(*wanted, strict=True) if wanted else ((), ())
    return bool(await tx.fetchval(_STANDING.format(table), numbers, sources) == len(wanted))


def _made(features: bytes) -> frozenset[int]:
    return frozenset(map(block_key, keys(unpack(features))))
