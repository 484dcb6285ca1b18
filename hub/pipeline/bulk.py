"""Many messages repaired by one rule, or replayed, chunk by chunk: previewed, resumable, in order of arrival.

A chunk is one transaction: the messages it queues, how far it came, and its entry of the audit trail. Whatever stops
it, the next chunk begins where the last one that was committed ended. Nothing that came after the beginning is touched.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from asyncpg import Record

from hub.db.database import Database, Tx, tell
from hub.fhir.json import dumps, loads
from hub.kernel.clock import Clock
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import random_id
from hub.kernel.types import Json, State
from hub.pipeline.bell import SILENT, Bell
from hub.pipeline.chosen import CONDITION, Filter
from hub.pipeline.deeds import Deed, Kind, Witness
from hub.pipeline.engineer import Engineer, needs_reason
from hub.pipeline.inbox import CHANNEL
from hub.pipeline.repair import REPLAYABLE, REQUEUE, Repairs, note, put, repaired
from hub.pipeline.sealed import TO_PROCESS, opened_rows, raw_in
from hub.pipeline.trials import Attempt, Trials

#: Messages of one chunk.
CHUNK: Final = 100

_PAGE: Final = f"""
SELECT id, feed, facility, received_at, processed_at IS NOT NULL AS again, {TO_PROCESS}
FROM inbox WHERE {CONDITION} AND id > $10 AND id <= $11 ORDER BY id LIMIT $12
"""
_COUNT: Final = f"SELECT count(*), coalesce(max(id), 0) AS ceiling FROM inbox WHERE {CONDITION}"
_LEFT: Final = f"SELECT count(*) FROM inbox WHERE {CONDITION} AND id > $10 AND id <= $11"

_BEGIN: Final = """
INSERT INTO bulk_repair (id, engineer, reason, begun, chosen, steps, ceiling) VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
_JOB: Final = "SELECT * FROM bulk_repair WHERE id = $1"
_ADVANCE: Final = """
UPDATE bulk_repair SET position = $2, queued = queued + $3, unchanged = unchanged + $4, refused = refused + $5,
  ended = CASE WHEN $6 THEN $7::timestamptz END
WHERE id = $1 RETURNING *
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What is done with the messages of `only`: pre-processors on dead letters, or with none of them a replay."""

    only: Filter
    steps: tuple[Json, ...] = ()

    def chosen(self) -> Filter:
        """The messages it can be done with: with steps dead letters; a replay takes those too if no state is named."""
        if self.steps:
            return replace(self.only, states=(State.DEAD,))
        return replace(self.only, states=tuple(s for s in self.only.states or (State.DEAD,) if s in REPLAYABLE))


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a rule would do with the messages looked at so far: `states` they would reach, `codes` of those that stay
    dead. `unchanged`: the steps do not change them. `last`: the number to go on after; None at the end."""

    total: int
    looked: int
    unchanged: int
    states: Mapping[str, int]
    codes: Mapping[str, int]
    last: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a bulk repair is. `left`: messages that are still to be looked at."""

    id: str
    engineer: str
    reason: str
    only: Json
    steps: Sequence[Json]
    begun: datetime
    ended: datetime | None
    queued: int
    unchanged: int
    refused: int
    left: int


class BulkRepairs:
    """Previews and runs bulk repairs."""

    def __init__(
        self,
        database: Database,
        repairs: Repairs,
        trials: Trials,
        witness: Witness,
        clock: Clock,
        bell: Bell = SILENT,
    ) -> None:
        self._database: Final = database
        self._repairs: Final = repairs
        self._trials: Final = trials
        self._witness: Final = witness
        self._clock: Final = clock
        self._bell: Final = bell

    async def preview(
        self, rule: Rule, engineer: Engineer, *, after: int = 0, attempt: Attempt | None = None, most: int = CHUNK
    ) -> Preview:
        """What the rule would do with at most `most` messages from `after` on, each looked at by itself.

        `attempt` may bring another translator. Raises HubError INVALID for wrong steps.
        """
        chosen = rule.chosen().of(engineer)
        states: Counter[str] = Counter()
        codes: Counter[str] = Counter()
        unchanged = 0
        await self._trials.refresh()
        async with self._database.transaction() as tx:
            await tx.execute("SET TRANSACTION READ ONLY")
            total = int(await tx.fetchval(_COUNT, *chosen))
            rows = await opened_rows(tx, await tx.fetch(_PAGE, *chosen, after, 2**63 - 1, most))
            for row in rows:
                state, code = await self._look(tx, row, rule, attempt or Attempt())
                unchanged += not state
                states.update([state] if state else [])
                codes.update([code] if code else [])
        last = rows[-1]["id"] if len(rows) == most else None
        return Preview(
            total=total, looked=len(rows), unchanged=unchanged, states=dict(states), codes=dict(codes), last=last
        )

    async def _look(self, tx: Tx, row: Mapping[str, Any], rule: Rule, attempt: Attempt) -> tuple[str, str]:
        """State a message would reach, "" if the steps do not change it; code of what stands in its way."""
        try:
            raw = raw_in(row)
            if rule.steps and self._trials.mended(row["feed"], raw, rule.steps) == raw:
                return "", ""
            tried = await self._trials.tried(tx, row, replace(attempt, steps=rule.steps))
        except HubError as error:
            if error.category is Category.INVALID:
                raise
            return State.DEAD.value, error.code
        return tried.state.value, tried.why().code if tried.state is State.DEAD else ""

    async def begin(self, rule: Rule, engineer: Engineer, reason: str) -> Progress:
        """Put down a bulk repair, which nothing has been done of yet. Raises HubError INVALID without a reason."""
        needs_reason(reason, "a bulk repair")
        await self.preview(rule, engineer, most=1)  # wrong steps are found out before anything is put down
        chosen, number = rule.chosen(), random_id()
        async with self._database.transaction() as tx:
            total, ceiling = await tx.fetchrow(_COUNT, *chosen.of(engineer)) or (0, 0)
            only, steps = dumps(chosen.as_json()).decode(), dumps(list(rule.steps)).decode()
            await tx.execute(_BEGIN, number, engineer.signature, reason, self._clock(), only, steps, ceiling)
            detail = {"begin": number, "filter": only, "steps": steps, "count": str(total)}
            await self._witness.append(tx, Deed(kind=Kind.BULK, engineer=engineer, reason=reason, detail=detail))
            return await self._progress(tx, await self._job(tx, number, engineer), engineer)

    async def progress(self, number: str, engineer: Engineer) -> Progress:
        """How far it is. Raises HubError NOT_FOUND."""
        async with self._database.connection() as connection:
            return await self._progress(connection, await self._job(connection, number, engineer), engineer)

    async def advance(self, number: str, engineer: Engineer, *, most: int = CHUNK) -> Progress:
        """Do the next `most` messages. Raises HubError NOT_FOUND."""
        async with self._database.transaction() as tx:
            job = await self._job(tx, number, engineer, lock=True)
            chosen = Filter.from_json(loads(job["chosen"]))
            if job["ended"] is None:
                job = await self._chunk(tx, job, chosen, engineer, most)
            progress = await self._progress(tx, job, engineer)
            tell(tx, CHANNEL)
        self._bell.ring(CHANNEL)
        return progress

    async def _chunk(self, tx: Tx, job: Record, chosen: Filter, engineer: Engineer, most: int) -> Record:
        arguments = chosen.of(engineer)
        found = await tx.fetch(f"{_PAGE} FOR UPDATE", *arguments, job["position"], job["ceiling"], most)
        rows = await opened_rows(tx, found)
        steps = loads(job["steps"])
        done: Counter[str] = Counter()
        if steps:
            for row in rows:
                done[await self._mend(tx, row, steps, job, engineer)] += 1
        elif rows:
            numbers = tuple(row["id"] for row in rows)
            await tx.execute(REQUEUE, *replace(chosen, numbers=numbers).of(engineer))
            done["queued"] = len(numbers)
        detail = {"advance": job["id"], **{name: str(count) for name, count in done.items()}}
        if rows:
            detail |= {"first": str(rows[0]["id"]), "last": str(rows[-1]["id"])}
        await self._witness.append(tx, Deed(kind=Kind.BULK, engineer=engineer, reason=job["reason"], detail=detail))
        position = rows[-1]["id"] if rows else job["position"]
        counts = done["queued"], done["unchanged"], done["refused"]
        moved = await tx.fetchrow(_ADVANCE, job["id"], position, *counts, len(rows) < most, self._clock())
        return moved or job

    async def _mend(
        self, tx: Tx, row: Mapping[str, Any], steps: Sequence[Json], job: Record, engineer: Engineer
    ) -> str:
        try:
            raw = raw_in(row)
            mended = self._trials.mended(row["feed"], raw, steps)
            if mended == raw:
                return "unchanged"
            noted = {**note(mended, engineer, job["reason"], self._clock()), "bulk": job["id"]}
            arguments = repaired(row["id"], row["feed"], mended, noted, self._repairs.reader(row["feed"]))
        except HubError:
            return "refused"
        return "queued" if await put(tx, arguments) else "refused"

    async def _job(self, tx: Tx, number: str, engineer: Engineer, *, lock: bool = False) -> Record:
        """His own, or anybody's for who sees all: others would pass over messages they may not see."""
        row = await tx.fetchrow(_JOB + (" FOR UPDATE" if lock else ""), number)
        if row is None or (engineer.facilities is not None and row["engineer"] != engineer.signature):
            raise HubError(Category.NOT_FOUND, "no bulk repair has this id", where="id", code="no-bulk-repair")
        return row

    async def _progress(self, tx: Tx, job: Record, engineer: Engineer) -> Progress:
        chosen = Filter.from_json(loads(job["chosen"]))
        arguments: tuple[Any, ...] = chosen.of(engineer)
        left = 0 if job["ended"] else int(await tx.fetchval(_LEFT, *arguments, job["position"], job["ceiling"]))
        names = ("id", "engineer", "reason", "begun", "ended", "queued", "unchanged", "refused")
        return Progress(
            **{name: job[name] for name in names}, only=loads(job["chosen"]), steps=loads(job["steps"]), left=left
        )
