"""Writing the index: sources with their keys, and what was decided about them. A few statements however many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from hub.db.database import Tx
from hub.mpi.decision import Decision, Move
from hub.mpi.features import Features
from hub.mpi.hashes import counted, hash64
from hub.mpi.index_read import Known, race
from hub.mpi.judge import Doubt
from hub.mpi.packed import pack
from hub.mpi.people import People

_ADD: Final = """
INSERT INTO mpi_source (pkey, patient, facility, person, digest, features)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::bytea[])
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

_MEMBERS: Final = """
INSERT INTO member (pkey, person, patient) SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[])
ON CONFLICT (pkey) DO UPDATE SET person = excluded.person
"""

_NUMBERS: Final = """
SELECT nextval(pg_get_serial_sequence('mpi_decision', 'number')) AS number FROM generate_series(1, $1)
"""

_DECISIONS: Final = """
INSERT INTO mpi_decision
    (number, kind, actor, who, message, first, second, score, evidence, note, reverses, standing, model, at)
SELECT *, $13, $14 FROM unnest(
    $1::bigint[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::uuid[], $7::uuid[], $8::float8[], $9::text[],
    $10::text[], $11::bigint[], $12::bool[])
"""

_TURN: Final = """
UPDATE mpi_decision SET standing = new.standing FROM unnest($1::bigint[], $2::bool[]) AS new (number, standing)
WHERE mpi_decision.number = new.number
"""

_OPEN_AGAIN: Final = "UPDATE mpi_review SET decision = NULL WHERE decision = ANY($1)"

_EDGES: Final = """
INSERT INTO mpi_edge (first, second, decision, actor, kind, loser, closed)
SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::bigint[], $7::int[])
ON CONFLICT (first, second, decision) DO UPDATE SET closed = excluded.closed
"""

_CLOSINGS: Final = """
INSERT INTO mpi_closing (decision, first, second, made)
SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[])
"""

_MOVES: Final = """
INSERT INTO mpi_move (decision, pkey, origin, target)
SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::text[], $4::text[])
"""

_NO_DOUBTS: Final = "DELETE FROM mpi_review WHERE decision IS NULL AND (first = ANY($1) OR second = ANY($1))"

# What a steward has settled stays settled.
_DOUBTS: Final = """
INSERT INTO mpi_review (first, second, reason, score, evidence, model, at)
SELECT *, $6, $7 FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::float8[], $5::text[])
ON CONFLICT (first, second) DO UPDATE
SET reason = excluded.reason, score = excluded.score, evidence = excluded.evidence, model = excluded.model
WHERE mpi_review.decision IS NULL
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


async def put(tx: Tx, entries: Sequence[Entry]) -> dict[UUID, int]:
    """Add or renew sources and their keys; returns their numbers.

    Raises HubError UNAVAILABLE (`race`) if another transaction added one of them meanwhile.
    """
    numbers = {entry.pkey: entry.was.number for entry in entries if entry.was}
    fresh = [entry for entry in entries if not entry.was]
    if fresh:
        rows = [(e.pkey, e.patient, e.facility, e.own, e.digest, pack(e.side)) for e in fresh]
        numbers |= {row["pkey"]: row["number"] for row in await tx.fetch(_ADD, *_columns(rows))}
        if len(numbers) < len(entries):
            raise race()
    renewed = [(entry.pkey, entry.digest, pack(entry.side)) for entry in entries if entry.was]
    if renewed:
        await tx.execute(_RENEW, *_columns(renewed))
    await _put_keys(tx, entries, numbers)
    return numbers


async def _put_keys(tx: Tx, entries: Sequence[Entry], numbers: Mapping[UUID, int]) -> None:
    gone = [(key, numbers[e.pkey]) for e in entries for key in e.old_keys - e.keys]
    new = [(key, numbers[e.pkey]) for e in entries for key in e.keys - e.old_keys]
    if gone:
        await tx.execute(_NO_KEYS, *_columns(sorted(gone)))
    if new:
        await tx.execute(_KEYS, *_columns(sorted(new)))


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
        await tx.execute(_COUNT, *_columns(rows))


async def join(tx: Tx, people: People, fresh: Collection[int] = ()) -> None:
    """Let every source that is new or moved belong to the person it is."""
    moved = {move.source for decision in people.decided for move in decision.moves} | set(fresh)
    rows = [
        (member.pkey, people.persons[number], member.patient)
        for number, member in sorted(people.members.items())
        if number in moved
    ]
    if rows:
        await tx.execute(_MEMBERS, *_columns(rows))


async def record(tx: Tx, people: People, model: str, at: datetime) -> dict[int, int]:
    """Keep what was decided; returns the numbers the decisions bear from now on."""
    decided = people.decided
    if not decided:
        return {}
    fetched = await tx.fetch(_NUMBERS, len(decided))
    numbers = {decision.number: row["number"] for decision, row in zip(decided, fetched, strict=True)}
    pkeys = {number: member.pkey for number, member in people.members.items()}
    await tx.execute(_DECISIONS, *_columns([_row(one, numbers, pkeys) for one in decided]), model, at)
    await _turn(tx, [decision for decision in people.turned if decision.number not in numbers])
    await _record_edges(tx, [*decided, *people.turned], numbers)
    moves = [
        (numbers[decision.number], pkeys[move.source], move.origin, move.target)
        for decision in decided
        for move in _net(decision.moves)
    ]
    if moves:
        await tx.execute(_MOVES, *_columns(moves))
    return numbers


async def _record_edges(tx: Tx, decided: Sequence[Decision], numbers: Mapping[int, int]) -> None:
    known = {edge.key: edge for decision in decided for edge in (*decision.edges, *decision.closings)}
    edges = [
        (e.first, e.second, numbers.get(e.decision, e.decision), e.actor.value, e.bond.value, e.loser, e.closed)
        for e in sorted(known.values(), key=lambda edge: edge.key)
    ]
    if edges:
        await tx.execute(_EDGES, *_columns(edges))
    closings = [
        (numbers[decision.number], e.first, e.second, numbers.get(e.decision, e.decision))
        for decision in decided
        if decision.number in numbers
        for e in decision.closings
    ]
    if closings:
        await tx.execute(_CLOSINGS, *_columns(closings))


async def _turn(tx: Tx, turned: Sequence[Decision]) -> None:
    """Note which decisions hold no more, or hold again; a pair settled by one that holds no more is open again."""
    if turned:
        standing = {decision.number: decision.standing for decision in turned}
        await tx.execute(_TURN, *_columns(sorted(standing.items())))
        await tx.execute(_OPEN_AGAIN, [decision.number for decision in turned if not decision.standing])


def _row(decision: Decision, numbers: Mapping[int, int], pkeys: Mapping[int, UUID]) -> tuple[object, ...]:
    return (
        numbers[decision.number],
        decision.kind.value,
        decision.actor.value,
        decision.who,
        decision.message,
        pkeys[decision.first],
        None if decision.second is None else pkeys[decision.second],
        decision.score,
        decision.evidence,
        decision.note,
        None if decision.reverses is None else numbers.get(decision.reverses, decision.reverses),
        decision.standing,
    )


def _net(moves: Sequence[Move]) -> list[Move]:
    """One move a source: from where it was to where it ended."""
    found: dict[int, Move] = {}
    for move in moves:
        origin = found[move.source].origin if move.source in found else move.origin
        found[move.source] = Move(move.source, origin, move.target)
    return [move for move in found.values() if move.origin != move.target]


async def review(
    tx: Tx, people: People, doubts: Sequence[Doubt], renewed: Collection[UUID], model: str, at: datetime
) -> None:
    """Keep what is in doubt; open pairs of `renewed` sources were judged anew and go."""
    if renewed:
        await tx.execute(_NO_DOUBTS, sorted(renewed))
    rows: dict[tuple[UUID, UUID], tuple[str, float, str]] = {}
    for doubt in sorted(doubts, key=lambda doubt: doubt.score):
        if people.persons[doubt.first] != people.persons[doubt.second]:
            first, second = sorted((people.members[doubt.first].pkey, people.members[doubt.second].pkey))
            rows[first, second] = (doubt.reason.value, doubt.score, doubt.evidence)
    if rows:
        await tx.execute(_DOUBTS, *_columns([(*key, *row) for key, row in sorted(rows.items())]), model, at)


def _columns(rows: Iterable[Sequence[object]]) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)]
