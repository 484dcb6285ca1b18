"""Reading the index: what a batch of sources is compared with."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final
from uuid import UUID

import asyncpg
from msgspec import Struct

from hub.db.database import Tx
from hub.db.tables import RIGHTS_LOCK
from hub.kernel.errors import Category, HubError
from hub.mpi.blocking import LARGEST_BLOCK
from hub.mpi.decision import Actor, Bond, Edge
from hub.mpi.features import Features
from hub.mpi.hashes import hash64
from hub.mpi.packed import unpack
from hub.mpi.people import Member, People

# In the order of the array, so that no two transactions wait for each other.
_LOCK: Final = "SELECT count(pg_advisory_xact_lock(key)) FROM unnest($1::bigint[]) AS key"

# The first is shared. What is laid down of those who meet is read after it is held, so none of it is missed. As
# `mpi_meet` holds them (hub/mpi/meeting.py).
_LOCK_PERSONS: Final = """
SELECT count(CASE place WHEN 0 THEN pg_advisory_xact_lock_shared(key) ELSE pg_advisory_xact_lock(key) END)
FROM (
    SELECT 0 AS place, $1::bigint AS key
    UNION ALL SELECT 1, hashtextextended('person:' || person, 0) FROM unnest($2::text[]) AS person
    ORDER BY place, key
) AS wanted
"""

_STORED: Final = """
SELECT pkey, number, patient, person AS own, digest, features FROM mpi_source WHERE number = ANY($1)
"""

_KNOWN: Final = "SELECT pkey, number, patient, person AS own, digest, features FROM mpi_source WHERE pkey = ANY($1)"

# A key that more sources share than a block may hold comes back without them.
_BLOCKS: Final = f"""
SELECT wanted.key, CASE WHEN cardinality(block.sources) <= {LARGEST_BLOCK} THEN block.sources END AS sources
FROM unnest($1::bigint[]) AS wanted (key)
CROSS JOIN LATERAL (
    SELECT array_agg(source) AS sources
    FROM (SELECT source FROM mpi_key WHERE key = wanted.key LIMIT {LARGEST_BLOCK + 1}) AS sharing
) AS block
WHERE block.sources IS NOT NULL
"""

_PERSONS: Final = """
SELECT DISTINCT person FROM member WHERE number = ANY($1)
"""

_PEOPLE: Final = """
WITH people AS MATERIALIZED (
    SELECT source.number, source.pkey, source.patient, source.person AS own, member.person, source.features
    FROM member JOIN mpi_source AS source USING (number)
    WHERE member.person = ANY($1)
)
SELECT ARRAY(SELECT ROW(number, pkey, patient, own, person, features) FROM people) AS members,
    ARRAY(SELECT ROW(first, second, decision, actor, kind, loser, closed) FROM mpi_edge
        WHERE first = ANY(ARRAY(SELECT number FROM people)) AND closed = 0) AS edges
"""

_EDGES: Final = """
SELECT first, second, decision, actor, kind, loser FROM mpi_edge WHERE first = ANY($1) AND closed = 0
"""

_SIDES: Final = "SELECT number, features FROM mpi_source WHERE number > $1 ORDER BY number LIMIT 5000"


# To look a word up is a fifth of what an enumeration asks for it, and persons have many edges.
_ACTORS: Final = {one.value: one for one in Actor}
_BONDS: Final = {one.value: one for one in Bond}


class Known(Struct, frozen=True):
    """A source as the index knows it."""

    number: int
    pkey: UUID
    patient: str
    own: str
    digest: UUID
    features: bytes


@contextmanager
def keys_at_hand() -> Iterator[None]:
    """For what reads or writes blocking keys. Raises HubError UNAVAILABLE (`rekeying`) while they are written anew."""
    try:
        yield
    except asyncpg.UndefinedTableError:
        what, todo = "the keys of the patient index are being written anew", "try again when they are"
        raise HubError(Category.UNAVAILABLE, what, where="mpi", todo=todo, code="rekeying") from None


async def lock(tx: Tx, texts: Iterable[str]) -> None:
    """Wait for every other transaction that holds one of these, and hold them until this one ends."""
    await tx.execute(_LOCK, sorted({hash64(text) for text in texts}))


async def known(tx: Tx, pkeys: Sequence[UUID]) -> dict[UUID, Known]:
    """What the index knows of these source patients."""
    if not pkeys:
        return {}
    return {row["pkey"]: Known(**row) for row in await tx.fetch(_KNOWN, pkeys)}


async def stored(tx: Tx, numbers: Collection[int]) -> list[Known]:
    """What the index knows of sources, by number."""
    return [Known(**row) for row in await tx.fetch(_STORED, sorted(numbers))]


async def blocks(tx: Tx, keys: Collection[int]) -> dict[int, list[int] | None]:
    """The numbers of the sources that share each key; None where they are too many."""
    with keys_at_hand():
        return {row["key"]: row["sources"] for row in await tx.fetch(_BLOCKS, sorted(keys))}


async def persons(tx: Tx, numbers: Collection[int]) -> set[str]:
    """The persons of these sources."""
    if not numbers:
        return set()
    return {row["person"] for row in await tx.fetch(_PERSONS, sorted(numbers))}


async def held(tx: Tx, numbers: Collection[int]) -> People:
    """The persons of these sources, held until the transaction ends.

    Raises HubError UNAVAILABLE (`race`) if one of them changed while it was waited for: roll back and try again.
    """
    wanted = await persons(tx, numbers)
    if not wanted:
        return People()
    await tx.execute(_LOCK_PERSONS, RIGHTS_LOCK, list(wanted))
    people = await load(tx, wanted)
    if not people.members.keys() >= set(numbers):
        raise race()
    return people


async def load(tx: Tx, wanted: Collection[str]) -> People:
    """These persons with all their members and the edges that stand."""
    if not wanted:
        return People()
    members, edges = (await tx.fetch(_PEOPLE, sorted(wanted)))[0]
    return People((member(*row) for row in members), (edge(*row) for row in edges))


async def edges(tx: Tx, numbers: Iterable[int]) -> list[Edge]:
    """The edges that stand at these sources and lead to a younger one."""
    return [edge(*row) for row in await tx.fetch(_EDGES, sorted(numbers))]


async def sides(tx: Tx, after: int) -> list[tuple[int, Features]]:
    """The next sources after a number, with their numbers."""
    return [(row["number"], unpack(row["features"])) for row in await tx.fetch(_SIDES, after)]


def race() -> HubError:
    """The refusal when another transaction changed the same persons."""
    what = "another transaction changed the same persons"
    return HubError(Category.UNAVAILABLE, what, where="mpi", todo="try again", code="race")


def member(number: int, pkey: UUID, patient: str, own: str, person: str, packed: bytes) -> Member:
    """A member as it is stored."""
    return Member(number, pkey, patient, own, person, unpack(packed))


def edge_of_row(row: Mapping[str, Any]) -> Edge:
    """An edge of a row of its table."""
    names = ("first", "second", "decision", "actor", "kind", "loser", "closed")
    return edge(*(row[name] for name in names))


def edge(first: int, second: int, decision: int, actor: str, bond: str, loser: int | None, closed: int = 0) -> Edge:
    """An edge as it is stored."""
    return Edge(first, second, decision, _ACTORS[actor], _BONDS[bond], loser, closed)
