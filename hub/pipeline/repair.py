"""Dead letters put right: repaired bytes beside the original, and replay under the message's own number."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from hub.db.database import Database
from hub.fhir.json import dumps
from hub.kernel.clock import Clock
from hub.kernel.errors import Category, HubError
from hub.kernel.ports import EnvelopeReader
from hub.kernel.types import State
from hub.pipeline.bell import SILENT, Bell
from hub.pipeline.inbox import CHANNEL, lane_of
from hub.pipeline.messages import CONDITION, Filter, no_message
from hub.pipeline.reason import storable

#: States a message can be replayed from. A duplicate or a conflict has nothing to say that was not said.
REPLAYABLE: Final = (State.DEAD, State.DONE, State.WARNINGS, State.SUPERSEDED)

_REPAIR: Final = """
UPDATE inbox SET repaired = $2, repair = coalesce(repair, '[]'::jsonb) || $3::jsonb, lanes = $4, kind = $5,
  charset = $6, state = 'queued', reason = NULL, attempts = 0
WHERE id = $1 AND state = 'dead'
RETURNING id
"""


class Repairs:
    """Repair and replay. `readers`: the envelope reader of each feed."""

    def __init__(
        self, database: Database, readers: Mapping[str, EnvelopeReader], clock: Clock, bell: Bell = SILENT
    ) -> None:
        self._database: Final = database
        self._readers: Final = readers
        self._clock: Final = clock
        self._bell: Final = bell

    async def repair(self, message: int, raw: bytes, *, by: str, reason: str) -> None:
        """Let `raw` be processed in place of a dead letter's bytes, which are kept for ever, and queue it.

        Raises HubError NOT_FOUND, CONFLICT if it is no dead letter, INVALID without a reason, and whatever is wrong
        with the envelope of `raw`.
        """
        if not reason.strip():
            raise HubError(Category.INVALID, "a repair needs a reason", where="reason", todo="say why", code="reason")
        async with self._database.transaction() as tx:
            feed = await tx.fetchval("SELECT feed FROM inbox WHERE id = $1", message)
            if feed is None:
                raise no_message(message)
            envelope = self._reader(feed)(raw)
            if envelope.problem is not None:
                raise envelope.problem
            done = await tx.fetchval(
                _REPAIR,
                message,
                raw,
                dumps([self._note(raw, by, reason)]).decode(),
                sorted({lane_of(feed, value) for value in envelope.lanes}),
                storable(envelope.kind),
                storable(envelope.charset),
            )
            if done is None:
                raise HubError(
                    Category.CONFLICT, "is no dead letter", where=f"message {message}", todo="repair dead letters only"
                )
            await tx.execute(f"NOTIFY {CHANNEL}")
        self._bell.ring(CHANNEL)

    async def replay(self, only: Filter) -> list[int]:
        """Queue messages again under their own numbers; returns these, in order.

        States that cannot be replayed are left alone, also when `only` names them.
        """
        states = tuple(state for state in only.states or REPLAYABLE if state in REPLAYABLE)
        if not states:
            return []
        chosen = replace(only, states=states)
        sql = f"UPDATE inbox SET state = 'queued', reason = NULL, attempts = 0 WHERE {CONDITION} RETURNING id"
        async with self._database.transaction() as tx:
            numbers = [row["id"] for row in await tx.fetch(sql, *chosen.arguments())]
            await tx.execute(f"NOTIFY {CHANNEL}")
        self._bell.ring(CHANNEL)
        return sorted(numbers)

    def _reader(self, feed: str) -> EnvelopeReader:
        try:
            return self._readers[feed]
        except KeyError:
            raise HubError(
                Category.NOT_FOUND, "no feed has this name any more", where="feed", todo="put it back and try again"
            ) from None

    def _note(self, raw: bytes, by: str, reason: str) -> dict[str, str]:
        digest = hashlib.sha256(raw).hexdigest()
        return {"by": storable(by), "reason": storable(reason), "at": self._clock().isoformat(), "sha256": digest}
