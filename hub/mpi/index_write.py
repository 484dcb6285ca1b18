"""Writing sources with their keys, counts and persons: a few statements however many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from hub.db.database import Tx
from hub.mpi.features import Features
from hub.mpi.hashes import counted, hash64
from hub.mpi.index_read import Known, keys_at_hand
from hub.mpi.packed import pack
from hub.mpi.people import People

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

# What the gate decided of a person holds for one epoch of the consents (tables of hub.auth), so the epoch passes with
# the person: always ({4}) where a source leaves one; where one joins, if anything is laid down of who is met ({5}).
_JOIN: Final = """
passed AS (
    INSERT INTO epoch ("only", number) SELECT 1, 1 WHERE {4}::bool
        OR EXISTS (SELECT FROM consent_rule WHERE pkey = ANY({5}::uuid[]))
        OR EXISTS (SELECT FROM proxy_entry WHERE pkey = ANY({5}))
    ON CONFLICT ("only") DO UPDATE SET number = epoch.number + 1
), joined AS (
    INSERT INTO member (pkey, person, patient, number)
    SELECT * FROM unnest({0}::uuid[], {1}::text[], {2}::text[], {3}::bigint[])
    ON CONFLICT (pkey) DO UPDATE SET person = excluded.person
)
"""

# Sorted, so that no two transactions wait for each other: common names are everybody's.
_COUNT: Final = """
INSERT INTO mpi_count (key, seen) SELECT * FROM unnest({6}::bigint[], {7}::int[]) AS new (key, seen) ORDER BY key
ON CONFLICT (key) DO UPDATE SET seen = mpi_count.seen + excluded.seen
"""


def ending(taken: int) -> tuple[str, str]:
    """The parts of a statement that let sources belong to their persons, and count names; `ending_values` are its
    parameters after the first `taken`.
    """
    places = [f"${taken + number}" for number in range(1, 9)]
    return _JOIN.format(*places).strip(), _COUNT.format(*places).strip()


_END: Final = "WITH {} {}".format(*ending(0))


class Entry(Struct, frozen=True, kw_only=True):
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


async def renew(tx: Tx, entries: Sequence[Entry]) -> None:
    """Let sources that are known say what they say now."""
    rows = [(entry.pkey, entry.digest, pack(entry.side)) for entry in entries]
    await tx.execute(_RENEW, *columns(rows))
    numbers = {entry.pkey: entry.was.number for entry in entries if entry.was}
    with keys_at_hand():
        await _renew_keys(tx, entries, numbers)


async def _renew_keys(tx: Tx, renewed: Sequence[Entry], numbers: Mapping[UUID, int]) -> None:
    gone = [(key, numbers[e.pkey]) for e in renewed for key in e.old_keys - e.keys]
    new = [(key, numbers[e.pkey]) for e in renewed for key in e.keys - e.old_keys]
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


async def end(tx: Tx, people: People, fresh: Collection[int], change: Mapping[int, int]) -> None:
    """Let every source that is new or moved belong to the person it is, and count names.

    The last statement of its transaction: writers of one name wait here for each other's end, and every release waits
    while the epoch passes, since what was decided of who met is decided again.
    """
    values = ending_values(people, fresh, change)
    if values[0] or values[6]:
        await tx.execute(_END, *values)


def ending_values(people: People, fresh: Collection[int], change: Mapping[int, int]) -> tuple[Any, ...]:
    """The parameters of `ending`."""
    moved = {move.source for decision in people.decided for move in decision.moves} | set(fresh)
    rows = [
        (member.pkey, people.persons[number], member.patient, number)
        for number, member in sorted(people.members.items())
        if number in moved
    ]
    counts = [(key, seen) for key, seen in change.items() if seen]
    return *columns(rows, 4), not moved <= set(fresh), _met(people, moved), *columns(counts, 2)


def _met(people: People, moved: Collection[int]) -> list[UUID]:
    """The sources of persons that a source came to, itself among them."""
    groups = [people.group(number) for number in moved]
    return sorted({people.members[number].pkey for group in groups if len(group) > 1 for number in group})


def columns(rows: Iterable[Sequence[object]], width: int = 0) -> list[list[object]]:
    """Rows as the arrays `unnest` takes; without any rows as many empty ones as `width` says."""
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(width)]
