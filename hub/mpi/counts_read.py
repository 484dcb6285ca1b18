"""How common the names and telephones of people at hand are, as they are counted now."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from hub.db.database import Tx
from hub.mpi.blocking import LARGEST_BLOCK
from hub.mpi.features import Features
from hub.mpi.frequencies import Frequencies
from hub.mpi.hashes import hash64, name_key, spelling_key
from hub.mpi.people import People

_COUNTS: Final = """
SELECT key, seen FROM mpi_count WHERE key = ANY($1)
UNION ALL SELECT NULL, (SELECT coalesce(max(number), 0) FROM mpi_source)
"""


@dataclass(frozen=True, slots=True)
class Counted:
    """How many sources there are, and how many bear the names that were `asked` for (hashes; missing: nobody)."""

    records: int
    asked: Collection[int]
    seen: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Borne:
    """Names by character, and spellings."""

    names: set[str] = field(default_factory=set)
    spellings: set[str] = field(default_factory=set)


async def frequencies(
    tx: Tx, borne: Borne, phones: Mapping[str, int], more: Mapping[int, int], at_hand: Counted | None = None
) -> Frequencies:
    """How common names are; `phones` tells how many names are known at each number, `more` what is to be added to the
    counts by hash. What is `at_hand` is not read again.
    """
    by_name = {name: hash64(name_key(name)) for name in borne.names}
    by_spelling = {spelling: hash64(spelling_key(spelling)) for spelling in borne.spellings}
    counted = await _counted(tx, {*by_name.values(), *by_spelling.values()}, at_hand)
    return Frequencies(
        counted.records,
        {name: counted.seen.get(key, 0) + more.get(key, 0) for name, key in by_name.items()},
        {spelling: counted.seen.get(key, 0) + more.get(key, 0) for spelling, key in by_spelling.items()},
        phones,
    )


async def _counted(tx: Tx, wanted: Collection[int], at_hand: Counted | None) -> Counted:
    missing = set(wanted).difference(at_hand.asked if at_hand else ())
    if at_hand and not missing:
        return at_hand
    seen = {row["key"]: row["seen"] for row in await tx.fetch(_COUNTS, sorted(missing))}
    return Counted(seen.pop(None), wanted, {**(at_hand.seen if at_hand else {}), **seen})


def borne_by(sides: Iterable[Features]) -> Borne:
    """The names of records, as they are counted."""
    found = Borne()
    for side in sides:
        found.spellings.update(side.name.spellings)
        if side.name.script == "han":
            found.names.add(side.name.full)
    return found


def borne_by_several(people: People) -> Borne:
    """The names that sources of several persons have in common: no other is weighed where persons can only grow."""
    names, spellings = Counter[str](), Counter[str]()
    persons: defaultdict[str, list[Features]] = defaultdict(list)
    for number, person in people.persons.items():
        persons[person].append(people.members[number].side)
    for sides in persons.values():
        borne = borne_by(sides)
        names.update(borne.names)
        spellings.update(borne.spellings)
    return Borne(*({text for text, bearers in counts.items() if bearers > 1} for counts in (names, spellings)))


def sharers(sides: Iterable[Features], crowded: Collection[str], largest: int = LARGEST_BLOCK) -> dict[str, int]:
    """How many names stand at each telephone number; `crowded` numbers have too many to be looked at."""
    names: defaultdict[str, set[str]] = defaultdict(set)
    for side in sides:
        if side.name.script == "han":
            for phone in side.phones:
                names[phone].add(next(iter(side.name.spellings), side.name.full))
    return {phone: len(found) for phone, found in names.items()} | dict.fromkeys(crowded, largest)
