"""Jobs in the database: made, looked up, cancelled and expired.

What a worker does with them stands in hub.bulk.claims.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from hub.bulk.model import File, Job, Kind, State
from hub.db.database import Database, Tx
from hub.fhir.json import dumps, loads
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json

COLUMNS: Final = "id, kind, state, subject, actor, asked, request, key, attempt, created, progress, result, expires"
_FILES: Final = "SELECT number, kind, type, name, frames, bytes FROM bulk_file WHERE job = $1 ORDER BY number"
_INSERT: Final = """
INSERT INTO bulk_job (id, kind, state, subject, actor, asked, request, key, created)
VALUES ($1, $2, 'waiting', $3, $4::jsonb, $5::jsonb, $6, $7, $8)
"""
#: Two requests of one client at one moment count each other.
_ALONE: Final = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"
_UNFINISHED: Final = "SELECT count(*) FROM bulk_job WHERE subject = $1 AND state IN ('waiting', 'running')"
_SPACE: Final = """
SELECT coalesce(sum(f.bytes), 0)::bigint FROM bulk_file f JOIN bulk_job j ON j.id = f.job WHERE j.subject = $1
"""
_DELETE_FILES: Final = "DELETE FROM bulk_file WHERE job = ANY($1::text[])"
_HORIZON: Final = "SELECT snapshot FROM bulk_horizon WHERE at = $1 ORDER BY snapshot LIMIT 1"
#: How long the horizon of an export is kept.
_KEPT: Final = timedelta(days=400)


class Jobs:
    """The jobs of an installation. All raise HubError UNAVAILABLE when the database is away.

    `most` is how many unfinished ones a client may have.
    """

    def __init__(self, database: Database, *, most: int) -> None:
        self._database: Final = database
        self._most: Final = most

    async def make(
        self, job_id: str, kind: Kind, subject: str, actor: Json, asked: Json, *, request: str, key: bytes, at: datetime
    ) -> None:
        """Keep a new job. Raises HubError THROTTLED when the client has as many unfinished ones as it may have."""
        async with self._database.transaction() as tx:
            await tx.execute(_ALONE, subject)
            if await tx.fetchval(_UNFINISHED, subject) >= self._most:
                raise HubError(
                    Category.THROTTLED,
                    f"this client has {self._most} bulk jobs that are not finished",
                    where="bulk jobs",
                    todo="wait until one is done, or cancel it",
                    code="bulk-jobs",
                )
            values = (subject, _text(actor), _text(asked), request, key, at)
            await tx.execute(_INSERT, job_id, kind, *values)

    async def find(self, job_id: str, subject: str) -> Job:
        """A job of this client. Raises HubError NOT_FOUND for any other."""
        async with self._database.connection() as tx:
            rows = await tx.fetch(f"SELECT {COLUMNS} FROM bulk_job WHERE id = $1 AND subject = $2", job_id, subject)
        if not rows:
            raise no_such_job()
        return job_of(rows[0])

    async def files(self, job_id: str) -> list[File]:
        """The files of a job that is done."""
        async with self._database.connection() as tx:
            rows = await tx.fetch(_FILES, job_id)
        return [
            File(number=number, kind=kind, type=rtype, name=name, frames=frames, size=size)
            for number, kind, rtype, name, frames, size in rows
        ]

    async def space(self, subject: str) -> int:
        """Bytes that the files of this client's jobs take."""
        async with self._database.connection() as tx:
            return int(await tx.fetchval(_SPACE, subject))

    async def drop(self, job_id: str, subject: str) -> None:
        """Forget a job of this client; whoever works on it stops. Raises HubError NOT_FOUND."""
        async with self._database.transaction() as tx:
            gone = await tx.fetch("DELETE FROM bulk_job WHERE id = $1 AND subject = $2 RETURNING id", job_id, subject)
            await tx.execute(_DELETE_FILES, [row[0] for row in gone])
        if not gone:
            raise no_such_job()

    async def expire(self, at: datetime) -> list[str]:
        """Forget what expired by `at`, and old horizons; the ids of the jobs that stay."""
        async with self._database.transaction() as tx:
            gone = await tx.fetch("DELETE FROM bulk_job WHERE expires <= $1 RETURNING id", at)
            await tx.execute(_DELETE_FILES, [row[0] for row in gone])
            await tx.execute("DELETE FROM bulk_horizon WHERE at < $1", at - _KEPT)
            return [row[0] for row in await tx.fetch("SELECT id FROM bulk_job")]

    async def unfinished(self) -> list[str]:
        """The ids of the jobs that wait or run."""
        async with self._database.connection() as tx:
            return [row[0] for row in await tx.fetch("SELECT id FROM bulk_job WHERE state IN ('waiting', 'running')")]

    async def horizon(self, at: datetime) -> str | None:
        """The snapshot of the export of which this is the transaction time, if there was one."""
        async with self._database.connection() as tx:
            found: str | None = await tx.fetchval(_HORIZON, at)
        return found


def no_such_job() -> HubError:
    """What is told of a job that is not there, and of somebody else's."""
    return HubError(Category.NOT_FOUND, "no such job", where="URL", todo="ask anew; jobs expire", code="bulk-job")


def job_of(row: Any) -> Job:
    """The job of a row of `COLUMNS`."""
    known = dict(row)
    documents = {name: loads(known[name]) if known[name] else {} for name in ("actor", "asked", "progress", "result")}
    return Job(**{**known, **documents, "state": State(known["state"])})


async def put_files(tx: Tx, job_id: str, files: Sequence[File]) -> None:
    """Note the files of a job."""
    rows = [(job_id, one.number, one.kind, one.type, one.name, one.frames, one.size) for one in files]
    await tx.executemany(
        "INSERT INTO bulk_file (job, number, kind, type, name, frames, bytes) VALUES ($1, $2, $3, $4, $5, $6, $7)", rows
    )


def _text(value: Json) -> str:
    return dumps(value).decode()
