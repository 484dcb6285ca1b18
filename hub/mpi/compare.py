"""Two normalised records compared: one level per comparison. Pure and symmetric."""

from __future__ import annotations

from datetime import date

from hub.mpi.citizen_id import CitizenId, masks, shown_last
from hub.mpi.compare_names import compare_names
from hub.mpi.contacts import Address, same_door
from hub.mpi.dates import is_placeholder, lunar_mix, one_slip, swapped
from hub.mpi.features import PLACEHOLDER_YEARS, Features
from hub.mpi.levels import (
    BirthLevel,
    ContactLevel,
    FacilityLevel,
    HouseholdLevel,
    IdLevel,
    InsuranceLevel,
    Levels,
    NameLevel,
    SexLevel,
)

#: So many of the last digits of masked ids say who somebody is: the sequence, or most of it and the check digit.
_TELLING = 3
_SAME_PERSON_NAMES = frozenset({NameLevel.EXACT, NameLevel.UNREADABLE, NameLevel.HOMOPHONE, NameLevel.SPELLED})


def compare(first: Features, second: Features) -> Levels:
    """The levels of a pair."""
    return Levels(
        compare_names_of(first, second),
        compare_births(first.born, second.born),
        compare_ids(first.own_id, second.own_id),
        compare_health_numbers(first, second),
        _sexes(first.sex, second.sex),
        compare_households(first, second),
        compare_contacts(first, second),
        FacilityLevel.SAME if first.facility == second.facility else FacilityLevel.OTHER,
    )


def compare_names_of(first: Features, second: Features) -> NameLevel:
    """The level of the names of two records."""
    # A temporary name holds the parent's: it says something only beside another one.
    if (first.newborn is None) != (second.newborn is None):
        return NameLevel.MISSING
    level = compare_names(first.name, second.name)
    # One place writes the mother's name, the other the father's.
    return NameLevel.MISSING if first.newborn and level > NameLevel.TURNED else level


def compare_births(first: date | None, second: date | None) -> BirthLevel:
    """The level of two birth dates."""
    if first is None or second is None:
        return BirthLevel.MISSING
    if first == second and not is_placeholder(first):
        return BirthLevel.EXACT
    near = abs(first.year - second.year) <= PLACEHOLDER_YEARS
    if near and (is_placeholder(first) or is_placeholder(second)):
        return BirthLevel.PLACEHOLDER
    if swapped(first, second):
        return BirthLevel.SWAPPED
    if one_slip(first, second):
        return BirthLevel.ONE_SLIP
    if near and lunar_mix(first, second):
        return BirthLevel.LUNAR
    return BirthLevel.YEAR if first.year == second.year else BirthLevel.DIFFERENT


def compare_ids(first: CitizenId | None, second: CitizenId | None) -> IdLevel:
    """The level of two citizen ids."""
    if first is None or second is None:
        return IdLevel.MISSING
    if first.masked or second.masked:
        return _masked(first, second)
    if first.digits == second.digits:
        return IdLevel.EXACT
    if first.valid and second.valid:
        return IdLevel.DIFFERENT if _unchecked_slip(first, second) else IdLevel.CONTRADICTS
    return IdLevel.NEAR if within_one_edit(first.digits, second.digits) else IdLevel.DIFFERENT


def _masked(first: CitizenId, second: CitizenId) -> IdLevel:
    """The last digits tell: what stands before them is the county and the birth date, which is compared by itself."""
    if not masks(first, second):
        return IdLevel.DIFFERENT
    return IdLevel.MASKED if shown_last(first, second) >= _TELLING else IdLevel.MISSING


def _unchecked_slip(first: CitizenId, second: CitizenId) -> bool:
    """One of 15 digits has no check digit, so a slip may have made a second valid number. Another sequence is that of
    another person: twins differ by one digit there.
    """
    one, other = first.digits[:17], second.digits[:17]
    return (first.short or second.short) and one[14:] == other[14:] and within_one_edit(one, other)


def compare_health_numbers(first: Features, second: Features) -> InsuranceLevel:
    """The level of insurance and health card, issued for life; where both can be compared, the better one counts."""
    insurance = compare_insurance(first.insurance, second.insurance)
    card = compare_insurance(first.card, second.card)
    return min(insurance, card) if insurance and card else insurance or card


def compare_insurance(first: str, second: str) -> InsuranceLevel:
    """The level of two insurance numbers."""
    if not first or not second:
        return InsuranceLevel.MISSING
    if first == second:
        return InsuranceLevel.EXACT
    return InsuranceLevel.NEAR if within_one_edit(first, second) else InsuranceLevel.DIFFERENT


def within_one_edit(first: str, second: str) -> bool:
    """Whether one character replaced, lost or added, or two neighbours exchanged, turns one into the other."""
    shorter, longer = sorted((first, second), key=len)
    start = next((n for n, (a, b) in enumerate(zip(shorter, longer, strict=False)) if a != b), len(shorter))
    one, other = shorter[start:], longer[start:]
    if len(one) == len(other):
        return one[1:] == other[1:] or (one[2:] == other[2:] and one[:2] == other[1::-1])
    return len(one) + 1 == len(other) and one == other[1:]


def _sexes(first: str, second: str) -> SexLevel:
    if not first or not second:
        return SexLevel.MISSING
    return SexLevel.EXACT if first == second else SexLevel.DIFFERENT


def compare_households(first: Features, second: Features) -> HouseholdLevel:
    """The level of telephones and addresses together."""
    phone = not set(first.phones).isdisjoint(second.phones)
    one, other = _home(first), _home(second)
    door = one is not None and other is not None and same_door(one, other)
    if phone:
        return HouseholdLevel.PHONE_AND_DOOR if door else HouseholdLevel.PHONE
    if door:
        return HouseholdLevel.DOOR
    if not _phones(first).isdisjoint(_phones(second)):
        return HouseholdLevel.CONTACT_PHONE
    if one and other and one.place == other.place and not one.is_area:
        return HouseholdLevel.PLACE
    unlike = (one and other) or (first.phones and second.phones)
    return HouseholdLevel.DIFFERENT if unlike else HouseholdLevel.MISSING


def _home(side: Features) -> Address | None:
    """The address, if it tells more than the county or town, where nearly everybody registered there lives."""
    address = side.address
    return address if address and (address.numbers or not address.is_area) else None


def shared_phones(first: Features, second: Features) -> set[str]:
    """The numbers at which both are called themselves."""
    return set(first.phones).intersection(second.phones)


def _phones(side: Features) -> set[str]:
    return {number for number in (*side.phones, side.contact_phone) if number}


def compare_contacts(first: Features, second: Features) -> ContactLevel:
    """The level of the contact persons."""
    if _is_contact(first, second) or _is_contact(second, first):
        return ContactLevel.IS_THE_OTHER
    if not first.contact.full or not second.contact.full:
        return ContactLevel.MISSING
    same = compare_names(first.contact, second.contact) in _SAME_PERSON_NAMES
    return ContactLevel.EXACT if same else ContactLevel.DIFFERENT


def _is_contact(holder: Features, other: Features) -> bool:
    if not holder.contact.full or other.newborn or holder.newborn:
        return False
    return compare_names(holder.contact, other.name) in _SAME_PERSON_NAMES
