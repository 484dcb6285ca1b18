"""What facilities say of their own numbers, kept as it was said (see tables.py), once for each message."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hub.db.database import Tx
from hub.fhir.json import dumps
from hub.kernel.types import IdentityEvent, Json
from hub.mpi.registration import Statement
from hub.records.chain import Effect

_EVENTS: Final = """
INSERT INTO identity_event (message, facility, kind, survivor, loser, detail, received_at)
SELECT $1, $2, kind, survivor, loser, detail::jsonb, $7
FROM unnest($3::text[], $4::text[], $5::text[], $6::text[]) AS new (kind, survivor, loser, detail)
ON CONFLICT DO NOTHING RETURNING kind, survivor, loser, detail ? 'effect' AS other
"""


async def record_events(tx: Tx, effects: Sequence[Effect]) -> list[Statement]:
    """Keep what facilities say of their numbers; returns what was not said before and is for the patient index."""
    statements: list[Statement] = []
    for effect in effects:
        incoming, events = effect.incoming, effect.incoming.translation.identity_events
        if events and effect.refusal is None:
            new = await tx.fetch(
                _EVENTS,
                incoming.message,
                incoming.facility,
                [event.kind for event in events],
                [event.survivor for event in events],
                [event.loser for event in events],
                [dumps(_detail(event)).decode() for event in events],
                incoming.received_at,
            )
            statements += [
                Statement(
                    kind=row["kind"],
                    survivor=row["survivor"],
                    loser=row["loser"],
                    facility=incoming.facility,
                    message=incoming.message,
                )
                for row in new
                if not row["other"]
            ]
    return statements


def _detail(event: IdentityEvent) -> Json:
    """What is kept of an event beside its columns; `effect` only of what is not for the patient index."""
    if event.is_about_people:
        return dict(event.detail)
    more = {"effect": event.effect, "type": event.type, "resources": " ".join(event.resources)}
    return {**event.detail, **more}
