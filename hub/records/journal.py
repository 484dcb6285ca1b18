"""What the audit trail keeps of client writes: each version done, in the transaction that makes it; each refusal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote
from uuid import UUID

from hub.audit.entry import Entry, Interaction, Origin, Outcome, requester_of
from hub.audit.trail import Trail
from hub.auth.actor import Actor
from hub.db.database import Tx
from hub.kernel.clock import Clock
from hub.kernel.errors import Category, HubError
from hub.records.operations import Create, Delete, Operation, Patch, Update, Written
from hub.records.refusal import ClaimedError, NotYoursError

_INTERACTIONS: Final = {
    Create: Interaction.CREATE,
    Update: Interaction.UPDATE,
    Patch: Interaction.UPDATE,
    Delete: Interaction.DELETE,
}

#: The rule that lets a writer write and see the result: what it writes has its own legal entity as the author.
_GROUNDS: Final = ("author-organisation",)

#: `reason` of a write that was done, but with the security labels the client had left out.
LABELS_KEPT: Final = "labels-kept"

#: `reason` of a write that was tried out and would have been done.
REHEARSED: Final = "rehearsed"

#: Failures of the hub or its database, which refuse nothing to anybody.
_NO_REFUSALS: Final = frozenset({Category.UNAVAILABLE, Category.FAULT})


@dataclass(frozen=True, slots=True)
class Request:
    """Who asks for one write, or for a transaction of them, and from where."""

    actor: Actor
    origin: Origin


@dataclass(frozen=True, slots=True)
class Job:
    """One write of a request."""

    request: Request
    operation: Operation


#: What became of a job.
Answer = Written | Exception


class Journal:
    """Makes the entries of the records door and brings them into the trail."""

    def __init__(self, trail: Trail, clock: Clock, entry_ids: Callable[[], UUID]) -> None:
        self._trail: Final = trail
        self._clock: Final = clock
        self._entry_ids: Final = entry_ids

    async def done(self, tx: Tx, jobs: Sequence[Job], answers: Sequence[Answer], whole: Request | None = None) -> None:
        """Enter the jobs that were done into the transaction `tx` that does them; `whole` asked for all of them as one.

        Raises HubError UNAVAILABLE when they cannot be entered: then `tx` must not be committed.
        """
        pairs = zip(jobs, answers, strict=True)
        entries = [self._done(job, answer) for job, answer in pairs if isinstance(answer, Written)]
        if whole is not None:
            types = Counter(job.operation.type for job in jobs)
            entries.append(self._entry(whole, Interaction.TRANSACTION, Outcome.RELEASED, types=dict(types)))
        if entries:
            await self._trail.append(tx, entries)

    async def refused(self, request: Request, operation: Operation, refusal: HubError) -> None:
        """Return once the refusal of a write is durable. Raises HubError UNAVAILABLE when it cannot be."""
        await self._refused(request, _INTERACTIONS[type(operation)], operation, refusal)

    async def transaction_refused(self, request: Request, operations: Sequence[Operation], refusal: HubError) -> None:
        """Like `refused`, for a transaction: one entry, which names the operation at fault where that is known."""
        guilty = (
            operation for operation in operations if operation.where and refusal.where.startswith(operation.where)
        )
        await self._refused(request, Interaction.TRANSACTION, next(guilty, None), refusal)

    async def rehearsed(self, request: Request, operation: Operation, refusal: HubError | None) -> None:
        """Return once it is durable that a write was tried out, and what it would have been refused for."""
        if refusal is not None:
            await self._refused(request, Interaction.OPERATION, operation, refusal)
            return
        entry = self._entry(
            request,
            Interaction.OPERATION,
            Outcome.RELEASED,
            resource_type=operation.type,
            resource_id=_addressed(operation),
            reason=REHEARSED,
            grounds=_GROUNDS,
        )
        await self._trail.record(entry)

    async def _refused(
        self, request: Request, interaction: Interaction, operation: Operation | None, refusal: HubError
    ) -> None:
        # Who lost a race for a criterion is not refused: the API looks again, and finds or creates.
        if refusal.category in _NO_REFUSALS or isinstance(refusal, ClaimedError):
            return
        absent = isinstance(refusal, NotYoursError) and not refusal.exists
        entry = self._entry(
            request,
            interaction,
            Outcome.ABSENT if absent else Outcome.REFUSED,
            resource_type=operation.type if operation else None,
            resource_id=_addressed(operation),
            reason=refusal.code,
        )
        await self._trail.record(entry)

    def _done(self, job: Job, written: Written) -> Entry:
        return self._entry(
            job.request,
            _INTERACTIONS[type(job.operation)],
            Outcome.ABSENT if written.version is None else Outcome.RELEASED,
            resource_type=written.type,
            resource_id=written.id,
            version=written.version,
            reason=LABELS_KEPT if written.labels_kept else None,
            grounds=() if written.version is None else _GROUNDS,
            patients=(written.patient,) if written.patient else (),
            types={} if written.version is None else {written.type: 1},
        )

    def _entry(
        self,
        request: Request,
        interaction: Interaction,
        outcome: Outcome,
        *,
        resource_type: str | None = None,
        resource_id: str | None = None,
        version: int | None = None,
        reason: str | None = None,
        grounds: tuple[str, ...] = (),
        patients: tuple[str, ...] = (),
        types: dict[str, int] | None = None,
    ) -> Entry:
        return Entry(
            id=self._entry_ids(),
            time=self._clock(),
            requester=requester_of(request.actor),
            interaction=interaction,
            outcome=outcome,
            origin=request.origin,
            resource_type=resource_type,
            resource_id=resource_id,
            version=version,
            reason=reason,
            grounds=grounds,
            patients=patients,
            types=types or {},
        )


def _addressed(operation: Operation | None) -> str | None:
    """The id a client named, as it may stand in the trail: it comes from a body and may be any text.

    The id of a create is the server's own, and nobody has it once the create is refused.
    """
    if operation is None or isinstance(operation, Create):
        return None
    return quote(operation.id[:64], safe="", errors="replace")
