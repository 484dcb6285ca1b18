"""How common the names and telephones of people at hand are, as they are counted now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from hub.db.database import Tx
from hub.mpi.blocking import LARGEST_BLOCK
from hub.mpi.features import Features
from hub.mpi.frequencies import Frequencies
from hub.mpi.hashes import hash64, name_key, spelling_key

_COUNTS: Final = """
SELECT key, seen FROM mpi_count WHERE key = ANY($1)
UNION ALL SELECT NULL, (SELECT coalesce(max(number), 0) FROM mpi_source)
"""


@dataclass(frozen=True, slots=True)
class Counted:
    """How many sources there are, and how many bear the names that were asked for, by hash (missing: nobody)."""

    records: int
    seen: Mapping[int, int]


class UncountedError(LookupError):
    """A name was to be weighed that is not among those counted."""


class _Some(dict[str, int]):
    """Counts of some names; to ask for another is an error, since none counted is not nobody."""

    def get(self, name: str, _: int | None = None, /) -> int:  # type: ignore[override]
        if name not in self:
            raise UncountedError
        return self[name]


async def frequencies(
    tx: Tx, sides: Iterable[Features], phones: Mapping[str, int], more: Mapping[int, int]
) -> Frequencies:
    """How common the names of these records are; `phones` tells how many names are known at each number, `more` what
    is to be added to the counts by hash.
    """
    names, spellings = _borne(sides)
    seen = {row["key"]: row["seen"] for row in await tx.fetch(_COUNTS, sorted({*names.values(), *spellings.values()}))}
    counted = Counted(seen.pop(None), seen)
    return Frequencies(counted.records, _counts(names, counted, more), _counts(spellings, counted, more), phones)


def frequencies_at_hand(
    sides: Iterable[Features], counted: Counted, phones: Mapping[str, int], more: Mapping[int, int]
) -> Frequencies:
    """The same of names that are counted already. To weigh another raises UncountedError."""
    names, spellings = (_Some(_counts(borne, counted, more)) for borne in _borne(sides))
    return Frequencies(counted.records, names, spellings, phones)


def _borne(sides: Iterable[Features]) -> tuple[dict[str, int], dict[str, int]]:
    """The names and the spellings of records, as they are counted, with their hashes."""
    names: dict[str, int] = {}
    spellings: dict[str, int] = {}
    for side in sides:
        for spelling in side.name.spellings:
            if spelling not in spellings:
                spellings[spelling] = hash64(spelling_key(spelling))
        if side.name.script == "han" and side.name.full not in names:
            names[side.name.full] = hash64(name_key(side.name.full))
    return names, spellings


def _counts(borne: Mapping[str, int], counted: Counted, more: Mapping[int, int]) -> dict[str, int]:
    return {text: counted.seen.get(key, 0) + more.get(key, 0) for text, key in borne.items()}


def sharers(sides: Iterable[Features], crowded: Collection[str], largest: int = LARGEST_BLOCK) -> dict[str, int]:
    """How many names stand at each telephone number; `crowded` numbers have too many to be looked at."""
    names: defaultdict[str, set[str]] = defaultdict(set)
    for side in sides:
        if side.name.script == "han":
            for phone in side.phones:
                names[phone].add(next(iter(side.name.spellings), side.name.full))
    return {phone: len(found) for phone, found in names.items()} | dict.fromkeys(crowded, largest)
