"""Blocking keys as this version makes them: written anew where those that stand were made by another."""

from __future__ import annotations

from typing import Final

from hub.db.database import Tx
from hub.mpi.blocking import keys
from hub.mpi.hashes import block_key
from hub.mpi.packed import NOTHING, unpack

_LOCK: Final = "LOCK TABLE mpi_key IN ACCESS EXCLUSIVE MODE"
_SOME: Final = "SELECT number, features FROM mpi_source WHERE number > $1 AND digest <> $2 ORDER BY number LIMIT $3"
_STANDING: Final = """
SELECT count(*) FROM unnest($1::bigint[], $2::bigint[]) AS wanted (key, source) JOIN mpi_key USING (key, source)
"""
#: One index built at the end costs a tenth of one that grows.
_EMPTY: Final = ("TRUNCATE mpi_key", "ALTER TABLE mpi_key DROP CONSTRAINT pk_mpi_key")
_INDEX: Final = "ALTER TABLE mpi_key ADD CONSTRAINT pk_mpi_key PRIMARY KEY (key, source)"

#: The oldest sources tell by which version the keys were made: all are written in one transaction.
_ASKED: Final = 20
_BATCH: Final = 5000
_SECONDS: Final = 3600


async def rekey(tx: Tx) -> int:
    """Write all keys anew if the oldest sources have others than this version makes of them; returns of how many
    sources. For the start of the hub: registrations wait until `tx` ends, which is minutes for a million sources.
    """
    if await _stand(tx):
        return 0
    await tx.execute(_LOCK)
    if await _stand(tx):
        return 0
    await tx.execute("SET LOCAL statement_timeout = 0")
    for statement in _EMPTY:
        await tx.execute(statement)
    done, after = 0, 0
    while rows := await tx.fetch(_SOME, after, NOTHING, _BATCH):
        after = rows[-1]["number"]
        done += len(rows)
        made = [(key, row["number"]) for row in rows for key in _made(row["features"])]
        await tx.copy_records_to_table("mpi_key", records=made, timeout=_SECONDS)
    await tx.execute(_INDEX, timeout=_SECONDS)
    return done


async def _stand(tx: Tx) -> bool:
    rows = await tx.fetch(_SOME, 0, NOTHING, _ASKED)
    wanted = [(key, row["number"]) for row in rows for key in _made(row["features"])]
    numbers, sources = zip(*wanted, strict=True) if wanted else ((), ())
    return bool(await tx.fetchval(_STANDING, numbers, sources) == len(wanted))


def _made(features: bytes) -> frozenset[int]:
    return frozenset(map(block_key, keys(unpack(features))))
