"""Running an export: parcels from the gate into files, one type to a file, as many open as there are types.

An export that was interrupted begins anew in a new snapshot, with files of its own: the two are never mixed, so no line
is there twice and none is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import Final

from hub.bulk.claims import Claims
from hub.bulk.jobs import Jobs
from hub.bulk.model import OUTCOME, File, FileKind, Job
from hub.bulk.vault import Vault, Writer
from hub.fhir.json import dumps
from hub.fhir.outcome import operation_outcome
from hub.gate.exports import Export
from hub.gate.gate import Gate
from hub.gate.parcels import Parcel
from hub.kernel.clock import Clock
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Issue

#: A file is closed when it has so many lines, or bytes of JSON.
FILE_LINES: Final = 10_000
FILE_BYTES: Final = 64 * 1024 * 1024
#: Seconds between two notes of how far it is.
_NOTE_SECONDS: Final = 1.0


@dataclass(slots=True)
class _Open:
    """A file that is being written: `lines` of JSON of `size` bytes so far."""

    name: str
    writer: Writer
    lines: int = 0
    size: int = 0

    @property
    def full(self) -> bool:
        return self.lines >= FILE_LINES or self.size >= FILE_BYTES


@dataclass(slots=True, kw_only=True)
class _Files:
    """The files of one attempt: those that are closed, and of each kind and type the one that is open."""

    vault: Vault
    job: Job
    closed: list[File] = field(default_factory=list)
    open: dict[tuple[FileKind, str], _Open] = field(default_factory=dict)
    names: int = 0

    @property
    def taken(self) -> int:
        """Bytes on the disk."""
        return sum(one.size for one in self.closed) + sum(one.writer.size for one in self.open.values())

    async def add(self, kind: FileKind, rtype: str, content: bytes, lines: int, size: int) -> None:
        """Put a frame into the open file of its kind and type if there is room, else into a new one."""
        found = self.open.get((kind, rtype))
        if found is not None and found.full:
            await self._close(kind, rtype)
            found = None
        if found is None:
            self.names += 1
            name = f"{self.job.attempt}-{self.names}"
            found = self.open[kind, rtype] = _Open(name, self.vault.writer(self.job.id, name, self.job.key))
        await found.writer.write(content)
        found.lines += lines
        found.size += size

    async def close(self) -> None:
        """Make all open files durable and note them."""
        for kind, rtype in list(self.open):
            await self._close(kind, rtype)

    async def _close(self, kind: FileKind, rtype: str) -> None:
        one = self.open[kind, rtype]
        await one.writer.sync()
        one.writer.close()
        number, writer = len(self.closed) + 1, self.open.pop((kind, rtype)).writer
        self.closed.append(
            File(number=number, kind=kind, type=rtype, name=one.name, frames=writer.frames, size=writer.size)
        )

    def abandon(self) -> None:
        for one in self.open.values():
            one.writer.close()


class Exporter:
    """Runs exports. `most_bytes` is what one client's files may take on the disk, `keep` how long they are kept."""

    def __init__(self, gate: Gate, jobs: Jobs, vault: Vault, clock: Clock, *, most_bytes: int, keep: timedelta) -> None:
        self._gate: Final = gate
        self._jobs: Final = jobs
        self._vault: Final = vault
        self._clock: Final = clock
        self._most: Final = most_bytes
        self._keep: Final = keep

    async def run(self, job: Job, claims: Claims) -> None:
        """Do the job and settle it. Raises HubError for what the job fails by, `LostError` when it is lost."""
        self._vault.clear(job.id)
        files = _Files(vault=self._vault, job=job)
        try:
            export = await self._fill(files, job, _Note(claims, job))
            for name in job.asked["ignored"]:
                await files.add("error", OUTCOME, _ignored(name), 1, 0)
            await files.close()
        finally:
            files.abandon()
        result = {"transactionTime": export.time.isoformat(), "snapshot": export.snapshot}
        expires = self._clock() + self._keep
        await claims.finish(job, files.closed, result, expires, (export.time, export.snapshot))

    async def _fill(self, files: _Files, job: Job, note: _Note) -> Export:
        """Bring all parcels into files."""
        asked, others = job.asked, await self._jobs.space(job.subject)
        params = [(name, value) for name, value in asked["params"]]
        since = asked["since"]
        horizon = None if since is None else await self._jobs.horizon(datetime.fromisoformat(since))
        async with self._gate.bulk.opened(
            job.who, asked["level"], asked["group"], params, lenient=asked["lenient"], horizon=horizon
        ) as export:
            async for parcel in export.parcels:
                await _keep(files, parcel)
                self._refuse_too_much(others + files.taken)
                await note.told(parcel.count)
        return export

    def _refuse_too_much(self, taken: int) -> None:
        if taken > self._most:
            raise HubError(
                Category.TOO_LARGE,
                "the files of this client take more than they may",
                where="bulk files",
                todo="delete finished jobs, or ask for less (_since, _type, a Group)",
                code="bulk-space",
            )


@dataclass(slots=True)
class _Note:
    """Notes now and then how many resources there are; so the job is also known to be lost soon."""

    claims: Claims
    job: Job
    count: int = 0
    last: float = 0.0
    now: Callable[[], float] = monotonic

    async def told(self, more: int) -> None:
        self.count += more
        if self.now() - self.last >= _NOTE_SECONDS:
            self.last = self.now()
            await self.claims.advance(self.job, {"resources": self.count})


async def _keep(files: _Files, parcel: Parcel) -> None:
    kind: FileKind = "deleted" if parcel.deleted else "output"
    await files.add(kind, parcel.type, parcel.content, parcel.count, parcel.size)


def _ignored(name: str) -> bytes:
    """A line that says which parameter lenient reading left out."""
    issue = Issue(severity="warning", where=name, code="not-supported", text="this parameter was ignored")
    return dumps(operation_outcome([issue])) + b"\n"
