"""What all work on the review of pairs has in common: stewards only, one transaction, its entry in the audit trail."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar
from uuid import UUID, uuid4

from hub.audit.deeds import Scribe
from hub.audit.entry import UNKNOWN_ORIGIN, Entry, Origin, Outcome, Requester, requester_of
from hub.audit.trail import Trail
from hub.auth.actor import Actor
from hub.auth.scopes import Letter, allows
from hub.db.database import Database, Tx
from hub.kernel.clock import Clock
from hub.kernel.errors import Category, HubError

T = TypeVar("T")

STEWARD: Final = "mpi-steward"
#: How often work is begun anew because another transaction changed the same persons.
_TIMES: Final = 3
#: Failures of the hub or its database, which refuse nothing to anybody.
_NO_REFUSALS: Final = frozenset({Category.UNAVAILABLE, Category.FAULT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewer:
    """Who works on pairs: as the trail names them, from where, and with which scopes (none: all)."""

    requester: Requester
    origin: Origin = UNKNOWN_ORIGIN
    scopes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The account: the person the token names, else its client. Whom nobody names cannot be two persons."""
        return self.requester.reference or self.requester.client


def reviewer_of(actor: Actor, origin: Origin) -> Reviewer:
    """The reviewer a verified token makes."""
    return Reviewer(requester=requester_of(actor), origin=origin, scopes=actor.scopes)


def account(name: str) -> Reviewer:
    """The reviewer an account of the machine is, from the command line."""
    requester = Requester(
        role=STEWARD, organization="", client=name, token_id="", purpose=("RECORDMGT",), form="identified"
    )
    return Reviewer(requester=requester)


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What the trail keeps of work: source patients it was about, and what else is to be told (decision, reason)."""

    patients: tuple[str, ...] = ()
    told: tuple[tuple[str, str], ...] = ()


Work = Callable[[Tx, datetime], Awaitable[tuple[T, Done]]]


class ReviewLedger:
    """Runs the work of stewards; refusals are recorded before they are raised again."""

    def __init__(self, database: Database, trail: Trail, clock: Clock, entry_ids: Callable[[], UUID] = uuid4) -> None:
        self._database: Final = database
        self._trail: Final = trail
        self._clock: Final = clock
        self._scribe: Final = Scribe(clock, entry_ids)

    async def run(self, by: Reviewer, name: str, letter: Letter, work: Work[T]) -> T:
        """Do `work`, called `name` in the trail, whose entry is durable with it.

        Raises HubError FORBIDDEN for every role but the steward's, and for a token whose scopes leave Patients out.
        """
        try:
            _admit(by, letter)
            return await self._settled(by, name, work)
        except HubError as refusal:
            if refusal.category not in _NO_REFUSALS:
                await self._trail.record(self._refused(by, name, refusal))
            raise

    async def _settled(self, by: Reviewer, name: str, work: Work[T]) -> T:
        for attempt in range(_TIMES):
            try:
                async with self._database.transaction() as tx:
                    result, done = await work(tx, self._clock())
                    await self._trail.append(tx, [self._entry(by, name, done)])
                return result
            except HubError as refusal:
                if refusal.code != "race" or attempt == _TIMES - 1:
                    raise
        raise AssertionError

    def _entry(self, by: Reviewer, name: str, done: Done) -> Entry:
        patients = tuple(sorted(done.patients))
        return self._scribe.deed(by.requester, {"mpi": name, **dict(done.told)}, patients=patients, origin=by.origin)

    def _refused(self, by: Reviewer, name: str, refusal: HubError) -> Entry:
        outcome = Outcome.ABSENT if refusal.category is Category.NOT_FOUND else Outcome.REFUSED
        said = {"mpi": name}
        return self._scribe.deed(by.requester, said, origin=by.origin, reason=refusal.code, outcome=outcome)


def _admit(by: Reviewer, letter: Letter) -> None:
    if by.requester.role != STEWARD:
        raise HubError(Category.FORBIDDEN, "this role does not review pairs", where="role", code="role")
    if not allows(by.scopes, "Patient", letter):
        raise HubError(Category.FORBIDDEN, "no scope of the token allows it", where="access token", code="scope")
