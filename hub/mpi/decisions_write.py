"""Writing what was decided about source patients, and what is left to a steward: a few statements however many."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from hub.db.database import Tx
from hub.mpi.decision import Decision, Move
from hub.mpi.index_write import columns, end, ending, ending_values
from hub.mpi.judge import Doubt
from hub.mpi.people import People

# Numbers below zero are of decisions in this statement: -1 is the first. Each becomes the one it is given here.
_NUMBER: Final = "coalesce((SELECT number FROM numbers WHERE place = {0}), {0})"

_JOIN, _COUNT = ending(29)

_RECORD: Final = f"""
WITH numbers AS MATERIALIZED (
    SELECT -place AS place, nextval('mpi_decision_number_seq') AS number
    FROM generate_series(1, cardinality($1::bigint[])) AS place
), decided AS (
    INSERT INTO mpi_decision
        (number, kind, actor, who, message, first, second, score, evidence, note, reverses, standing, model, at)
    SELECT {_NUMBER.format("new.number")}, kind, actor, who, message, first, second, score, evidence, note,
        {_NUMBER.format("reverses")}, standing, $13, $14
    FROM unnest(
        $1::bigint[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::uuid[], $7::uuid[], $8::float8[],
        $9::text[], $10::text[], $11::bigint[], $12::bool[]
    ) AS new (number, kind, actor, who, message, first, second, score, evidence, note, reverses, standing)
), edges AS (
    INSERT INTO mpi_edge (first, second, decision, actor, kind, loser, closed)
    SELECT first, second, {_NUMBER.format("decision")}, actor, kind, loser, closed
    FROM unnest($15::bigint[], $16::bigint[], $17::bigint[], $18::text[], $19::text[], $20::bigint[], $21::int[])
        AS new (first, second, decision, actor, kind, loser, closed)
    ON CONFLICT (first, second, decision) DO UPDATE SET closed = excluded.closed
), closings AS (
    INSERT INTO mpi_closing (decision, first, second, made)
    SELECT {_NUMBER.format("decision")}, first, second, {_NUMBER.format("made")}
    FROM unnest($22::bigint[], $23::bigint[], $24::bigint[], $25::bigint[]) AS new (decision, first, second, made)
), moves AS (
    INSERT INTO mpi_move (decision, pkey, origin, target)
    SELECT {_NUMBER.format("decision")}, pkey, origin, target
    FROM unnest($26::bigint[], $27::uuid[], $28::text[], $29::text[]) AS new (decision, pkey, origin, target)
), {_JOIN}, counted AS ({_COUNT})
SELECT place, number FROM numbers
"""

_TURN: Final = """
UPDATE mpi_decision SET standing = new.standing FROM unnest($1::bigint[], $2::bool[]) AS new (number, standing)
WHERE mpi_decision.number = new.number
"""

_OPEN_AGAIN: Final = "UPDATE mpi_review SET decision = NULL WHERE decision = ANY($1)"

_NO_DOUBTS: Final = "DELETE FROM mpi_review WHERE decision IS NULL AND (first = ANY($1) OR second = ANY($1))"

# What a steward has settled stays settled.
_DOUBTS: Final = """
INSERT INTO mpi_review (first, second, reason, score, evidence, model, at)
SELECT *, $6, $7 FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::float8[], $5::text[])
ON CONFLICT (first, second) DO UPDATE
SET reason = excluded.reason, score = excluded.score, evidence = excluded.evidence, model = excluded.model
WHERE mpi_review.decision IS NULL
"""


async def record(
    tx: Tx, people: People, fresh: Collection[int], change: Mapping[int, int], model: str, at: datetime
) -> dict[int, int]:
    """Keep what was decided and what follows from it (see `index_write.end`); returns the numbers the decisions bear
    from now on.
    """
    decided = people.decided
    if not decided:
        await end(tx, people, fresh, change)
        return {}
    pkeys = {number: member.pkey for number, member in people.members.items()}
    values = (
        *columns([_row(decision, pkeys) for decision in decided], 12),
        model,
        at,
        *columns(_edges([*decided, *people.turned]), 7),
        *columns(_closings(decided), 4),
        *columns(_moves(decided, pkeys), 4),
        *ending_values(people, fresh, change),
    )
    return {row["place"]: row["number"] for row in await tx.fetch(_RECORD, *values)}


async def turn(tx: Tx, turned: Sequence[Decision]) -> None:
    """Note which stored decisions hold no more, or hold again; a pair that one settled which holds no more is open
    again.
    """
    standing = {decision.number: decision.standing for decision in turned if decision.number > 0}
    if standing:
        await tx.execute(_TURN, *columns(sorted(standing.items())))
        await tx.execute(_OPEN_AGAIN, [number for number, stands in standing.items() if not stands])


def _edges(decided: Iterable[Decision]) -> list[tuple[object, ...]]:
    known = {edge.key: edge for decision in decided for edge in (*decision.edges, *decision.closings)}
    return [
        (e.first, e.second, e.decision, e.actor.value, e.bond.value, e.loser, e.closed)
        for e in sorted(known.values(), key=lambda edge: edge.key)
    ]


def _closings(decided: Iterable[Decision]) -> list[tuple[int, ...]]:
    return [(decision.number, e.first, e.second, e.decision) for decision in decided for e in decision.closings]


def _moves(decided: Iterable[Decision], pkeys: Mapping[int, UUID]) -> list[tuple[object, ...]]:
    return [
        (decision.number, pkeys[move.source], move.origin, move.target)
        for decision in decided
        for move in _net(decision.moves)
    ]


def _row(decision: Decision, pkeys: Mapping[int, UUID]) -> tuple[object, ...]:
    return (
        decision.number,
        decision.kind.value,
        decision.actor.value,
        decision.who,
        decision.message,
        pkeys[decision.first],
        None if decision.second is None else pkeys[decision.second],
        decision.score,
        decision.evidence,
        decision.note,
        decision.reverses,
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
        await tx.execute(_DOUBTS, *columns([(*key, *row) for key, row in sorted(rows.items())]), model, at)
