"""The bindings of devices as one process holds them, and readings that waited for one put back into the queue.

A worker looks for changes before each batch. A reading it found bound to nobody is a dead letter; when a binding of its
device changes, every worker that sees the change puts such readings back. So none is forgotten: a worker that settled
one by bindings that were no longer the newest sees the change at its next look, and a worker that starts sees them all.
Where a binding was shortened, so are those that were attached by it in the meantime, or by a worker that had not seen
the change yet.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final

from asyncpg import Record

from hub.db.database import Database, Tx
from hub.kernel.devices import Binding
from hub.pipeline.entries import lane_of
from mappings.devices.clock import SLACK
from mappings.devices.translate import UNBOUND, WITHDRAWN

_CHANGED: Final = """
SELECT id, feed, device, patient, begins, ends, claimed, corrected_at, change FROM device_binding
WHERE feed = ANY($1::text[]) AND change > $2 ORDER BY change
"""
#: How long after a change something may come that is still settled without it.
_LATE: Final = timedelta(hours=1)
_WAITS: Final = f"""
(i.state = 'dead' AND i.reason ->> 'code' = '{UNBOUND}'
 OR i.state = 'warnings' AND i.reason -> 'issues' @> '[{{"code": "{WITHDRAWN}"}}]')
"""
# What may have been attached by a binding while it was longer than it should have been. A worker takes a batch for
# minutes at most by what it saw before it: `_LATE` is far more.
_CORRECT: Final = """
UPDATE inbox SET state = 'queued', reason = NULL, attempts = 0
WHERE state IN ('done', 'warnings') AND raw_key IS DISTINCT FROM '' AND id IN (
  SELECT id FROM inbox WHERE feed = $1 AND state IN ('done', 'warnings') AND lanes @> ARRAY[$2::bigint]
  AND received_at BETWEEN $3 AND $4 ORDER BY id FOR UPDATE SKIP LOCKED)
"""
# An end at once takes back what a worker settled that had not seen it. Another has done so within a day, if not itself.
_RECENT: Final = "SELECT received_at - interval '1 day' FROM inbox ORDER BY id DESC LIMIT 1"
# A reading is received after it was taken, except for clocks that are a little fast.
_RELEASE: Final = f"""
UPDATE inbox SET state = 'queued', reason = NULL, attempts = 0
WHERE state IN ('dead', 'warnings') AND raw_key IS DISTINCT FROM '' AND id IN (
  SELECT i.id FROM inbox i CROSS JOIN LATERAL unnest(i.lanes) AS its(lane)
  JOIN unnest($2::bigint[], $3::timestamptz[]) AS bound (lane, begins) ON bound.lane = its.lane
  WHERE i.feed = ANY($1::text[]) AND {_WAITS}
  AND i.received_at >= bound.begins ORDER BY i.id FOR UPDATE OF i SKIP LOCKED)
"""


class Wearing:
    """Implements `hub.kernel.devices.Wearers` for the devices of `feeds`. `releasing`: it belongs to a worker."""

    def __init__(self, database: Database, feeds: Collection[str], *, releasing: bool) -> None:
        self._database: Final = database
        self._feeds: Final = sorted(feeds)
        self._releasing: Final = releasing
        self._seen = 0
        self._held: Final[dict[tuple[str, str], dict[int, Binding]]] = defaultdict(dict)

    def of(self, feed: str, device: str) -> Sequence[Binding]:
        """All bindings of a device, as of the last refresh."""
        return tuple(self._held[feed, device].values()) if (feed, device) in self._held else ()

    async def refresh(self) -> None:
        """Take up what was bound and ended since the last time. Raises HubError UNAVAILABLE."""
        if not self._feeds:
            return
        async with self._database.transaction() as tx:
            changed = await tx.fetch(_CHANGED, self._feeds, self._seen)
            if self._releasing and changed:
                await _release(tx, self._feeds, changed)
        for row in changed:
            held = self._held[row["feed"], row["device"]]
            held.pop(row["id"], None)
            if row["patient"]:
                held[row["id"]] = Binding(
                    device=row["device"],
                    patient=row["patient"],
                    start=row["begins"],
                    end=row["ends"],
                    claimed=row["claimed"],
                )
            self._seen = row["change"]


async def _release(tx: Tx, feeds: Sequence[str], changed: Sequence[Record]) -> None:
    """Put back what waits for a device that changed, and what was attached by a binding that was put right."""
    begun: dict[int, datetime] = {}
    recent = await tx.fetchval(_RECENT)
    for row in changed:
        lane = lane_of(row["feed"], row["device"])
        begun[lane] = min(begun.get(lane, row["begins"]), row["begins"])
        corrected = row["corrected_at"]
        if corrected is not None and (row["ends"] < corrected or recent is None or corrected > recent):
            await tx.execute(_CORRECT, row["feed"], lane, row["ends"] - SLACK, corrected + _LATE)
    await tx.execute(_RELEASE, feeds, list(begun), [begins - SLACK for begins in begun.values()])
