"""What every way through the gate shares: the means, admission by the token, the snapshot, page sizes, the refusal."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, TypeVar

from consent.decision import Reason
from hub.audit import queries
from hub.audit.balp import Observer
from hub.audit.trail import EPOCH_PASSED
from hub.auth.roles import VOCABULARY
from hub.auth.scopes import Letter
from hub.db.database import Database, Tx
from hub.fhir.custom import Custom
from hub.gate.cases import Cases, Rules, open_cases
from hub.gate.concerned import Concerned
from hub.gate.currents import Currents
from hub.gate.dossiers import Whom
from hub.gate.pace import Pace
from hub.gate.pages import Seal
from hub.gate.recorder import Asked, Recorder
from hub.gate.shared_pages import SharedPages
from hub.gate.unspoken import Unspoken
from hub.gate.visible import EVERY_FORM, IDENTIFIED_ALONE, admit
from hub.kernel.clock import Clock
from hub.kernel.errors import Category, HubError
from hub.mpi.index import PatientIndex
from hub.store.criteria import Query
from hub.store.store import Store

T = TypeVar("T")

#: How often a request is decided anew because consents changed before its audit row was durable.
_TIMES: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """The means of the gate. `secret` (32 bytes) is what projects are hidden by."""

    database: Database
    store: Store
    currents: Currents
    concerned: Concerned
    unspoken: Unspoken
    shared_pages: SharedPages
    rules: Rules
    seal: Seal
    secret: bytes
    recorder: Recorder
    pace: Pace
    clock: Clock
    page_size: int
    page_limit: int
    glass_limit: int
    base_url: str
    canonical_base: str
    index: PatientIndex
    observer: Observer

    async def admit(self, asked: Asked, letter: Letter, forms: frozenset[str] | None = None) -> None:
        """Raise HubError FORBIDDEN, recorded, when the token leaves this request out or broke the glass too often.

        The latter does not depend on what is asked for, so the refusal tells nothing about it. `forms` are those this
        way out can give. If it is one for resources as they stand, these are identified, but what codes mean is the
        same in every form.
        """
        forms = forms or (EVERY_FORM if asked.type in VOCABULARY else IDENTIFIED_ALONE)
        try:
            admit(asked.actor, asked.type or "*", letter, forms)
            if asked.actor.break_glass is not None:
                await self._refuse_too_many(asked)
        except HubError as refusal:
            await self.recorder.refused(asked, refusal.code)
            raise

    async def _refuse_too_many(self, asked: Asked) -> None:
        since = self.clock() - timedelta(hours=self.rules.configuration.break_glass_hours)
        async with self.database.connection() as tx:
            opened = await queries.opened(tx, asked.actor, Reason.BREAK_GLASS.value, since)
        if opened > self.glass_limit:
            self.recorder.alarm(asked, opened)
            raise HubError(
                Category.FORBIDDEN,
                "break-glass was used for too many patients",
                where="access token",
                todo="have it reviewed; it opens again as hours pass",
                code="break-glass-limit",
            )

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Tx]:
        """A connection that sees one state of the database: for what puts several looks together.

        Where one look at consents settles who may see what of whom before rows are read, none is needed: each row is
        checked as it was read, and the audit row stands only if the consents have not changed since that look.
        """
        async with self.database.connection() as tx, tx.transaction(isolation="repeatable_read", readonly=True):
            yield tx

    async def cases(self, tx: Tx, asked: Asked, whom: Whom | None = None) -> Cases:
        """The cases of a request that is decided now."""
        return await open_cases(tx, self.rules, asked.actor, self.clock(), whom, asked.type)

    async def settled(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """The answer of an attempt whose audit row stands in the epoch it was decided under.

        Raises HubError UNAVAILABLE when the consents changed each time before it was durable.
        """
        for _ in range(_TIMES):
            try:
                return await attempt()
            except HubError as refusal:
                if refusal.code != EPOCH_PASSED:
                    raise
        raise HubError(Category.UNAVAILABLE, "consents change too fast", where="gate", todo="try again")

    async def custom(self) -> Custom:
        """The installation's own search parameters, at most a second old."""
        return await self.store.registry.fresh(self.database)

    async def refuse_partial(self, queries: Iterable[Query]) -> None:
        """Raise HubError UNAVAILABLE while the index finds too little by a criterion, where nobody would be told."""
        custom = await self.custom()
        for name, percent in custom.finds_too_little(one for query in queries for one in query.asked):
            raise being_indexed(name, percent)

    def size(self, count: int | None) -> int:
        """Entries of a page when `count` are asked for."""
        return min(self.page_size if count is None else count, self.page_limit)


def being_indexed(name: str, percent: int) -> HubError:
    """What is told where finding too little would do harm."""
    return HubError(
        Category.UNAVAILABLE,
        f"is being indexed anew, {percent} percent so far",
        where=name,
        todo="try again when it is complete, or ask by another parameter",
        code="being-indexed",
    )


def not_found() -> HubError:
    """What is absent and what is denied are both told with this."""
    return HubError(Category.NOT_FOUND, "no such resource", where="URL")


def was_deleted() -> HubError:
    """What is told (410) of something that was deleted to who may know of it."""
    return HubError(Category.NOT_FOUND, "was deleted", where="URL", todo="its history tells when", code="deleted")
