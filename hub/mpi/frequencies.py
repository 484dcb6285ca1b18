"""How common names and telephone numbers are: agreeing on a rare one says more than on a common one."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from hub.mpi.features import Features


@dataclass(frozen=True, slots=True)
class Frequencies:
    """Counts over `records` records: names by character, names by spelling, different Chinese names per telephone."""

    records: int = 0
    names: Mapping[str, int] = field(default_factory=dict)
    spellings: Mapping[str, int] = field(default_factory=dict)
    phones: Mapping[str, int] = field(default_factory=dict)


def count(sides: Iterable[Features]) -> Frequencies:
    """Count a collection of records; their order does not matter."""
    records = 0
    names: Counter[str] = Counter()
    spellings: Counter[str] = Counter()
    holders: defaultdict[str, set[str]] = defaultdict(set)
    for side in sides:
        records += 1
        if side.name.script == "han":
            names[side.name.full] += 1
        spellings.update(side.name.spellings)
        if side.name.script == "han":
            # A name in Latin letters is mostly that of somebody counted already.
            for phone in side.phones:
                holders[phone].add(next(iter(side.name.spellings), side.name.full))
    return Frequencies(records, names, spellings, {phone: len(found) for phone, found in holders.items()})
