"""What the doors for consents, proxies and approvals have in common: the epoch, the trail, one transaction."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar
from urllib.parse import quote
from uuid import UUID

from hub.audit.entry import Entry, Interaction, Origin, Outcome, requester_of
from hub.audit.trail import Trail
from hub.auth.actor import Actor
from hub.auth.consent_rules import raise_epoch
from hub.db.database import Database, Tx
from hub.kernel.clock import Clock
from hub.kernel.errors import Category, HubError

T = TypeVar("T")

#: Failures of the hub or its database, which refuse nothing to anybody.
_NO_REFUSALS: Final = frozenset({Category.UNAVAILABLE, Category.FAULT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request: what somebody wants to do with which resource."""

    actor: Actor
    origin: Origin
    interaction: Interaction
    type: str
    id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What the trail keeps of what was done: `patients` are source patients, `grounds` why it was allowed."""

    grounds: str
    id: str | None = None
    version: int | None = None
    patients: tuple[str, ...] = ()
    count: int = 1


def asked_of(actor: Actor, origin: Origin, interaction: Interaction, rtype: str, rid: str | None = None) -> Asked:
    """A request; the id as it may stand in the trail, since it may come from a URL."""
    told = None if rid is None else quote(rid[:64], safe="", errors="replace")
    return Asked(actor=actor, origin=origin, interaction=interaction, type=rtype, id=told)


class Ledger:
    """Runs work in a transaction whose audit entry, and whose epoch where it changes rights, is durable with it."""

    def __init__(self, database: Database, trail: Trail, clock: Clock, entry_ids: Callable[[], UUID]) -> None:
        self._database: Final = database
        self._trail: Final = trail
        self._clock: Final = clock
        self._entry_ids: Final = entry_ids

    async def change(self, asked: Asked, work: Callable[[Tx, datetime], Awaitable[tuple[T, Done]]]) -> T:
        """Do `work`. Changes of rights wait for one another, so the instant it is given orders them.

        A refusal is recorded before it is raised again.
        """

        async def raising(tx: Tx) -> tuple[T, Done]:
            await raise_epoch(tx)
            return await work(tx, self._clock())

        return await self._run(asked, raising)

    async def look(self, asked: Asked, work: Callable[[Tx, datetime], Awaitable[tuple[T, Done]]]) -> T:
        """Do `work`, which changes nothing; what it gives leaves only when the entry is durable."""
        return await self._run(asked, lambda tx: work(tx, self._clock()))

    async def file(self, asked: Asked, work: Callable[[Tx, datetime], Awaitable[tuple[T, Done]]]) -> T:
        """Do `work`, which writes something down that changes nobody's rights."""
        return await self._run(asked, lambda tx: work(tx, self._clock()))

    async def _run(self, asked: Asked, work: Callable[[Tx], Awaitable[tuple[T, Done]]]) -> T:
        try:
            async with self._database.transaction() as tx:
                result, done = await work(tx)
                await self._trail.append(tx, [self._done(asked, done)])
        except HubError as refusal:
            if refusal.category not in _NO_REFUSALS:
                await self._trail.record(self._refused(asked, refusal))
            raise
        return result

    def _done(self, asked: Asked, done: Done) -> Entry:
        return Entry(
            id=self._entry_ids(),
            time=self._clock(),
            requester=requester_of(asked.actor),
            interaction=asked.interaction,
            outcome=Outcome.RELEASED,
            origin=asked.origin,
            resource_type=asked.type,
            resource_id=done.id or asked.id,
            version=done.version,
            grounds=(done.grounds,),
            patients=done.patients,
            types={asked.type: done.count},
        )

    def _refused(self, asked: Asked, refusal: HubError) -> Entry:
        return Entry(
            id=self._entry_ids(),
            time=self._clock(),
            requester=requester_of(asked.actor),
            interaction=asked.interaction,
            outcome=Outcome.ABSENT if refusal.category is Category.NOT_FOUND else Outcome.REFUSED,
            origin=asked.origin,
            resource_type=asked.type,
            resource_id=asked.id,
            reason=refusal.code,
        )
