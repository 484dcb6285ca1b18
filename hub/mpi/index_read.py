"""Reading the index: what a batch of sources is compared with."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from hub.db.database import Tx
from hub.db.tables import RIGHTS_LOCK
from hub.kernel.errors import Category, HubError
from hub.mpi.blocking import LARGEST_BLOCK
from hub.mpi.decision import Actor, Bond, Edge
from hub.mpi.features import Features
from hub.mpi.frequencies import Frequencies
from hub.mpi.hashes import hash64, name_key, spelling_key
from hub.mpi.packed import unpack
from hub.mpi.people import Member, People

# In the order of the array, so that no two transactions wait for each other.
_LOCK: Final = "SELECT count(pg_advisory_xact_lock(key)) FROM unnest($1::bigint[]) AS key"

# The first is shared. What is laid down of those who meet is read after it is held, so none of it is missed.
_LOCK_PERSONS: Final = """
SELECT count(CASE place WHEN 1 THEN pg_advisory_xact_lock_shared(key) ELSE pg_advisory_xact_lock(key) END)
FROM unnest($1::bigint[]) WITH ORDINALITY AS wanted (key, place)
"""

_STORED: Final = """
SELECT pkey, number, patient, person AS own, digest, features FROM mpi_source WHERE number = ANY($1)
"""

_KNOWN: Final = "SELECT pkey, number, patient, person AS own, digest, features FROM mpi_source WHERE pkey = ANY($1)"

#: A key that more sources share than a block may hold comes back without them. {0}: the keys.
BLOCKS: Final = f"""
SELECT wanted.key, CASE WHEN cardinality(block.sources) <= {LARGEST_BLOCK} THEN block.sources END AS sources
FROM unnest({{0}}::bigint[]) AS wanted (key)
CROSS JOIN LATERAL (
    SELECT array_agg(source) AS sources
    FROM (SELECT source FROM mpi_key WHERE key = wanted.key LIMIT {LARGEST_BLOCK + 1}) AS sharing
) AS block
WHERE block.sources IS NOT NULL
"""
_BLOCKS: Final = BLOCKS.format("$1")

_PERSONS: Final = """
SELECT DISTINCT member.person FROM mpi_source AS source JOIN member USING (pkey) WHERE source.number = ANY($1)
"""

_PEOPLE: Final = """
WITH people AS MATERIALIZED (
    SELECT source.number, source.pkey, source.patient, source.person AS own, member.person, source.features
    FROM member JOIN mpi_source AS source USING (pkey)
    WHERE member.person = ANY($1)
)
SELECT ARRAY(SELECT ROW(number, pkey, patient, own, person, features) FROM people) AS members,
    ARRAY(SELECT ROW(first, second, decision, actor, kind, loser, closed) FROM mpi_edge
        WHERE first = ANY(ARRAY(SELECT number FROM people)) AND closed = 0) AS edges
"""

_SIDES: Final = "SELECT number, features FROM mpi_source WHERE number > $1 ORDER BY number LIMIT 5000"

_COUNTS: Final = """
SELECT key, seen FROM mpi_count WHERE key = ANY($1)
UNION ALL SELECT NULL, (SELECT coalesce(max(number), 0) FROM mpi_source)
"""


@dataclass(frozen=True, slots=True)
class Known:
    """A source as the index knows it."""

    number: int
    pkey: UUID
    patient: str
    own: str
    digest: UUID
    features: bytes


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
    return {row["key"]: row["sources"] for row in await tx.fetch(_BLOCKS, sorted(keys))}


async def persons(tx: Tx, numbers: Collection[int]) -> set[str]:
    """The persons of these sources."""
    if not numbers:
        return set()
    return {row["person"] for row in await tx.fetch(_PERSONS, sorted(numbers))}


async def held(tx: Tx, numbers: Collection[int], wanted: Collection[str] | None = None) -> People:
    """The persons of these sources, held until the transaction ends; `wanted` are their ids where they are known.

    Raises HubError UNAVAILABLE (`race`) if one of them changed while it was waited for: roll back and try again.
    """
    if wanted is None:
        wanted = await persons(tx, numbers)
    if not wanted:
        return People()
    await tx.execute(_LOCK_PERSONS, [RIGHTS_LOCK, *sorted({hash64(f"person:{person}") for person in wanted})])
    people = await load(tx, wanted)
    if not people.members.keys() >= set(numbers):
        raise race()
    return people


async def load(tx: Tx, wanted: Collection[str]) -> People:
    """These persons with all their members and the edges that stand."""
    if not wanted:
        return People()
    members, edges = (await tx.fetch(_PEOPLE, sorted(wanted)))[0]
    return People((_member(*row) for row in members), (_edge(*row) for row in edges))


async def sides(tx: Tx, after: int) -> list[tuple[int, Features]]:
    """The next sources after a number, with their numbers."""
    return [(row["number"], unpack(row["features"])) for row in await tx.fetch(_SIDES, after)]


async def frequencies(
    tx: Tx, sides: Iterable[Features], phones: Mapping[str, int], more: Mapping[int, int]
) -> Frequencies:
    """How common the names of these records are; `phones` tells how many names are known at each number, `more` what
    is to be added to the counts by hash.
    """
    names: set[str] = set()
    spellings: set[str] = set()
    for side in sides:
        spellings.update(side.name.spellings)
        if side.name.script == "han":
            names.add(side.name.full)
    by_name = {name: hash64(name_key(name)) for name in names}
    by_spelling = {spelling: hash64(spelling_key(spelling)) for spelling in spellings}
    rows = await tx.fetch(_COUNTS, sorted({*by_name.values(), *by_spelling.values()}))
    seen = {row["key"]: row["seen"] for row in rows}
    return Frequencies(
        seen[None],
        {name: seen.get(key, 0) + more.get(key, 0) for name, key in by_name.items()},
        {spelling: seen.get(key, 0) + more.get(key, 0) for spelling, key in by_spelling.items()},
        phones,
    )


def sharers(sides: Iterable[Features], crowded: Collection[str], largest: int = LARGEST_BLOCK) -> dict[str, int]:
    """How many names stand at each telephone number; `crowded` numbers have too many to be looked at."""
    names: defaultdict[str, set[str]] = defaultdict(set)
    for side in sides:
        if side.name.script == "han":
            for phone in side.phones:
                names[phone].add(next(iter(side.name.spellings), side.name.full))
    return {phone: len(found) for phone, found in names.items()} | dict.fromkeys(crowded, largest)


def race() -> HubError:
    """The refusal when another transaction changed the same persons."""
    what = "another transaction changed the same persons"
    return HubError(Category.UNAVAILABLE, what, where="mpi", todo="try again", code="race")


def _member(number: int, pkey: UUID, patient: str, own: str, person: str, packed: bytes) -> Member:
    return Member(number, pkey, patient, own, person, unpack(packed))


def edge_of_row(row: Mapping[str, Any]) -> Edge:
    """An edge as it is stored."""
    names = ("first", "second", "decision", "actor", "kind", "loser", "closed")
    return _edge(*(row[name] for name in names))


def _edge(first: int, second: int, decision: int, actor: str, bond: str, loser: int | None, closed: int) -> Edge:
    return Edge(first, second, decision, Actor(actor), Bond(bond), loser, closed)
