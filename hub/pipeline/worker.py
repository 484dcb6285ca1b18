"""The worker: claims a batch, translates it, writes it and settles its messages, all in one transaction.

There are no leases: while a batch is worked on, its messages are queued and locked; whatever ends the worker or the
database, they are queued again and nothing of them is in the record.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from hub.db.database import Database, Tx
from hub.kernel.clock import Clock
from hub.kernel.errors import Category, HubError
from hub.kernel.log import Log
from hub.kernel.ports import Refresh, Translator, nothing_changes
from hub.kernel.types import Edition, State, Translation
from hub.pipeline.bell import SILENT, Bell
from hub.pipeline.claim import Share
from hub.pipeline.conversions import Changed, unchanged
from hub.pipeline.counting import Counting
from hub.pipeline.inbox import CHANNEL
from hub.pipeline.queue import SETTLED, Message, Settled, count_attempt, forgive_attempt, settle, take
from hub.pipeline.reason import Reason, fault, refused
from hub.pipeline.sealed import handed_over
from hub.pipeline.sightings import Sightings
from hub.pipeline.translate import Translated, pack, translate
from hub.pipeline.wakeup import Wakeup
from hub.records.heads import Incoming
from hub.records.ingest import Ingest, Ingested
from hub.sealing.keyring import keyring_of

#: Seconds after which an idle worker looks into the queue without having been told.
_IDLE_SECONDS: Final = 1.0
#: Seconds to wait after the database failed: doubled with each failure up to the last.
_BACK_OFF: Final = (0.05, 5.0)
#: Each of so many batches takes what has waited longest, of whatever share.
_OLDEST: Final = 8
#: Bytes of messages that may take a while to translate and merge, without a word to the database.
_LONG: Final = 1024 * 1024
#: It would give up on a transaction that rests as if its worker were stuck.
_TAKE_TIME: Final = "SET LOCAL idle_in_transaction_session_timeout = 0"
#: A statement that took too long may be the message's fault: these are tried one by one.
_SUSPECT: Final = frozenset({"database-timeout"})


async def run_worker(
    database: Database,
    ingest: Ingest,
    translators: Mapping[str, Translator],
    log: Log,
    clock: Clock,
    *,
    batch_size: int,
    stop: asyncio.Event,
    careful: bool = False,
    max_attempts: int,
    bell: Bell = SILENT,
    editions: Mapping[str, Edition] | None = None,
    refresh: Refresh = nothing_changes,
    changed: Changed = unchanged,
    share: Share | None = None,
) -> None:
    """Work until `stop` is set, then finish the batch in hand.

    `careful`: the worker before this one died, so messages are first taken one by one with their attempts counted;
    one that was tried more than `max_attempts` times becomes a dead letter. `editions`: what the translators are, by
    feed; the reports of feeds without one are not counted. `changed` is asked before each batch for others; `refresh`
    takes up what translators ask. `share`: the lanes it takes first.
    """
    worker = Worker(
        database,
        ingest,
        translators,
        log,
        clock,
        batch_size=batch_size,
        max_attempts=max_attempts,
        bell=bell,
        editions=editions or {},
        refresh=refresh,
        changed=changed,
        share=share,
    )
    wakeup = Wakeup(database, CHANNEL, bell)
    waiting = asyncio.create_task(_ring_when(stop, wakeup))
    if careful:
        worker.be_careful()
    try:
        while not stop.is_set():
            if not await worker.turn():
                await wakeup.wait(worker.pause)
    finally:
        waiting.cancel()
        await wakeup.close()


async def _ring_when(stop: asyncio.Event, wakeup: Wakeup) -> None:
    await stop.wait()
    wakeup.ring()


class Worker:
    """One worker's state between turns: how carefully it goes, and how long it waits when there is nothing to do."""

    def __init__(
        self,
        database: Database,
        ingest: Ingest,
        translators: Mapping[str, Translator],
        log: Log,
        clock: Clock,
        *,
        batch_size: int,
        max_attempts: int,
        bell: Bell = SILENT,
        editions: Mapping[str, Edition] | None = None,
        refresh: Refresh = nothing_changes,
        changed: Changed = unchanged,
        share: Share | None = None,
    ) -> None:
        self._share: Final = share
        self._batches = 0
        self._refresh: Final = refresh
        self._database: Final = database
        self._ingest: Final = ingest
        self._translators = translators
        self._changed: Final = changed
        self._log: Final = log
        self._clock: Final = clock
        self._batch_size: Final = batch_size
        self._max_attempts: Final = max_attempts
        self._bell: Final = bell
        self._counting: Final = Counting(database, editions or {}, clock)
        self._sightings: Final = Sightings(clock)
        self._careful = 0
        self._failures = 0
        self._innocent: int | None = None  # its last attempt failed through no fault of its own

    @property
    def pause(self) -> float:
        """Seconds to wait before the next turn if nothing is heard."""
        if not self._failures:
            return _IDLE_SECONDS
        first, last = _BACK_OFF
        return min(first * 2.0**self._failures, last)

    def be_careful(self) -> None:
        """Take as many messages as a batch has one by one."""
        self._careful = self._batch_size

    async def turn(self) -> int:
        """Process a batch, or one message when careful; returns how many messages were settled. Never raises HubError.

        0 with failures behind it means that the database is away or others were faster: wait `pause` and try again.
        """
        try:
            self._renew()
            await self._refresh()
            await self._counting.begin()
            done = await (self._one() if self._careful else self._batch())
        except HubError as error:
            if error.category is not Category.UNAVAILABLE:
                return self._doubt(error)
            self._failures += 1
            self._log.event("batch_put_off", level="WARNING", category=error.category, code=error.code)
            if error.code in _SUSPECT:
                self.be_careful()
            return 0
        except Exception as error:
            return self._doubt(error)
        self._failures = 0
        if done:
            self._database.notify(SETTLED)
            self._bell.ring(SETTLED)
            await self._add_up()
        return done

    def _renew(self) -> None:
        """Between batches: take over what changed."""
        found = self._changed()
        if found is not None:
            self._translators = found.translators
            self._counting.renew(found.editions)

    async def _add_up(self) -> None:
        try:
            await self._counting.add_up()
        except Exception as error:  # counters can wait; messages shall not
            self._log.failure("counters_put_off", error)

    def _doubt(self, error: Exception) -> int:
        """Some message of the batch cannot be written: find it by taking them one by one."""
        self._log.failure("batch_failed", error)
        self.be_careful()
        return 1

    async def _batch(self) -> int:
        async with self._database.transaction() as tx:
            messages = await take(tx, self._batch_size, self._preferred())
            if messages:
                await self._process(tx, messages)
        self._sightings.keep()
        return len(messages)

    def _preferred(self) -> Share | None:
        """Its own share; now and then what has waited longest, so that nothing waits for a worker that is busy."""
        self._batches += 1
        return self._share if self._batches % _OLDEST else None

    async def _one(self) -> int:
        """One message, its attempt counted in a transaction of its own before it can do any harm."""
        async with self._database.transaction() as tx:
            if self._innocent is not None:
                await forgive_attempt(tx, self._innocent)
            found = await take(tx, 1)
            worn_out = bool(found) and await count_attempt(tx, found[0].id) > self._max_attempts
            if worn_out:
                await self._settle(tx, [Translated(found[0], refusal=_deadly())])
        self._innocent = None
        self._careful = self._careful - 1 if found else 0
        if found and not worn_out:
            await self._alone(found[0])
        return len(found)

    async def _alone(self, message: Message) -> None:
        try:
            async with self._database.transaction() as tx:
                # Another worker may have been faster; then there is nothing to do.
                if [found.id for found in await take(tx, 1)] == [message.id]:
                    await self._process(tx, [message])
            self._sightings.keep()
        except Exception as error:
            if isinstance(error, HubError) and error.category is Category.UNAVAILABLE:
                self._innocent = None if error.code in _SUSPECT else message.id
                raise
            self._log.failure("message_failed", error, message=message.id)
            refusal = error if isinstance(error, HubError) else fault(error)
            async with self._database.transaction() as tx:
                await self._settle(tx, [Translated(message, refusal=refusal)])

    async def _process(self, tx: Tx, messages: Sequence[Message]) -> None:
        if sum(len(message.raw) for message in messages) > _LONG:
            await tx.execute(_TAKE_TIME)
        translated = [translate(message, self._translators) for message in messages]
        said = [(t.message, t.translation) for t in translated if t.translation is not None and t.refusal is None]
        incoming = [_incoming(message, translation) for message, translation in said]
        ingested = await self._ingest.ingest(tx, incoming) if incoming else []
        await self._settle(tx, translated, {i.message: i for i in ingested})
        await self._sightings.note(tx, translated)

    async def _settle(
        self, tx: Tx, translated: Sequence[Translated], ingested: Mapping[int, Ingested] | None = None
    ) -> None:
        anew, keys = await handed_over(tx, dict(filter(None, map(_owned, translated))))
        settled = [
            replace(
                _settled(t, (ingested or {}).get(t.message.id), self._counting.edition(t)),
                raw_key=anew.get(t.message.id),
            )
            for t in translated
        ]
        await self._counting.count(tx, translated, await settle(tx, settled, self._clock()))
        await keyring_of(tx).confirm(tx, keys)
        for t, s in zip(translated, settled, strict=True):
            if s.state is State.DEAD and s.reason is not None:
                self._log.event(
                    "message_dead",
                    level="WARNING",
                    message=s.message,
                    feed=t.message.feed,
                    category=s.reason.category,
                    code=s.reason.code,
                )


def _incoming(message: Message, translation: Translation) -> Incoming:
    return Incoming(
        message=message.id,
        feed=message.feed,
        facility=message.facility,
        translation=translation,
        received_at=message.received_at,
        again=message.again,
    )


def _owned(translated: Translated) -> tuple[int, tuple[bytes, str]] | None:
    """The wrapped key of a sealed message with the source patient it is about, the first if there are several."""
    drafts = () if translated.translation is None else translated.translation.drafts
    patient = next((draft.patient for draft in drafts if draft.patient is not None), None)
    wrapped = translated.message.raw_key
    return (translated.message.id, (wrapped, patient)) if wrapped and patient is not None else None


def _settled(translated: Translated, ingested: Ingested | None, edition: int | None) -> Settled:
    number, translation = translated.message.id, translated.translation
    issues = () if translation is None else translation.issues
    report = None if translation is None else pack(translation.report)
    refusal = translated.refusal or (ingested.refusal if ingested is not None else None)
    if refusal is not None or ingested is None:
        reason = None if refusal is None else refused(refusal, issues)
        return Settled(number, State.DEAD, reason, report, edition)
    reason = Reason(issues=issues) if issues else None
    return Settled(number, ingested.outcome, reason, report, edition)


def _deadly() -> HubError:
    return HubError(
        Category.FAULT,
        "workers stopped while they processed this message",
        where="worker",
        todo="report this defect with the message number; replay the message once it is mended",
        code="worker-killed",
    )
