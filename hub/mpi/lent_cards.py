"""Children registered with a parent's card, birth date and all.

Such a record reads as a grown person's. Another record tells: the same name by characters, one household or insurance
number, and a birth a generation later, so that the bearer was a child when the card was shown. In China parents and
children do not bear one name, so the card and the birth date on it are the parent's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import permutations
from typing import Final

from msgspec.structs import replace

from hub.mpi.compare import compare_households
from hub.mpi.features import PARENT_YEARS, Features
from hub.mpi.levels import HouseholdLevel

#: Who is older shows a card of her own.
_OLDEST_CHILD: Final = 16
_HOUSEHOLD: Final = frozenset(
    {HouseholdLevel.PHONE_AND_DOOR, HouseholdLevel.PHONE, HouseholdLevel.DOOR, HouseholdLevel.CONTACT_PHONE}
)


def without_lent_cards(sides: Mapping[int, Features]) -> dict[int, Features]:
    """Those of some records that show a parent's card, by number, as they read without it."""
    return {number: replace(sides[number], borrowed=True, born=None) for number in _lent(sides)}


def as_read(sides: Sequence[Features]) -> list[Features]:
    """All records of a file in their order, those that show a parent's card without it."""
    lent = without_lent_cards(dict(enumerate(sides)))
    return [lent.get(place, side) for place, side in enumerate(sides)]


def _lent(sides: Mapping[int, Features]) -> set[int]:
    # Namesakes are held against each other where a household may be one: a county has thousands of one name.
    namesakes: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for number, side in sides.items():
        if side.name.script == "han" and side.born and side.newborn is None and side.own_id:
            for shared in _shared(side):
                namesakes[side.name.full, shared].append(number)
    return {
        bearer
        for several in namesakes.values()
        for bearer, other in permutations(several, 2)
        if _of_a_child(sides[bearer], sides[other])
    }


def _shared(side: Features) -> set[str]:
    """What two records of one household have in common one of: a number, or the place of the address."""
    place = side.address.place if side.address and not side.address.is_area else ""
    return {text for text in (side.insurance, *side.phones, side.contact_phone, place) if text}


def _of_a_child(bearer: Features, other: Features) -> bool:
    """Whether the card of `bearer` is a parent's. The other record must show a child's own card, since a birth date
    alone may be a slip.
    """
    if other.own_id is None or not other.own_id.valid or bearer.own_id is None:
        return False
    return _was_child(bearer, other) and _of_one_household(bearer, other)


def _was_child(bearer: Features, other: Features) -> bool:
    """Whether who is a generation older by one card was a child by the other when the older card was shown."""
    shown = bearer.registered
    if not bearer.born or not other.born or not shown or bearer.born.year + PARENT_YEARS > other.born.year:
        return False
    return other.born <= shown and shown.year - other.born.year <= _OLDEST_CHILD


def _of_one_household(bearer: Features, other: Features) -> bool:
    insured = bearer.insurance == other.insurance != ""
    return insured or compare_households(bearer, other) in _HOUSEHOLD
