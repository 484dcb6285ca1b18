"""The events of subscriptions in SQL: gathered, numbered, told, laid aside. No transaction control inside.

    waiting -> open (numbered, on its way) -> done
                                           -> dead (all tries failed) -> open, when it is sent again
    waiting -> gone, when its owner may not see it at the moment it would be told

Numbers of a subscription have no gaps: they are given under the lock of its row, to what is told, as it is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from hub.db.database import Tx, tell
from hub.events.kept import CHANNEL
from hub.gate.changes import Changed
from hub.gate.notices import Pointer
from hub.kernel.errors import Category, HubError

_COLUMNS: Final = ("subscription", "type", "rid", "version", "outcome", "happened")
_FIELDS: Final = "seq, number, type, rid, version, outcome, happened"

_WAITING: Final = f"""
SELECT {_FIELDS} FROM subscription_event
WHERE subscription = $1 AND state = 'waiting' AND seq > $2 ORDER BY seq LIMIT $3
"""
_OPEN: Final = f"""
SELECT {_FIELDS} FROM subscription_event WHERE subscription = $1 AND state = 'open' ORDER BY number LIMIT $2
"""
_WITH_EVENTS: Final = """
SELECT sid FROM unnest($1::text[]) AS g (sid)
WHERE EXISTS (SELECT FROM subscription_event e WHERE e.subscription = g.sid AND e.state IN ('waiting', 'open'))
"""
_NUMBERED: Final = f"""
SELECT {_FIELDS} FROM subscription_event
WHERE subscription = $1 AND number BETWEEN $2 AND $3 ORDER BY number LIMIT $4
"""
_COUNT: Final = "UPDATE subscription SET counter = counter + $2 WHERE id = $1 RETURNING counter"
_NUMBER: Final = """
UPDATE subscription_event e SET number = g.number, state = 'open'
FROM unnest($2::bigint[], $3::bigint[]) AS g (seq, number)
WHERE e.subscription = $1 AND e.seq = g.seq AND e.state = 'waiting'
"""
_DROP: Final = (
    "DELETE FROM subscription_event WHERE subscription = $1 AND seq = ANY($2::bigint[]) AND state = 'waiting'"
)
_SETTLE: Final = "UPDATE subscription_event SET state = $3 WHERE subscription = $1 AND number = ANY($2::bigint[])"
_RAISE_DEAD: Final = "UPDATE subscription_event SET state = 'open' WHERE subscription = $1 AND state = 'dead'"
_PRUNE: Final = "DELETE FROM subscription_event WHERE happened < $1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event of a subscription. `number` is None until it is told."""

    seq: int
    number: int | None
    type: str
    rid: str
    version: int
    outcome: str
    happened: datetime

    @property
    def pointer(self) -> Pointer:
        """The version it is about."""
        return self.type, self.rid, self.version


async def gather(tx: Tx, found: Iterable[tuple[str, Changed]]) -> int:
    """Keep events of subscriptions in their order, one COPY for all; how many there were."""
    records = [(sid, c.type, c.id, c.version, c.outcome, c.updated) for sid, c in found]
    if records:
        await tx.copy_records_to_table("subscription_event", records=records, columns=_COLUMNS)
        tell(tx, CHANNEL)
    return len(records)


async def waiting(tx: Tx, sid: str, after: int, limit: int) -> list[Event]:
    """The first events behind a place (`seq`) that have no number."""
    return [Event(**dict(row)) for row in await tx.fetch(_WAITING, sid, after, limit)]


async def opened(tx: Tx, sid: str, limit: int) -> list[Event]:
    """The first events that were told, or nearly so, and are not known to have arrived."""
    return [Event(**dict(row)) for row in await tx.fetch(_OPEN, sid, limit)]


async def numbered(tx: Tx, sid: str, first: int, last: int, limit: int) -> list[Event]:
    """Events by number, both ends included."""
    return [Event(**dict(row)) for row in await tx.fetch(_NUMBERED, sid, first, last, limit)]


async def with_events(tx: Tx, sids: Sequence[str]) -> list[str]:
    """Those of some subscriptions that have events to tell."""
    return [row[0] for row in await tx.fetch(_WITH_EVENTS, sids)]


async def number(tx: Tx, sid: str, events: Sequence[Event]) -> list[int]:
    """Give waiting events the next numbers. Raises HubError CONFLICT (code `race`) when somebody else did."""
    last = await tx.fetchval(_COUNT, sid, len(events))
    if last is None:
        raise _race()
    numbers = list(range(last - len(events) + 1, last + 1))
    done = str(await tx.execute(_NUMBER, sid, [event.seq for event in events], numbers))
    if done != f"UPDATE {len(events)}":
        raise _race()
    return numbers


async def drop(tx: Tx, sid: str, events: Sequence[Event]) -> None:
    """Let waiting events never have been."""
    if events:
        await tx.execute(_DROP, sid, [event.seq for event in events])


async def settle(tx: Tx, sid: str, numbers: Sequence[int], state: str) -> None:
    """Say what became of numbered events: done or dead."""
    if numbers:
        await tx.execute(_SETTLE, sid, list(numbers), state)


async def raise_dead(tx: Tx, sid: str) -> int:
    """Let those laid aside be sent again, before all others; how many."""
    return int(str(await tx.execute(_RAISE_DEAD, sid)).rpartition(" ")[2])


async def prune(tx: Tx, before: datetime) -> int:
    """Forget what happened before an instant, told or not; how many."""
    return int(str(await tx.execute(_PRUNE, before)).rpartition(" ")[2])


def _race() -> HubError:
    return HubError(Category.CONFLICT, "somebody else tells these events", where="subscription", code="race")
