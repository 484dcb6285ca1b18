"""What a worker does with jobs: takes one, tells how far it is, and settles it.

A job is held by an advisory lock of the worker's own session, so it is free again as soon as the worker is gone,
whatever ended it. Each taking raises the job's `attempt`: a worker that was cut off from the database and still works
finds that its number is not the newest, and its results count for nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from hub.bulk.jobs import COLUMNS, job_of, put_files
from hub.bulk.model import File, Job, LostError, told
from hub.db.database import Database, Tx
from hub.fhir.json import dumps
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json

#: Class of the advisory locks of jobs: "bulk" in ASCII.
_CLASS: Final = int.from_bytes(b"bulk", "big")
#: Times a job is begun: one that ends its worker each time is given up.
MOST_ATTEMPTS: Final = 10

_WAITING: Final = "SELECT id FROM bulk_job WHERE state IN ('waiting', 'running') ORDER BY created, id"
_LOCK: Final = "SELECT pg_try_advisory_lock($1::int, hashtext($2))"
_UNLOCK: Final = "SELECT pg_advisory_unlock($1::int, hashtext($2))"
_BEGIN: Final = f"""
UPDATE bulk_job SET state = 'running', attempt = attempt + 1,
    progress = CASE kind WHEN 'export' THEN '{{}}'::jsonb ELSE progress END
WHERE id = $1 AND state IN ('waiting', 'running') RETURNING {COLUMNS}
"""
_MINE: Final = "id = $1 AND attempt = $2 AND state = 'running'"
_ADVANCE: Final = f"UPDATE bulk_job SET progress = $3::jsonb WHERE {_MINE} RETURNING id"
_SETTLE: Final = f"UPDATE bulk_job SET state = $3, result = $4::jsonb, expires = $5 WHERE {_MINE} RETURNING id"

_HORIZON: Final = "INSERT INTO bulk_horizon (at, snapshot) VALUES ($1, $2) ON CONFLICT DO NOTHING"


class Claims:
    """The jobs as one worker sees them. `session` is a connection of its own; it holds the locks."""

    def __init__(self, database: Database, session: Tx) -> None:
        self._database: Final = database
        self._session: Final = session

    async def take(self) -> Job | None:
        """The oldest job that nobody works on, None if there is none. Call `release` when it is settled or left."""
        for (job_id,) in await self._session.fetch(_WAITING):
            if await self._session.fetchval(_LOCK, _CLASS, job_id):
                rows = await self._session.fetch(_BEGIN, job_id)
                if rows:
                    return job_of(rows[0])
                await self.release(job_id)
        return None

    async def release(self, job_id: str) -> None:
        """Let others take the job."""
        await self._session.execute(_UNLOCK, _CLASS, job_id)

    async def advance(self, job: Job, progress: Json) -> None:
        """Keep how far the job is. Raises `LostError` if it is not this worker's any more."""
        async with self._database.connection() as tx:
            _mine(await tx.fetch(_ADVANCE, job.id, job.attempt, dumps(progress).decode()))

    async def finish(
        self, job: Job, files: Sequence[File], result: Json, expires: datetime, horizon: tuple[datetime, str] | None
    ) -> None:
        """The job is done. Raises `LostError` if it is not this worker's any more; then nothing of this counts."""
        async with self._database.transaction() as tx:
            _mine(await tx.fetch(_SETTLE, job.id, job.attempt, "done", dumps(result).decode(), expires))
            await put_files(tx, job.id, files)
            if horizon is not None:
                await tx.execute(
                    "INSERT INTO bulk_horizon (at, snapshot) VALUES ($1, $2) ON CONFLICT DO NOTHING", *horizon
                )

    async def fail(self, job: Job, error: HubError, expires: datetime) -> None:
        """The job cannot be done, and why. Raises `LostError` if it is not this worker's any more."""
        async with self._database.connection() as tx:
            _mine(await tx.fetch(_SETTLE, job.id, job.attempt, "failed", dumps(told(error)).decode(), expires))


def given_up() -> HubError:
    """Why a job that was begun too often is not begun again."""
    return HubError(
        Category.FAULT, f"was begun {MOST_ATTEMPTS} times and never ended", where="bulk job", todo="tell the operator"
    )


def _mine(rows: Sequence[object]) -> None:
    if not rows:
        raise LostError
