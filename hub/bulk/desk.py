"""What a client may do with bulk jobs: start one, ask how far it is, fetch its files, cancel it.

A job is answered to whoever started it, and to nobody else: to all others it is not there.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from hub.auth.actor import Actor
from hub.auth.claims import claims_of
from hub.auth.directory import Directory
from hub.bulk.jobs import Jobs, no_such_job
from hub.bulk.model import File, Input, Job, Kind, State, asked_import, refusal, subject_of
from hub.bulk.sources import Sources
from hub.bulk.vault import Vault
from hub.gate.export_wish import Level
from hub.gate.gate import Gate
from hub.gate.origin import Origin
from hub.kernel.clock import Clock
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import random_id
from hub.kernel.types import Json

#: Roles that bring in data for a facility: its systems, and whoever runs the hub.
IMPORTERS: Final = frozenset({"administrator", "feed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a job is: `text` is for people, `files` and `result` are there when it is done."""

    done: bool
    kind: Kind
    request: str
    text: str = ""
    files: Sequence[File] = ()
    result: Json = field(default_factory=dict)
    expires: datetime | None = None


class Desk:
    """Bulk jobs as a client sees them."""

    def __init__(
        self, gate: Gate, jobs: Jobs, vault: Vault, sources: Sources, directory: Directory, clock: Clock
    ) -> None:
        self._gate: Final = gate
        self._jobs: Final = jobs
        self._vault: Final = vault
        self._sources: Final = sources
        self._directory: Final = directory
        self._clock: Final = clock

    async def export(
        self,
        actor: Actor,
        level: Level,
        group: str | None,
        params: Sequence[tuple[str, str]],
        *,
        lenient: bool,
        request: str,
        origin: Origin,
    ) -> str:
        """Start an export; the id of its job. Raises HubError as `BulkWay.begin` and `Jobs.make`."""
        wish = await self._gate.bulk.begin(actor, level, group, params, lenient=lenient, origin=origin)
        asked: Json = {
            "level": level,
            "group": group,
            "params": [list(pair) for pair in params],
            "lenient": lenient,
            "ignored": list(wish.ignored),
            "since": None if wish.since is None else wish.since.isoformat(),
        }
        return await self._make(actor, "export", asked, request)

    async def bring(self, actor: Actor, inputs: Sequence[Input], *, source: str, request: str) -> str:
        """Start an import as the facility of the actor; the id of its job.

        Raises HubError FORBIDDEN for another role or an organisation that is no facility, NOT_FOUND and UNSUPPORTED as
        `Sources.open`, THROTTLED.
        """
        if actor.role not in IMPORTERS or not self._directory.knows(actor.organization):
            raise HubError(
                Category.FORBIDDEN,
                "this role imports nothing",
                where="access token",
                todo="use a token of a feed, or of an administrator with a facility",
                code="role",
            )
        for given in inputs:
            await asyncio.to_thread(self._sources.check, actor.organization, given.url)
        return await self._make(actor, "import", asked_import(actor.organization, source, inputs), request)

    async def progress(self, actor: Actor, job_id: str) -> Progress:
        """How far a job is. Raises HubError NOT_FOUND, and what the job failed by."""
        job = await self._job(actor, job_id)
        if job.state is State.FAILED:
            raise refusal(job.result)
        if job.state is not State.DONE:
            return Progress(done=False, kind=job.kind, request=job.request, text=_text(job))
        files = await self._jobs.files(job.id)
        return Progress(
            done=True, kind=job.kind, request=job.request, files=files, result=job.result, expires=job.expires
        )

    async def file(self, actor: Actor, job_id: str, number: str, *, origin: Origin) -> AsyncIterator[bytes]:
        """The lines of a file, judged and recorded. Raises HubError NOT_FOUND, and as `Gate.deliver`."""
        job = await self._job(actor, job_id)
        found = [one for one in await self._jobs.files(job.id) if str(one.number) == number]
        if not found:
            raise no_such_job()
        (file,) = found

        def contents() -> AsyncIterator[bytes]:
            return self._vault.frames(job.id, file.name, job.key, file.frames)

        if file.kind == "error":
            return contents()
        query = urlencode([("$export", job.asked["level"]), ("file", f"{job.id}/{number}")])
        return await self._gate.bulk.deliver(actor, file.type, query, job.result["snapshot"], contents, origin=origin)

    async def cancel(self, actor: Actor, job_id: str) -> None:
        """Stop a job and remove its files. Raises HubError NOT_FOUND, also once it has expired."""
        await self._job(actor, job_id)
        await self._jobs.drop(job_id, subject_of(actor))
        await asyncio.to_thread(self._vault.clear, job_id)

    async def _make(self, actor: Actor, kind: Kind, asked: Json, request: str) -> str:
        job_id = random_id()
        await self._jobs.make(
            job_id,
            kind,
            subject_of(actor),
            claims_of(actor),
            asked,
            request=request,
            key=self._vault.new_key(),
            at=self._clock(),
        )
        return job_id

    async def _job(self, actor: Actor, job_id: str) -> Job:
        """A job of this actor that has not expired."""
        job = await self._jobs.find(job_id, subject_of(actor))
        if job.expires is not None and job.expires <= self._clock():
            raise no_such_job()
        return job


def _text(job: Job) -> str:
    """Counts only; what they are of, the client asked for itself. An export that was cut off says so."""
    if job.state is State.WAITING:
        return "waiting"
    if job.kind == "export":
        anew = f"begun anew after an interruption (attempt {job.attempt}), " if job.attempt > 1 else ""
        return f"{anew}{job.progress.get('resources', 0)} resources so far"
    return f"{sum(job.progress.get('done', ())) + sum(job.progress.get('failed', ()))} lines so far"
