"""What an installation may set: the reading of Chinese practice of section 9, and the hub's own addresses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """Values the rules call configuration; the defaults are those the rules state.

    `base_urls` are the addresses of the hub's own FHIR API, stripped from references. Ages are completed years.
    `withheld_from_patient` and `withheld_from_parent` are v3-ActCode labels.
    """

    base_urls: tuple[str, ...] = ()
    age_of_capacity: int = 14
    age_of_majority: int = 18
    break_glass_hours: int = 4
    statutory_purposes: frozenset[str] = frozenset({"PUBHLTH"})
    withheld_from_patient: frozenset[str] = frozenset({"NOPAT"})
    withheld_from_parent: frozenset[str] = frozenset({"SDV"})


DEFAULT: Final = Configuration()
