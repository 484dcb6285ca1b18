"""Dead letters put right: repaired bytes beside the original, and replay under the message's own number."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from hub.db.database import Database, Tx, tell
from hub.fhir.json import dumps
from hub.kernel.clock import Clock
from hub.kernel.errors import Category, HubError
from hub.kernel.ports import EnvelopeReader
from hub.kernel.types import State
from hub.pipeline.bell import SILENT, Bell
from hub.pipeline.chosen import CONDITION, Filter
from hub.pipeline.deeds import Deed, Kind, Witness
from hub.pipeline.engineer import Engineer, needs_reason
from hub.pipeline.entries import lane_of
from hub.pipeline.inbox import CHANNEL
from hub.pipeline.messages import no_message
from hub.pipeline.reason import storable
from hub.pipeline.sealed import repaired as sealed_repair

#: States a message can be replayed from. A duplicate or a conflict has nothing to say that was not said.
REPLAYABLE: Final = (State.DEAD, State.DONE, State.WARNINGS, State.SUPERSEDED)

_REPAIR: Final = """
UPDATE inbox SET repaired = $2, repair = coalesce(repair, '[]'::jsonb) || $3::jsonb, lanes = $4, kind = $5,
  charset = $6, state = 'queued', reason = NULL, attempts = 0
WHERE id = $1 AND state = 'dead'
RETURNING id
"""

#: Arguments are those of CONDITION.
REQUEUE: Final = f"""
UPDATE inbox SET state = 'queued', reason = NULL, attempts = 0 WHERE {CONDITION} AND raw_key IS DISTINCT FROM ''
"""


class Repairs:
    """Repair and replay. `readers`: the envelope reader of each feed."""

    def __init__(
        self,
        database: Database,
        readers: Mapping[str, EnvelopeReader],
        witness: Witness,
        clock: Clock,
        bell: Bell = SILENT,
    ) -> None:
        self._database: Final = database
        self._readers: Final = readers
        self._witness: Final = witness
        self._clock: Final = clock
        self._bell: Final = bell

    async def repair(self, message: int, raw: bytes, engineer: Engineer, reason: str) -> None:
        """Let `raw` be processed in place of a dead letter's bytes, which are kept for ever, and queue it.

        Raises HubError NOT_FOUND, CONFLICT if it is no dead letter, INVALID without a reason, and whatever is wrong
        with the envelope of `raw`.
        """
        needs_reason(reason, "a repair")
        async with self._database.transaction() as tx:
            row = await tx.fetchrow("SELECT feed, facility FROM inbox WHERE id = $1", message)
            if row is None or not engineer.sees(row["facility"]):
                raise no_message(message)
            arguments = repaired(
                message, row["feed"], raw, note(raw, engineer, reason, self._clock()), self.reader(row["feed"])
            )
            if not await put(tx, arguments):
                raise HubError(
                    Category.CONFLICT, "is no dead letter", where=f"message {message}", todo="repair dead letters only"
                )
            deed = Deed(kind=Kind.REPAIR, engineer=engineer, reason=reason, message=message, **dict(row))
            await self._witness.append(tx, deed)
            tell(tx, CHANNEL)
        self._bell.ring(CHANNEL)

    async def replay(self, only: Filter, engineer: Engineer, reason: str = "") -> list[int]:
        """Queue messages again under their own numbers; returns these, in order.

        States that cannot be replayed are left alone, also when `only` names them.
        """
        states = tuple(state for state in only.states or REPLAYABLE if state in REPLAYABLE)
        if not states:
            return []
        chosen = replace(only, states=states)
        async with self._database.transaction() as tx:
            numbers = [row["id"] for row in await tx.fetch(f"{REQUEUE} RETURNING id", *chosen.of(engineer))]
            detail = {"filter": dumps(chosen.as_json()).decode(), "count": str(len(numbers))}
            await self._witness.append(tx, Deed(kind=Kind.REPLAY, engineer=engineer, reason=reason, detail=detail))
            tell(tx, CHANNEL)
        self._bell.ring(CHANNEL)
        return sorted(numbers)

    def reader(self, feed: str) -> EnvelopeReader:
        """The envelope reader of a feed. Raises HubError NOT_FOUND."""
        try:
            return self._readers[feed]
        except KeyError:
            raise HubError(
                Category.NOT_FOUND, "no feed has this name any more", where="feed", todo="put it back and try again"
            ) from None


async def put(tx: Tx, arguments: tuple[Any, ...]) -> bool:
    """Put repaired bytes in place and queue the message; whether it was a dead letter."""
    message, raw, *rest = arguments
    sealed = await sealed_repair(tx, message, raw)
    return sealed is not None and await tx.fetchval(_REPAIR, message, sealed, *rest) is not None


def repaired(message: int, feed: str, raw: bytes, noted: Mapping[str, str], reader: EnvelopeReader) -> tuple[Any, ...]:
    """The arguments of `put`. Raises what is wrong with the envelope of `raw`."""
    envelope = reader(raw)
    if envelope.problem is not None:
        raise envelope.problem
    lanes = sorted({lane_of(feed, value) for value in envelope.lanes})
    kind, charset = storable(envelope.kind), storable(envelope.charset)
    return message, raw, dumps([noted]).decode(), lanes, kind, charset


def note(raw: bytes, engineer: Engineer, reason: str, at: datetime) -> dict[str, str]:
    """What is kept of a repair beside the message."""
    digest = hashlib.sha256(raw).hexdigest()
    return {"by": storable(engineer.signature), "reason": storable(reason), "at": at.isoformat(), "sha256": digest}
