"""What a worker does with local codes nobody could map: puts them down for the engineer, without slowing its batches.

A code this worker sees for the first time is written in the transaction of its message, so that none is lost. After
that its sightings are counted in memory and added once a minute: workers that see the same codes all day do not wait
for each other's rows. A worker that is killed takes up to a minute of counts with it, never a code.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from hub.db.database import Tx
from hub.kernel.clock import Clock
from hub.kernel.types import UnmappedCode
from hub.pipeline.reason import storable
from hub.pipeline.translate import Translated

#: How long counts of a code that is known already may wait.
_RESTS: Final = timedelta(minutes=1)
#: Most codes one feed may have in the table, and a worker in its memory: beyond, somebody sends texts as codes.
MOST: Final = 10_000

# Rows are touched in the order of their key, as the last thing of a transaction: workers cannot wait in a circle.
_WRITE: Final = f"""
INSERT INTO unmapped_code (feed, field, system, code, display, count, first_seen, last_seen, message)
SELECT feed, field, system, code, display, count, at, at, message
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[])
  AS seen (feed, field, system, code, display, count, message), (SELECT $8::timestamptz AS at) AS now
WHERE (SELECT count(*) FROM unmapped_code AS known WHERE known.feed = seen.feed) < {MOST}
  OR EXISTS (SELECT FROM unmapped_code AS known WHERE (known.feed, known.field, known.system, known.code)
    = (seen.feed, seen.field, seen.system, seen.code))
ORDER BY feed, field, system, code
ON CONFLICT (feed, field, system, code) DO UPDATE SET count = unmapped_code.count + excluded.count,
  last_seen = greatest(unmapped_code.last_seen, excluded.last_seen),
  display = coalesce(nullif(excluded.display, ''), unmapped_code.display)
"""


class Key(NamedTuple):
    """What a row of the table is known by."""

    feed: str
    field: str
    system: str
    code: str


class Sighting(Struct, frozen=True):
    """In how many messages a code was seen, its text, and the number of one of them."""

    display: str
    count: int
    message: int


class Sightings:
    """The codes one worker has seen. `note` goes with a transaction, `keep` follows its commit."""

    def __init__(self, clock: Clock) -> None:
        self._clock: Final = clock
        self._written: dict[Key, datetime] = {}
        self._waiting: dict[Key, Sighting] = {}
        self._noted: tuple[dict[Key, Sighting], dict[Key, Sighting], datetime] | None = None

    async def note(self, tx: Tx, translated: Iterable[Translated]) -> None:
        """Take the codes of a batch; write those that are new or have waited long enough. One statement, or none."""
        seen = dict(self._waiting)
        found = False
        for key, sighting in _sightings(translated):
            found = True
            before = seen.get(key)
            seen[key] = replace(before, count=before.count + 1) if before else sighting
        self._noted = None
        if not found:
            return
        now = self._clock()
        due = {key: one for key, one in seen.items() if self._is_due(key, now)}
        if due:
            await _write(tx, list(due.items()), now)
        self._noted = (due, {key: one for key, one in seen.items() if key not in due}, now)

    def keep(self) -> None:
        """The transaction is on disk: what it wrote waits no longer."""
        if self._noted is None:
            return
        due, waiting, now = self._noted
        self._noted = None
        if len(self._written) + len(due) > MOST:
            self._written.clear()
        self._waiting = waiting
        self._written.update(dict.fromkeys(due, now))

    def _is_due(self, key: Key, now: datetime) -> bool:
        written = self._written.get(key)
        return written is None or now - written >= _RESTS


def _sightings(translated: Iterable[Translated]) -> Iterable[tuple[Key, Sighting]]:
    for one in translated:
        for unmapped in one.translation.unmapped if one.translation is not None else ():
            yield _key(one.message.feed, unmapped), Sighting(storable(unmapped.display), 1, one.message.id)


def _key(feed: str, unmapped: UnmappedCode) -> Key:
    return Key(feed, unmapped.field, storable(unmapped.system), storable(unmapped.code))


async def _write(tx: Tx, due: Sequence[tuple[Key, Sighting]], now: datetime) -> None:
    keys = [key for key, _ in due]
    columns = [[key[i] for key in keys] for i in range(4)]
    displays, counts, messages = zip(*((s.display, s.count, s.message) for _, s in due), strict=True)
    await tx.execute(_WRITE, *columns, list(displays), list(counts), list(messages), now)
