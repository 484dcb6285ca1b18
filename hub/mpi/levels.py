"""The comparisons and their levels. The numbers are data: models, stored links and training refer to them.

Level 0 always means that one side says nothing: it weighs nothing. A new level gets a new number; none is reused.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final, NamedTuple


class NameLevel(IntEnum):
    """How two names agree, by character and by sound."""

    MISSING = 0
    EXACT = 1  #: same characters after folding
    UNREADABLE = 2  #: same but for characters one source could not write
    HOMOPHONE = 3  #: character by character the same sound
    SPELLED = 4  #: one in Latin letters, and it is a spelling of the other
    LOOK_ALIKE = 5  #: one character looks like the other's, the rest agree
    TURNED = 6  #: same characters in another order
    SURNAME_DIFFERS = 7  #: a given name of two characters agrees, the surname does not
    LEFT_OUT = 8  #: a given character is left out, or replaced by the 阿 or 小 of a nickname
    PART_DIFFERS = 9  #: the surname and one of two given characters agree, as between brothers and sisters
    SURNAME = 10  #: only the surname agrees (by sound)
    DIFFERENT = 11
    GIVEN = 12  #: a given name of one character agrees, the surname does not
    LATIN_SLIP = 13  #: in Latin letters, a slip or two apart


class BirthLevel(IntEnum):
    """How two birth dates agree."""

    MISSING = 0
    EXACT = 1  #: the same day, not 1 January
    SWAPPED = 2  #: day and month changed places
    ONE_SLIP = 3  #: one digit, or two neighbours
    LUNAR = 4  #: one is the other's date in the Chinese calendar
    PLACEHOLDER = 5  #: one or both are 1 January of about the same year
    YEAR = 6  #: only the year agrees
    DIFFERENT = 7


class IdLevel(IntEnum):
    """How two citizen ids agree."""

    MISSING = 0
    EXACT = 1
    NEAR = 2  #: one digit, a lost digit, or two neighbours; then at least one fails its check digit
    MASKED = 3  #: the digits that are shown agree
    DIFFERENT = 4  #: not the same, but one is not valid
    CONTRADICTS = 5  #: two valid ids that differ


class InsuranceLevel(IntEnum):
    """How two insurance numbers agree."""

    MISSING = 0
    EXACT = 1
    NEAR = 2  #: one digit, or two neighbours
    DIFFERENT = 3


class SexLevel(IntEnum):
    """How the sexes agree."""

    MISSING = 0
    EXACT = 1
    DIFFERENT = 2


class HouseholdLevel(IntEnum):
    """How telephone and address agree together: they are one piece of evidence, since a household shares both."""

    MISSING = 0
    PHONE_AND_DOOR = 1
    PHONE = 2  #: the same own number, the door missing or different
    DOOR = 3  #: the same door, numbers missing or different
    CONTACT_PHONE = 4  #: a number of one is the contact's of the other
    PLACE = 5  #: the same village, estate or road
    DIFFERENT = 6


class ContactLevel(IntEnum):
    """How the contact persons agree."""

    MISSING = 0
    EXACT = 1
    DIFFERENT = 2
    IS_THE_OTHER = 3  #: the contact of one bears the other's name: two persons who know each other


class FacilityLevel(IntEnum):
    """Whether the same facility registered both: it mostly knows its own patients."""

    MISSING = 0
    OTHER = 1
    SAME = 2


class Levels(NamedTuple):
    """The outcome of all comparisons of a pair."""

    name: NameLevel
    birth: BirthLevel
    id: IdLevel
    insurance: InsuranceLevel
    sex: SexLevel
    household: HouseholdLevel
    contact: ContactLevel
    facility: FacilityLevel


#: Comparison -> its levels, in the order of `Levels`.
COMPARISONS: Final[dict[str, type[IntEnum]]] = {
    "name": NameLevel,
    "birth": BirthLevel,
    "id": IdLevel,
    "insurance": InsuranceLevel,
    "sex": SexLevel,
    "household": HouseholdLevel,
    "contact": ContactLevel,
    "facility": FacilityLevel,
}
