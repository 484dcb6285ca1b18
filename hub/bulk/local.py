"""Imports that are begun at the machine: files are copied to where the workers read, and go when the job has ended."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hub.auth.actor import Actor
from hub.auth.claims import claims_of
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
_CHUNK: Final = 1024 * 1024


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
    """Imports of whoever may read the keys. `folder` is where workers read."""

    def __init__(self, jobs: Jobs, vault: Vault, folder: Path, clock: Clock) -> None:
        self._jobs: Final = jobs
        self._vault: Final = vault
        self._folder: Final = folder
        self._clock: Final = clock

    async def begin(self, actor: Actor, files: Sequence[Given], *, source: str) -> str:
        """Start an import as the facility of `actor`; the id of its job. Raises HubError THROTTLED, UNAVAILABLE."""
        job_id = random_id()
        inputs = await asyncio.to_thread(self._taken, self._of(actor, job_id), files)
        asked = asked_import(actor.organization, source, inputs)
        try:
            await self._jobs.make(
                job_id,
                "import",
                subject_of(actor),
                claims_of(actor),
                asked,
                request=_REQUEST,
                key=self._vault.new_key(),
                at=self._clock(),
            )
        except HubError:
            await self.end(actor, job_id)
            raise
        return job_id

    async def progress(self, actor: Actor, job_id: str) -> Job:
        """The job as it stands. Raises HubError NOT_FOUND once it was cancelled."""
        return await self._jobs.find(job_id, subject_of(actor))

    async def refused(self, job: Job) -> AsyncIterator[bytes]:
        """What was refused of a job that is done: OperationOutcomes, a line each, some at a time."""
        for file in await self._jobs.files(job.id):
            async for part in self._vault.frames(job.id, file.name, job.key, file.frames):
                yield part

    async def end(self, actor: Actor, job_id: str) -> None:
        """Remove the copies."""
        await asyncio.to_thread(shutil.rmtree, self._of(actor, job_id), ignore_errors=True)

    def _of(self, actor: Actor, job_id: str) -> Path:
        return self._folder / actor.organization / job_id

    def _taken(self, folder: Path, files: Sequence[Given]) -> list[Input]:
        folder.mkdir(mode=0o700, parents=True)
        owner = self._folder.parent.stat()
        found = []
        for number, file in enumerate(files):
            copy = folder / f"{number}.ndjson"
            handle = os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with file.path.open("rb") as stream, os.fdopen(handle, "wb") as out:
                shutil.copyfileobj(stream, out, _CHUNK)
            found.append(Input(type=file.type, url=f"{folder.name}/{copy.name}"))
        if os.geteuid() == 0:
            # The hub may run under another account, that of the folder.
            for path in (self._folder, folder.parent, folder, *folder.iterdir()):
                os.chown(path, owner.st_uid, owner.st_gid)
        return found
