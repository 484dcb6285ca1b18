"""The weight of a pair: the bits of its levels, names and telephones adjusted for how common they are."""

from __future__ import annotations

from dataclasses import dataclass
from math import log2
from typing import Final

import msgspec

from hub.mpi.compare import compare, shared_phones
from hub.mpi.features import Features
from hub.mpi.frequencies import Frequencies
from hub.mpi.levels import COMPARISONS, HouseholdLevel, Levels, NameLevel
from hub.mpi.model import Model
from hub.mpi.names import Name

_BY_SOUND: Final = frozenset({NameLevel.HOMOPHONE, NameLevel.SPELLED})
_BY_PHONE: Final = frozenset({HouseholdLevel.PHONE, HouseholdLevel.PHONE_AND_DOOR})
_NAME: Final = Levels._fields.index("name")
_HOUSEHOLD: Final = Levels._fields.index("household")


class Score(msgspec.Struct, frozen=True):
    """`weight`: bits for one person (negative: against), prior included. `bits`: the part of each comparison."""

    weight: float
    levels: Levels
    bits: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Scorer:
    """Scores pairs under one model and one state of the frequencies; the same in batch and online."""

    model: Model
    frequencies: Frequencies

    def score(self, first: Features, second: Features) -> Score:
        """Compare and weigh a pair; symmetric."""
        levels = compare(first, second)
        bits = [weights[level] for weights, level in zip(self.model.weights, levels, strict=True)]
        bits[_NAME] = self._name(levels.name, first.name, second.name)
        if levels.household in _BY_PHONE:
            bits[_HOUSEHOLD] -= min(map(self._sharing, shared_phones(first, second)))
        return Score(self.model.prior(self.frequencies.records) + sum(bits), levels, tuple(bits))

    def _name(self, level: NameLevel, first: Name, second: Name) -> float:
        counts = self.frequencies
        if level is NameLevel.EXACT and first.script == "han":
            seen = counts.names.get(first.full, 0)
        elif level in _BY_SOUND or level is NameLevel.EXACT:
            shared = set(first.spellings).intersection(second.spellings)
            seen = max((counts.spellings.get(spelling, 0) for spelling in shared), default=0)
        else:
            return self.model.weights[_NAME][level]
        return log2(self.model.m_name[level] / self.model.frequency(seen, counts.records, characters_of(first, second)))

    def _sharing(self, phone: str) -> float:
        """Bits lost because several persons have this telephone."""
        sharers = self.frequencies.phones.get(phone, 1)
        return log2(sharers) if sharers <= self.model.sharers else max(0.0, self.model.weights[_HOUSEHOLD][2])


def characters_of(first: Name, second: Name) -> int:
    """How many Chinese characters two agreeing names have, as far as one of them is written in them; else 0."""
    return max(len(name.full) if name.script == "han" else 0 for name in (first, second))


def evidence(score: Score) -> str:
    """What spoke for and against, strongest first, as `comparison LEVEL +bits`; no value of a record."""
    parts = sorted(zip(COMPARISONS, score.levels, score.bits, strict=True), key=lambda part: -abs(part[2]))
    return ", ".join(f"{name} {level.name} {bits:+.1f}" for name, level, bits in parts if level)
