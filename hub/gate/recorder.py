"""From what was asked and what becomes of it to the audit entry: written before anything is answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Final
from uuid import UUID

from msgspec import Struct

from hub.audit.entry import UNKNOWN_ORIGIN, Entry, Interaction, Origin, Outcome, requester_of
from hub.audit.trail import Trail
from hub.auth.actor import Actor
from hub.kernel.clock import Clock
from hub.kernel.log import Log
from hub.store.values import Stored


class Asked(Struct, frozen=True, kw_only=True):
    """One request as it reached the gate."""

    actor: Actor
    interaction: Interaction
    origin: Origin = UNKNOWN_ORIGIN
    type: str | None = None
    id: str | None = None
    version: int | None = None
    query: str | None = None


class Basis(Struct, frozen=True, kw_only=True):
    """On what something was decided: fields as in `hub.audit.entry.Entry`."""

    grounds: frozenset[str] = frozenset()
    obligations: frozenset[str] = frozenset()
    consents: frozenset[str] = frozenset()
    epoch: int | None = None


#: Nothing that is known of a person played a part.
WITHOUT_PERSON: Final = Basis()


class Recorder:
    """Records outcomes; each method returns once its entry is durable, or raises HubError UNAVAILABLE."""

    def __init__(self, trail: Trail, clock: Clock, log: Log, entry_ids: Callable[[], UUID]) -> None:
        self._trail: Final = trail
        self._clock: Final = clock
        self._log: Final = log
        self._entry_ids: Final = entry_ids

    async def released(self, asked: Asked, versions: Sequence[Stored], basis: Basis) -> None:
        """These versions are about to leave. Raises HubError CONFLICT when the consents have changed meanwhile."""
        patients = tuple(dict.fromkeys(v.patient for v in versions if v.patient is not None))
        types = dict(Counter(v.type for v in versions))
        await self._trail.record(self._entry(asked, Outcome.RELEASED, basis=basis, patients=patients, types=types))

    async def released_in_bulk(
        self, asked: Asked, patients: tuple[str, ...], types: Mapping[str, int], basis: Basis = WITHOUT_PERSON
    ) -> None:
        """Like `released`, for what is too much to hold: the patients it is about, and how many there are of a type."""
        entry = self._entry(asked, Outcome.RELEASED, basis=basis, patients=patients, types=dict(types))
        await self._trail.record(entry)

    async def absent(self, asked: Asked, basis: Basis = WITHOUT_PERSON) -> None:
        """There is nothing under this address. With the epoch, recording it takes as long as recording a refusal."""
        await self._trail.record(self._entry(asked, Outcome.ABSENT, basis=basis))

    async def refused(
        self, asked: Asked, reason: str, basis: Basis = WITHOUT_PERSON, patients: Sequence[str] = ()
    ) -> None:
        """The decision denied it. `patients` are named where a break-glass was refused."""
        entry = self._entry(asked, Outcome.REFUSED, reason, basis=basis, patients=tuple(patients))
        await self._trail.record(entry)

    def alarm(self, asked: Asked, count: int) -> None:
        """Somebody broke the glass of so many patients that no more are opened."""
        self._log.event(
            "break-glass-limit",
            level="ERROR",
            role=asked.actor.role,
            organization=asked.actor.organization,
            count=count,
        )

    async def incident(self, asked: Asked, reason: str, count: int) -> None:
        """The check at release denied `count` resources that the predicate had let through: a defect of the hub."""
        self._log.event(
            "release-check-failed",
            level="ERROR",
            role=asked.actor.role,
            organization=asked.actor.organization,
            resource_type=asked.type,
            code=reason,
            count=count,
        )
        await self._trail.record(self._entry(asked, Outcome.INCIDENT, reason))

    def _entry(
        self,
        asked: Asked,
        outcome: Outcome,
        reason: str | None = None,
        *,
        basis: Basis = WITHOUT_PERSON,
        patients: tuple[str, ...] = (),
        types: dict[str, int] | None = None,
    ) -> Entry:
        return Entry(
            id=self._entry_ids(),
            time=self._clock(),
            requester=requester_of(asked.actor),
            interaction=asked.interaction,
            outcome=outcome,
            origin=asked.origin,
            resource_type=asked.type,
            resource_id=asked.id,
            version=asked.version,
            query=asked.query,
            reason=reason,
            grounds=tuple(sorted(basis.grounds)),
            obligations=tuple(sorted(basis.obligations)),
            consents=tuple(sorted(basis.consents)),
            epoch=basis.epoch,
            patients=patients,
            types=types or {},
        )
