"""Imports that are begun at the machine: files are copied to where the workers read, and go when the job has ended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hub.auth.actor import Actor
from hub.auth.claims import claims_of
from hub.bulk.copies import Copies
from hub.bulk.jobs import Jobs
from hub.bulk.model import Input, Job, asked_import, subject_of
from hub.bulk.vault import Vault
from hub.fhir.json import loads
from hub.fhir.structure import RESOURCE_TYPES
from hub.kernel.clock import Clock
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import random_id

#: What stands with a job in the place of the address of a request.
_REQUEST: Final = "yilian import"


@dataclass(frozen=True, slots=True)
class Given:
    """A file with the type of its resources, and how many lines it has."""

    path: Path
    type: str
    lines: int


def given(path: Path) -> Given:
    """Look at a file. Raises HubError NOT_FOUND, UNREADABLE where its first line is no resource of FHIR."""
    try:
        with path.open("rb") as stream:
            first = next((line for line in stream if line.strip()), b"")
            stream.seek(0)
            lines = sum(1 for line in stream if line.strip())
    except OSError:
        raise HubError(Category.NOT_FOUND, "cannot be read", where=str(path), todo="name a file") from None
    return Given(path, _type(first, path), lines)


def _type(line: bytes, path: Path) -> str:
    try:
        told = loads(line).get("resourceType")
    except (ValueError, AttributeError):
        told = None
    if told not in RESOURCE_TYPES:
        todo = "write one resource a line (NDJSON), of one type in a file"
        raise HubError(Category.UNREADABLE, "its first line is no resource of FHIR R4", where=str(path), todo=todo)
    return str(told)


class LocalImports:
    """Imports of whoever may read the keys."""

    def __init__(self, jobs: Jobs, vault: Vault, copies: Copies, clock: Clock) -> None:
        self._jobs: Final = jobs
        self._vault: Final = vault
        self._copies: Final = copies
        self._clock: Final = clock

    async def begin(self, actor: Actor, files: Sequence[Given], *, source: str) -> str:
        """Start an import as the facility of `actor`; the id of its job. Raises HubError THROTTLED, UNAVAILABLE."""
        job_id, paths = random_id(), [file.path for file in files]
        with self._copies.begun():
            urls = await asyncio.to_thread(self._copies.take, actor.organization, job_id, paths)
            try:
                await self._make(actor, job_id, source, files, urls)
            except HubError as error:
                # When the database went away the job may have been made all the same: then the sweep tells.
                if error.category is not Category.UNAVAILABLE:
                    await self.end(actor, job_id)
                raise
        return job_id

    async def _make(self, actor: Actor, job_id: str, source: str, files: Sequence[Given], urls: Sequence[str]) -> None:
        inputs = [Input(type=file.type, url=url) for file, url in zip(files, urls, strict=True)]
        await self._jobs.make(
            job_id,
            "import",
            subject_of(actor),
            claims_of(actor),
            asked_import(actor.organization, source, inputs),
            request=_REQUEST,
            key=self._vault.new_key(),
            at=self._clock(),
        )

    async def progress(self, actor: Actor, job_id: str) -> Job:
        """The job as it stands. Raises HubError NOT_FOUND once it was cancelled."""
        return await self._jobs.find(job_id, subject_of(actor))

    async def refused(self, job: Job) -> AsyncIterator[bytes]:
        """What was refused of a job that is done: OperationOutcomes, a line each, some at a time."""
        for file in await self._jobs.files(job.id):
            async for part in self._vault.frames(job.id, file.name, job.key, file.frames):
                yield part

    async def end(self, actor: Actor, job_id: str) -> None:
        """Remove the copies of a job that has ended; where nobody does, the worker's sweep will."""
        await asyncio.to_thread(self._copies.clear, actor.organization, job_id)
