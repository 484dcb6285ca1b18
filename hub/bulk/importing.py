"""Running an import: lines of NDJSON through the records door, as the facility that asked for it.

Some hundred lines go in together, so that they share transactions; then the place in the file is noted with the errors
so far. A job that was interrupted goes on from the last note: a line that comes again says what already stands, and
makes no version.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from msgspec import structs

from hub.auth.actor import Actor
from hub.bulk.claims import Claims
from hub.bulk.incoming import Origin, operation_of
from hub.bulk.model import OUTCOME, File, Job
from hub.bulk.sources import Line, Source, Sources
from hub.bulk.vault import Vault, Writer
from hub.fhir.json import dumps
from hub.fhir.outcome import operation_outcome
from hub.kernel.clock import Clock
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import IdMaker
from hub.kernel.types import Issue, Json
from hub.records.client import ClientWrites
from hub.records.refusal import NonconformantError

_ERRORS: Final = "errors"
#: Failures of the hub, not of a line: the job stops, and is tried again.
_NO_REFUSALS: Final = frozenset({Category.UNAVAILABLE, Category.FAULT})


@dataclass(slots=True)
class _Place:
    """How far an import is: the input, the byte and line in it, its mark; counts by input; the errors file so far."""

    input: int = 0
    offset: int = 0
    line: int = 1
    mark: str = ""
    done: list[int] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)
    frames: int = 0
    size: int = 0


class Importer:
    """Runs imports. `parse` reads one JSON text, `ids` makes ids from those of a source."""

    def __init__(
        self,
        writes: ClientWrites,
        vault: Vault,
        sources: Sources,
        parse: Callable[[bytes], Any],
        ids: IdMaker,
        clock: Clock,
        *,
        keep: timedelta,
    ) -> None:
        self._writes: Final = writes
        self._vault: Final = vault
        self._sources: Final = sources
        self._parse: Final = parse
        self._ids: Final = ids
        self._clock: Final = clock
        self._keep: Final = keep

    async def run(self, job: Job, claims: Claims) -> None:
        """Do the job and settle it. Raises HubError for what the job fails by, `LostError` when it is lost."""
        inputs: Sequence[Json] = job.asked["inputs"]
        zeros = [0] * len(inputs)
        place = _Place(**job.progress) if job.progress else _Place(done=list(zeros), failed=list(zeros))
        begun = self._clock()
        errors = self._vault.writer(job.id, _ERRORS, job.key, frames=place.frames, size=place.size)
        try:
            while place.input < len(inputs):
                await self._read(job, claims, inputs[place.input], place, errors)
                place.input, place.offset, place.line, place.mark = place.input + 1, 0, 1, ""
        finally:
            errors.close()
        await claims.finish(job, _files(errors), _result(inputs, place, begun), self._clock() + self._keep, None)

    async def _read(self, job: Job, claims: Claims, given: Json, place: _Place, errors: Writer) -> None:
        """Bring in one file from where it stands."""
        source = self._sources.open(job.asked["facility"], given["url"])
        try:
            if place.mark not in {"", source.mark}:
                raise HubError(
                    Category.CONFLICT, "a file changed while it was imported", where="import", todo="ask anew"
                )
            place.mark = source.mark
            while await self._window(job, given["type"], source, place, errors):
                await errors.sync()
                place.frames, place.size = errors.frames, errors.size
                await claims.advance(job, asdict(place))
        finally:
            source.close()

    async def _window(self, job: Job, rtype: str, source: Source, place: _Place, errors: Writer) -> bool:
        """Bring in the next lines; whether there were any."""
        lines, offset, number = await asyncio.to_thread(source.read, place.offset, place.line)
        origin = Origin(facility=job.asked["facility"], source=job.asked["source"], job=job.id)
        actor = writer_of(job.who)
        # All of them have ended before a failure is raised: none goes on behind the back of whoever tries again.
        ends = await asyncio.gather(
            *(self._bring(actor, line, rtype, origin) for line in lines), return_exceptions=True
        )
        for end in ends:
            if isinstance(end, BaseException) and not isinstance(end, HubError):
                raise end
        refused = [(line, end) for line, end in zip(lines, ends, strict=True) if isinstance(end, HubError)]
        for _, end in refused:
            if end.category in _NO_REFUSALS:
                raise end
        if refused:
            told = [_outcome(place.input, line.number, error) for line, error in refused]
            await errors.write(b"".join(told))
        place.done[place.input] += len(lines) - len(refused)
        place.failed[place.input] += len(refused)
        more = offset > place.offset
        place.offset, place.line = offset, number
        return more

    async def _bring(self, actor: Actor, line: Line, rtype: str, origin: Origin) -> None:
        """Let stand what a line says. Raises HubError as the records door does, UNREADABLE and INVALID."""
        if not line.text:
            raise HubError(Category.TOO_LARGE, "is longer than a request may be", where="line")
        await self._writes.write(actor, operation_of(self._parse(line.text), rtype, origin, self._ids))


def writer_of(actor: Actor) -> Actor:
    """Whoever may import writes as a feed of the facility its token names."""
    return replace(actor, role="feed", purpose=("TREAT",))


def _files(errors: Writer) -> list[File]:
    if not errors.frames:
        return []
    file = File(number=1, kind="error", type=OUTCOME, name=_ERRORS, frames=errors.frames, size=errors.size)
    return [file]


def _result(inputs: Sequence[Json], place: _Place, begun: datetime) -> Json:
    output = [
        {"type": given["type"], "inputUrl": given["url"], "count": place.done[number]}
        for number, given in enumerate(inputs)
    ]
    return {"transactionTime": begun.isoformat(), "output": output, "failed": place.failed}


def _outcome(number: int, line: int, error: HubError) -> bytes:
    """A line of the errors file: which input and line, and what is wrong; never a value of it."""
    place = f"input[{number}] line {line}"
    if isinstance(error, NonconformantError):
        issues = [structs.replace(issue, where=f"{place}: {issue.where}") for issue in error.issues]
    else:
        where = f"{place}: {error.where}" if error.where else place
        text = "; ".join(part for part in (error.what, error.todo) if part)
        issues = [Issue(severity="error", where=where, code=error.code, text=text)]
    return dumps(operation_outcome(issues)) + b"\n"
