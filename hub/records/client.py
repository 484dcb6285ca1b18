"""The records door for API clients: create, update, patch, delete, alone or as one transaction.

Concurrent single writes share a database transaction, so their commits and round trips are shared too; the refusal
of one does not touch the others. The audit entries of what is done are written in the same transaction.
"""

from __future__ import annotations

from asyncio import Semaphore
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import nullcontext
from typing import Final
from uuid import UUID, uuid4

from consent.label_sets import UNKNOWN_SET
from consent.labelling import Labelling, shipped
from hub.audit.entry import UNKNOWN_ORIGIN, Origin
from hub.audit.trail import Trail
from hub.auth.actor import Actor
from hub.auth.directory import Directory
from hub.auth.roles import VOCABULARY
from hub.db.database import Database, Tx
from hub.db.group_commit import GroupCommit
from hub.fhir.json import dumps, loads
from hub.kernel.clock import Clock
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import hash128
from hub.kernel.ports import Refresh, nothing_changes
from hub.kernel.types import Issue, Json
from hub.mpi.registration import Statement
from hub.records.about import about_persons, refuse_about_nobody
from hub.records.client_rules import labels_kept, writes_of
from hub.records.consequences import Consequences
from hub.records.journal import Answer, Job, Journal, Request
from hub.records.labelled import labelled
from hub.records.operations import Create, Delete, Operation, Patch, Whole, Written
from hub.records.patching import Patches, Settled
from hub.records.refusal import ClaimedError, NonconformantError
from hub.records.rehearsal import rehearse
from hub.records.replacements import refuse_others, replacements
from hub.records.rights import Rights
from hub.records.sight import BLIND, Sight
from hub.store.store import Store
from hub.store.values import Saved, Stored, Write

Validate = Callable[[Json], Sequence[Issue]]
Ref = tuple[str, str]

#: Kind of the claims of conditional creates.
CLAIM: Final = "conditional-create"
#: Codes of failures that a second try may mend: a lost race of creates, a deadlock.
_PASSING: Final = frozenset({"race", "database-collision"})
#: Times a transaction is tried in all.
_TRIES: Final = 3
#: From so many operations on a transaction is long, and takes its turn: a connection that wrote just now has at hand
#: what writing takes, and those who read find one that is free.
_LONG: Final = 32
#: Long transactions at a time: one computes while the other waits for the database.
_AT_ONCE: Final = 2


class ClientWrites:
    """Writes as the facility of the actor. Belongs to the event loop it is used in.

    What is done has its audit entry in its own transaction, and a refusal has one before it is told; when an entry
    cannot be written, UNAVAILABLE is raised and nothing is done. `origin` is for the audit trail.
    """

    def __init__(
        self,
        database: Database,
        store: Store,
        directory: Directory,
        validate: Validate,
        trail: Trail,
        clock: Clock,
        consequences: Consequences,
        *,
        sight: Sight = BLIND,
        labelling: Labelling | None = None,
        refresh: Refresh = nothing_changes,
        entry_ids: Callable[[], UUID] = uuid4,
    ) -> None:
        self._labelling: Final = labelling or shipped()
        #: Takes up what codes mean now, for labels and validation; before a connection is held.
        self._refresh: Final = refresh
        self._database: Final = database
        self._store: Final = store
        self._rights: Final = Rights(directory)
        self._validate: Final = validate
        self._patches: Final = Patches(sight, self._rights, validate)
        self._consequences: Final = consequences
        self._journal: Final = Journal(trail, clock, entry_ids)
        self._turns: Final = Semaphore(_AT_ONCE)
        self._commit: Final[GroupCommit[Job, Answer]] = GroupCommit(self._flush, limit=64)

    async def write(self, actor: Actor, operation: Operation, *, origin: Origin = UNKNOWN_ORIGIN) -> Written:
        """Return once the version is durable; an update that changes nothing makes none.

        Raises HubError FORBIDDEN (role, scope or type), NOT_FOUND (absent, or of another facility), PRECONDITION
        (If-Match, If-None-Match), INVALID (`NonconformantError` with all complaints; or another patient), CONFLICT
        (`ClaimedError`: somebody else was first with this criterion), UNAVAILABLE.
        """
        await self._refresh()
        await self.admit(actor, operation, origin=origin)
        request = Request(actor, origin)
        try:
            job = Job(request, operation)
            # Making an edition takes its time: nobody else's write waits in one transaction with it.
            if operation.type not in VOCABULARY:
                return _accept(await self._commit.submit(job))
            written = _accept(await self._alone(job))
            self._consequences.committed([operation.type])
            return written
        except HubError as refusal:
            await self._journal.refused(request, operation, refusal)
            raise

    async def admit(self, actor: Actor, operation: Operation, *, origin: Origin = UNKNOWN_ORIGIN) -> None:
        """Raise what `write` would without looking at what is stored, so before anybody looks for it."""
        try:
            self._check(actor, operation)
        except HubError as refusal:
            await self._journal.refused(Request(actor, origin), operation, refusal)
            raise

    async def transaction(
        self, actor: Actor, operations: Sequence[Operation], *, origin: Origin = UNKNOWN_ORIGIN
    ) -> list[Written]:
        """All operations or none, one result each in their order. No resource may stand in it twice.

        Raises what `write` raises, of the first operation that fails; its `where` begins with that operation's.
        """
        await self._refresh()
        request = Request(actor, origin)
        try:
            for operation in operations:
                self._check(actor, operation)
            async with self._turns if len(operations) >= _LONG else nullcontext():
                written = await self._repeated([Job(request, operation) for operation in operations], request)
            self._consequences.committed(operation.type for operation in operations)
            return written
        except HubError as refusal:
            await self._journal.transaction_refused(request, operations, refusal)
            raise

    async def rehearse(self, actor: Actor, operation: Whole, *, origin: Origin = UNKNOWN_ORIGIN) -> None:
        """Raises what `write` would raise, and writes nothing but an audit entry of the rehearsal."""
        request = Request(actor, origin)
        try:
            self._check(actor, operation)
            await rehearse(self._database, self._store, self._rights, actor, operation)
        except HubError as refusal:
            await self._journal.rehearsed(request, operation, refusal)
            raise
        await self._journal.rehearsed(request, operation, None)

    async def close(self) -> None:
        """Take nothing more, and return when everything submitted has been answered."""
        await self._commit.close()

    def criterion(self, actor: Actor, rtype: str, text: str, after: Sequence[str] = ()) -> str:
        """The claim of a conditional create: hashed, since a criterion names a patient, and one for each legal entity,
        so that it says nothing about others. `after` are the ids that held it before and no longer match it. It gives
        no right: `write` refuses who may not create this type before it claims anything.
        """
        return str(hash128("\n".join([self._rights.entity(actor), rtype, text, *after])))

    def _check(self, actor: Actor, operation: Operation) -> None:
        """What can be refused without looking at what is stored."""
        if isinstance(operation, Delete):
            return
        if isinstance(operation, Patch):
            self._patches.check(actor, operation)
            return
        if isinstance(operation, Create):
            # Before its criterion is claimed: a claim of one who may not write would stay behind.
            self._rights.check(actor, operation.type, "c", operation.where)
        errors = [issue for issue in self._validate(operation.resource) if issue.severity in ("fatal", "error")]
        if errors:
            raise NonconformantError(errors, where=operation.where)
        if isinstance(operation, Create):
            refuse_about_nobody(actor, operation)

    async def _flush(self, jobs: list[Job]) -> list[Answer]:
        """Answer every job: together while no two concern one resource, one by one if that fails."""
        answers: dict[int, Answer] = {}
        waiting = list(enumerate(jobs))
        while waiting:
            wave = _distinct(waiting)
            answers.update(await self._together(wave))
            waiting = [item for item in waiting if item[0] not in answers]
        return [answers[index] for index in range(len(jobs))]

    async def _together(self, wave: Sequence[tuple[int, Job]]) -> dict[int, Answer]:
        indexes, jobs = [index for index, _ in wave], [job for _, job in wave]
        try:
            async with self._database.transaction() as tx:
                done = await self._apply(tx, jobs)
                await self._journal.done(tx, jobs, done)
            return dict(zip(indexes, done, strict=True))
        except HubError as error:
            # The database is away, and whether it kept the commit is unknown: nobody is tried again.
            if error.category is Category.UNAVAILABLE and error.code not in {*_PASSING, UNKNOWN_SET}:
                return dict.fromkeys(indexes, error)
        except Exception as error:
            if len(wave) == 1:
                return {indexes[0]: error}
        return {index: await self._alone(job) for index, job in wave}

    async def _alone(self, job: Job) -> Answer:
        try:
            return (await self._repeated([job]))[0]
        except Exception as error:
            return error

    async def _repeated(self, jobs: Sequence[Job], whole: Request | None = None) -> list[Written]:
        """All jobs or none in a transaction of their own, tried again when another one got in its way."""
        for _ in range(1, _TRIES):
            try:
                return await self._once(jobs, whole)
            except HubError as error:
                if error.code not in _PASSING:
                    raise
        return await self._once(jobs, whole)

    async def _once(self, jobs: Sequence[Job], whole: Request | None) -> list[Written]:
        async with self._database.transaction() as tx:
            written = [_accept(answer) for answer in await self._apply(tx, jobs, all_or_none=True)]
            await self._journal.done(tx, jobs, written, whole)
        return written

    async def _apply(self, tx: Tx, jobs: Sequence[Job], *, all_or_none: bool = False) -> list[Answer]:
        """Claim, load, patch, decide, save: one bulk step each. `all_or_none` raises the first refusal.

        So does a refusal of what has claimed its criterion: only a rollback frees that again.
        """
        refused = await about_persons(tx, [job.operation for job in jobs])
        answers = refused | await self._claims(tx, jobs, refused)
        unclaimed = frozenset(answers)
        current = await self._current(tx, [job.operation for job in jobs])
        settled = await self._patches.settle(tx, jobs, current, answers)
        answers |= settled.refused
        planned: dict[int, list[Write]] = {}
        for index, job in enumerate(jobs):
            if index not in answers:
                operation = settled.operations[index]
                try:
                    planned[index] = writes_of(job.request.actor, operation, current.get(_ref(operation)), self._rights)
                except HubError as error:
                    answers[index] = error
        said = await self._said(tx, jobs, planned, answers, whole=all_or_none)
        if answers and (all_or_none or _claimed_in_vain(jobs, answers.keys() - unclaimed)):
            raise answers[min(answers)]
        writes, spans = _laid_out(planned)
        writes = await labelled(tx, self._store, writes, self._labelling)
        saved = await self._store.save(tx, writes) if writes else []
        await self._consequences.follow(tx, writes, said, strict=True)
        done = {i: _written(i, settled, writes[span], saved[span], current) for i, span in spans.items()}
        return [done[i] if i in done else answers[i] for i in range(len(jobs))]

    async def _said(
        self, tx: Tx, jobs: Sequence[Job], planned: dict[int, list[Write]], answers: dict[int, HubError], *, whole: bool
    ) -> list[Statement]:
        """What the links of Patients say to the patient index. Jobs that may not say it become refusals.

        Writes of one `whole` transaction may name each other.
        """
        made = {write.id: write for several in planned.values() for write in several if write.type == "Patient"}
        said: list[Statement] = []
        for index in list(planned):
            found = [one for write in planned[index] for one in replacements(write)]
            actor = jobs[index].request.actor
            try:
                if found:
                    await refuse_others(tx, self._store, self._rights, actor, found, made if whole else {})
                said += [one.statement(actor.reference or actor.client) for one in found]
            except HubError as refusal:
                answers[index] = refusal
                del planned[index]
        return said

    async def _claims(self, tx: Tx, jobs: Sequence[Job], refused: Collection[int]) -> dict[int, HubError]:
        """Claim the criteria of what creates on condition, in one order everywhere so that no two wait for each other.

        Those `refused` already claim nothing.
        """
        lost: dict[int, HubError] = {}
        left = ((_claim(job.operation), index) for index, job in enumerate(jobs) if index not in refused)
        claims = sorted((claim, index) for claim, index in left if claim)
        for value, index in claims:
            operation = jobs[index].operation
            holder = await self._store.claim(tx, CLAIM, value, operation.type, operation.id)
            if holder is not None:
                lost[index] = ClaimedError(holder, operation.where)
        return lost

    async def _current(self, tx: Tx, operations: Sequence[Operation]) -> dict[Ref, Stored]:
        refs = sorted({_ref(operation) for operation in operations if not isinstance(operation, Create)})
        return await self._store.load(tx, refs, lock=True) if refs else {}


def _laid_out(planned: Mapping[int, Sequence[Write]]) -> tuple[list[Write], dict[int, slice]]:
    """All writes in order, and where those of each job are among them."""
    writes: list[Write] = []
    spans: dict[int, slice] = {}
    for index, several in planned.items():
        spans[index] = slice(len(writes), len(writes) + len(several))
        writes += several
    return writes, spans


def _ref(operation: Operation) -> Ref:
    return operation.type, operation.id


def _claim(operation: Operation) -> str:
    return "" if isinstance(operation, Delete | Patch) else operation.claim


def _claimed_in_vain(jobs: Sequence[Job], refused: Collection[int]) -> bool:
    return any(_claim(jobs[index].operation) for index in refused)


def _distinct(waiting: Sequence[tuple[int, Job]]) -> list[tuple[int, Job]]:
    """The first job of each resource and criterion, so that every job sees what the one before it left."""
    seen: set[object] = set()
    wave = []
    for index, job in waiting:
        keys = {_ref(job.operation), _claim(job.operation) or _ref(job.operation)}
        if seen.isdisjoint(keys):
            wave.append((index, job))
        seen |= keys
    return wave


def _written(
    index: int, settled: Settled, writes: Sequence[Write], saved: Sequence[Saved], known: Mapping[Ref, Stored]
) -> Written:
    """The last version made, or, where there was nothing left to do, the one that stands."""
    operation = settled.operations[index]
    if not saved:
        current = known.get(_ref(operation))
        if current is None:
            return _never_was(operation)
        return Written(
            type=current.type,
            id=current.id,
            version=current.version,
            updated=current.updated,
            result="unchanged",
            body=current.body,
            patient=current.patient,
        )
    last, write = saved[-1], writes[-1]
    return Written(
        type=last.type,
        id=last.id,
        version=last.version,
        updated=last.updated,
        result=last.outcome,
        body=settled.seen.get(index, last.body) if last.outcome == "unchanged" else _shown(index, settled, last.body),
        patient=write.patient,
        labels_kept=labels_kept(operation, write),
    )


def _never_was(operation: Operation) -> Written:
    """What comes of the deletion of what never was."""
    return Written(type=operation.type, id=operation.id, version=None, updated=None, result="unchanged", body=b"")


def _shown(index: int, settled: Settled, body: bytes) -> bytes:
    """What now stands, as far as its actor may see it."""
    shown = settled.shown.get(index)
    return body if shown is None else dumps({**shown, "meta": loads(body)["meta"]})


def _accept(answer: Answer) -> Written:
    if isinstance(answer, Exception):
        raise answer
    return answer
