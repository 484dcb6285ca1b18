"""Writing sources with their keys, counts and persons: a few statements however many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from hub.db.database import Tx
from hub.mpi.features import Features
from hub.mpi.hashes import counted, hash64
from hub.mpi.index_read import Known, race
from hub.mpi.packed import pack
from hub.mpi.people import People

_ADD: Final = """
INSERT INTO mpi_source (pkey, patient, facility, person, digest, features, since)
SELECT *, $7 FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::bytea[])
ON CONFLICT (pkey) DO NOTHING RETURNING pkey, number
"""

_RENEW: Final = """
UPDATE mpi_source SET digest = new.digest, features = new.features
FROM unnest($1::uuid[], $2::uuid[], $3::bytea[]) AS new (pkey, digest, features)
WHERE mpi_source.pkey = new.pkey
"""

_KEYS: Final = """
INSERT INTO mpi_key (key, source) SELECT * FROM unnest($1::bigint[], $2::bigint[]) ON CONFLICT DO NOTHING
"""

_NO_KEYS: Final = """
DELETE FROM mpi_key USING unnest($1::bigint[], $2::bigint[]) AS old (key, source)
WHERE mpi_key.key = old.key AND mpi_key.source = old.source
"""

# Sorted, so that no two transactions wait for each other: common names are everybody's.
_COUNT: Final = """
INSERT INTO mpi_count (key, seen) SELECT * FROM unnest($1::bigint[], $2::int[]) AS new (key, seen) ORDER BY key
ON CONFLICT (key) DO UPDATE SET seen = mpi_count.seen + excluded.seen
"""

# What the gate decided of a person holds for one epoch of the consents (tables of hub.auth), so the epoch passes with
# the person: always ($4) where a source leaves one; where a new one joins if anything is laid down of who is met ($5).
_MEMBERS: Final = """
WITH passed AS (
    INSERT INTO epoch ("only", number) SELECT 1, 1 WHERE $4
        OR EXISTS (SELECT FROM consent_rule WHERE pkey = ANY($5::uuid[]))
        OR EXISTS (SELECT FROM proxy_entry WHERE pkey = ANY($5))
    ON CONFLICT ("only") DO UPDATE SET number = epoch.number + 1
)
INSERT INTO member (pkey, person, patient) SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[])
ON CONFLICT (pkey) DO UPDATE SET person = excluded.person
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A source to add, or to renew where `was` says what is known of it."""

    pkey: UUID
    patient: str
    facility: str
    own: str
    digest: UUID
    side: Features
    keys: frozenset[int]
    was: Known | None = None
    old_side: Features | None = None
    old_keys: frozenset[int] = frozenset()


async def put(tx: Tx, entries: Sequence[Entry], at: datetime) -> dict[UUID, int]:
    """Add (at this time) or renew sources and their keys; returns their numbers.

    Raises HubError UNAVAILABLE (`race`) if another transaction added one of them meanwhile.
    """
    numbers = {entry.pkey: entry.was.number for entry in entries if entry.was}
    fresh = [entry for entry in entries if not entry.was]
    if fresh:
        rows = [(e.pkey, e.patient, e.facility, e.own, e.digest, pack(e.side)) for e in fresh]
        numbers |= {row["pkey"]: row["number"] for row in await tx.fetch(_ADD, *columns(rows), at)}
        if len(numbers) < len(entries):
            raise race()
    renewed = [(entry.pkey, entry.digest, pack(entry.side)) for entry in entries if entry.was]
    if renewed:
        await tx.execute(_RENEW, *columns(renewed))
    await _put_keys(tx, entries, numbers)
    return numbers


async def _put_keys(tx: Tx, entries: Sequence[Entry], numbers: Mapping[UUID, int]) -> None:
    gone = [(key, numbers[e.pkey]) for e in entries for key in e.old_keys - e.keys]
    new = [(key, numbers[e.pkey]) for e in entries for key in e.keys - e.old_keys]
    if gone:
        await tx.execute(_NO_KEYS, *columns(sorted(gone)))
    if new:
        await tx.execute(_KEYS, *columns(sorted(new)))


def counts_of(entries: Iterable[Entry]) -> Counter[int]:
    """What sources add to the counts of names, by hash; below zero where an old name goes."""
    change: Counter[int] = Counter()
    for entry in entries:
        change.update(hash64(text) for text in counted(entry.side))
        change.subtract(hash64(text) for text in (counted(entry.old_side) if entry.old_side else ()))
    return change


async def tally(tx: Tx, change: Mapping[int, int]) -> None:
    """Count names; the last statement, since writers of one name wait here for each other's end."""
    rows = [(key, seen) for key, seen in change.items() if seen]
    if rows:
        await tx.execute(_COUNT, *columns(rows))


async def join(tx: Tx, people: People, fresh: Collection[int] = ()) -> None:
    """Let every source that is new or moved belong to the person it is; what was decided of who met is decided again.

    The last but one statement of its transaction, since every release waits while the epoch passes.
    """
    moved = {move.source for decision in people.decided for move in decision.moves} | set(fresh)
    rows = [
        (member.pkey, people.persons[number], member.patient)
        for number, member in sorted(people.members.items())
        if number in moved
    ]
    if rows:
        await tx.execute(_MEMBERS, *columns(rows), not moved <= set(fresh), _met(people, moved))


def _met(people: People, moved: Collection[int]) -> list[UUID]:
    """The sources of persons that a source came to, itself among them."""
    groups = [people.group(number) for number in moved]
    return sorted({people.members[number].pkey for group in groups if len(group) > 1 for number in group})


def columns(rows: Iterable[Sequence[object]]) -> list[list[object]]:
    """Rows as the arrays `unnest` takes."""
    return [list(column) for column in zip(*rows, strict=True)]
