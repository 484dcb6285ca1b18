"""The worker: takes one job after another, and removes what has expired.

Whatever ends it, the job in hand is free at once and begins again elsewhere: an export anew, an import where it stood.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Final, Protocol

from hub.bulk.claims import MOST_ATTEMPTS, Claims, given_up
from hub.bulk.copies import Copies
from hub.bulk.jobs import Jobs
from hub.bulk.model import Job, Kind, LostError
from hub.bulk.vault import Vault
from hub.db.database import Database, Tx
from hub.db.failures import translated
from hub.kernel.clock import Clock
from hub.kernel.errors import Category, HubError
from hub.kernel.log import Log

#: Seconds between two looks for a job, and after a failure of the database.
_IDLE_SECONDS: Final = 0.5
_BACK_OFF: Final = 2.0
#: Seconds between two removals of what has expired.
_SWEEP_SECONDS: Final = 60.0
#: A machine that falls silent lets go of its jobs after half a minute.
_KEEPALIVE: Final = "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 4"


class Runner(Protocol):
    """Does jobs of one kind."""

    async def run(self, job: Job, claims: Claims) -> None:
        """Do the job and settle it. Raises HubError for what it fails by, `LostError` when it is lost."""
        ...


class Worker:
    """Works on the jobs of an installation, one at a time. `keep` is how long a failed one is told of."""

    def __init__(
        self,
        database: Database,
        jobs: Jobs,
        vault: Vault,
        copies: Copies,
        runners: Mapping[Kind, Runner],
        log: Log,
        clock: Clock,
        *,
        keep: timedelta,
    ) -> None:
        self._database: Final = database
        self._jobs: Final = jobs
        self._vault: Final = vault
        self._copies: Final = copies
        self._runners: Final = runners
        self._log: Final = log
        self._clock: Final = clock
        self._keep: Final = keep

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set; the job in hand is left, and goes on after the next start."""
        working = asyncio.create_task(self._for_ever())
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait({working, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working

    async def drain(self) -> None:
        """Work until no job waits."""
        async with _Session(self._database) as session:
            while await self._one(Claims(self._database, session)):
                pass

    async def sweep(self) -> None:
        """Remove what has expired, the files of jobs that are gone, and the copies of imports that have ended."""
        # Files first: a job that is made meanwhile is not among them, and cannot be taken for one that is gone.
        held = await asyncio.to_thread(self._vault.held)
        known = await self._jobs.expire(self._clock())
        for job_id in set(held).difference(known):
            await asyncio.to_thread(self._vault.clear, job_id)
        with self._copies.settled() as copied:
            for job_id in copied.keys() - set(await self._jobs.unfinished()):
                await asyncio.to_thread(self._copies.clear, copied[job_id], job_id)

    async def _for_ever(self) -> None:
        while True:
            try:
                async with _Session(self._database) as session:
                    await self._work(Claims(self._database, session))
            except HubError as error:
                self._log.failure("bulk-worker-waits", error, code=error.code)
                await asyncio.sleep(_BACK_OFF)

    async def _work(self, claims: Claims) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            if loop.time() >= due:
                await self.sweep()
                due = loop.time() + _SWEEP_SECONDS
            if not await self._one(claims):
                await asyncio.sleep(_IDLE_SECONDS)

    async def _one(self, claims: Claims) -> bool:
        """Do one job; whether there was one."""
        job = await claims.take()
        if job is None:
            return False
        self._log.event("bulk-job-begun", kind=job.kind, attempt=job.attempt)
        try:
            await self._do(job, claims)
        except LostError:
            self._log.event("bulk-job-lost", kind=job.kind, attempt=job.attempt)
        finally:
            await claims.release(job.id)
        return True

    async def _do(self, job: Job, claims: Claims) -> None:
        begun = self._clock()
        try:
            if job.attempt > MOST_ATTEMPTS:
                raise given_up()
            await self._runners[job.kind].run(job, claims)
        except HubError as error:
            await self._failed(job, claims, error)
        except Exception as error:
            self._log.failure("bulk-job-broke", error, kind=job.kind)
            await self._failed(job, claims, HubError(Category.FAULT, "the job failed", todo="tell the operator"))
        else:
            seconds = round((self._clock() - begun).total_seconds(), 3)
            self._log.event("bulk-job-done", kind=job.kind, attempt=job.attempt, seconds=seconds)

    async def _failed(self, job: Job, claims: Claims, error: HubError) -> None:
        """Settle a job that failed. When something it needs is away, it is left for a later attempt."""
        if error.category is Category.UNAVAILABLE and error.code != "disk-full":
            raise error
        self._log.event("bulk-job-failed", level="WARNING", kind=job.kind, code=error.code)
        await claims.fail(job, error, self._clock() + self._keep)
        await asyncio.to_thread(self._vault.clear, job.id)


class _Session:
    """A connection of the worker's own, whose end frees the jobs it holds."""

    def __init__(self, database: Database) -> None:
        self._database: Final = database

    async def __aenter__(self) -> Tx:
        self._tx = await self._database.dedicated()
        await self._tx.execute(_KEEPALIVE)
        return self._tx

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        told = None if error is None else translated(error, connected=not self._tx.is_closed())
        self._tx.terminate()
        if told is not None:
            raise told from error
