"""The judgement on one pair: link, show to a human, or keep apart; and what forbids that two records are one person."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Final

import msgspec

from hub.mpi.compare import compare_births, compare_health_numbers, compare_ids, compare_names_of
from hub.mpi.features import Features
from hub.mpi.levels import (
    BirthLevel,
    ContactLevel,
    HouseholdLevel,
    IdLevel,
    InsuranceLevel,
    Levels,
    NameLevel,
    SexLevel,
)
from hub.mpi.model import Model
from hub.mpi.score import Score


class Band(StrEnum):
    """What is done with a pair."""

    LINK = "link"
    REVIEW = "review"
    APART = "apart"


class Reason(StrEnum):
    """Why a pair is not linked although it might be one person. Stable words, shown to reviewers."""

    UNCERTAIN = "uncertain"  #: the evidence does not reach the threshold
    BORROWED_ID = "borrowed-id"  #: one id, but name and birth date disagree: a parent's id, for example
    NEWBORN = "newborn"  #: a temporary name and a child's own name
    TWINS = "twins"  #: born on one day with another given name or sex
    TWO_PERSONS = "two-persons"  #: more than one person fits; the lead is too small
    CONTRADICTION = "contradiction"  #: a member of the person speaks against it
    BRIDGE = "bridge"  #: one record alone would join two persons
    WEAK_NAME = "weak-name"  #: the names disagree and no identifier outweighs that


class Decision(msgspec.Struct, frozen=True):
    """The judgement on a pair; `reason` is empty for a link and for most pairs kept apart."""

    band: Band
    reason: Reason | None = None


_SAME_NAME: Final = frozenset(
    {NameLevel.EXACT, NameLevel.UNREADABLE, NameLevel.HOMOPHONE, NameLevel.SPELLED, NameLevel.TURNED}
)
_NEAR_NAME: Final = _SAME_NAME | {
    NameLevel.LOOK_ALIKE,
    NameLevel.SURNAME_DIFFERS,
    NameLevel.LEFT_OUT,
    NameLevel.PART_DIFFERS,
    NameLevel.LATIN_SLIP,
}
_OTHER_NAME: Final = frozenset({NameLevel.SURNAME, NameLevel.GIVEN, NameLevel.DIFFERENT})
_SAME_BIRTH: Final = frozenset({BirthLevel.EXACT, BirthLevel.SWAPPED, BirthLevel.ONE_SLIP, BirthLevel.LUNAR})
_NEAR_BIRTH: Final = _SAME_BIRTH | {BirthLevel.PLACEHOLDER, BirthLevel.MISSING}
_SAME_ID: Final = frozenset({IdLevel.EXACT, IdLevel.NEAR})
_SAME_INSURANCE: Final = frozenset({InsuranceLevel.EXACT, InsuranceLevel.NEAR})
_OF_AGE: Final = 18
#: No two births of one mother are nearer than this.
_ONE_BIRTH: Final = timedelta(days=150)
_HOUSEHOLD: Final = frozenset({HouseholdLevel.PHONE_AND_DOOR, HouseholdLevel.PHONE, HouseholdLevel.DOOR})
_FAMILY: Final = _HOUSEHOLD | {HouseholdLevel.CONTACT_PHONE}


def contradicts(levels: Levels, first: Features, second: Features) -> bool:
    """Whether the two cannot be one person, whatever else agrees.

    Two valid citizen ids that differ; two places in one multiple birth; two children under temporary names who were not
    born at one time; two names at one facility on one day; name and birth date both different, no number in common.
    """
    if levels.id is IdLevel.CONTRADICTS or _other_twin(first, second) or _at_once(levels, first, second):
        return True
    if _siblings(levels, first, second):
        return True
    unlike = levels.name in _OTHER_NAME and levels.birth is BirthLevel.DIFFERENT
    return unlike and levels.id not in _SAME_ID and levels.insurance not in _SAME_INSURANCE


def _other_twin(first: Features, second: Features) -> bool:
    known = first.birth_order and second.birth_order
    return bool(known) and first.birth_order != second.birth_order and first.born == second.born


def _siblings(levels: Levels, first: Features, second: Features) -> bool:
    """Two temporary names with births months apart: the parent is one, the children are not."""
    if not (first.newborn and second.newborn and first.born and second.born) or levels.birth in _SAME_BIRTH:
        return False
    return abs(first.born - second.born) > _ONE_BIRTH


def _at_once(levels: Levels, first: Features, second: Features) -> bool:
    same = first.registered is not None and first.registered == second.registered and first.facility == second.facility
    return same and levels.name in _OTHER_NAME | {NameLevel.PART_DIFFERS}


def decide(score: Score, first: Features, second: Features, model: Model) -> Decision:
    """Judge a pair. What must always be reviewed is never linked, however much it weighs."""
    levels = score.levels
    if same_card(first, second) and _other_person(levels):
        return Decision(Band.REVIEW, Reason.BORROWED_ID)
    if score.weight < model.review or contradicts(levels, first, second):
        return Decision(Band.APART)
    if (first.newborn is None) != (second.newborn is None):
        return Decision(Band.REVIEW, Reason.NEWBORN)
    if _twins(levels) or _boy_and_girl(levels, first, second):
        return Decision(Band.REVIEW, Reason.TWINS)
    if _weak_name(levels, first, second):
        return Decision(Band.REVIEW, Reason.WEAK_NAME)
    enough = score.weight >= model.link and not _name_alone(levels)
    return Decision(Band.LINK) if enough else Decision(Band.REVIEW, Reason.UNCERTAIN)


def clearly_apart(first: Features, second: Features) -> bool:
    """Whether two records are two persons for good and no steward need see them, as far as ids, names and births tell.
    Then `decide` keeps them apart without a reason; it is asked first because most candidates need no further look.
    """
    ids = compare_ids(first.own_id, second.own_id)
    if ids is IdLevel.CONTRADICTS:
        return True
    if ids in _SAME_ID or same_card(first, second) or compare_names_of(first, second) not in _OTHER_NAME:
        return False
    unlike = compare_births(first.born, second.born) is BirthLevel.DIFFERENT
    return unlike and compare_health_numbers(first, second) not in _SAME_INSURANCE


def same_card(first: Features, second: Features) -> bool:
    """Whether both were registered with the same citizen id, own or borrowed."""
    return first.id is not None and second.id is not None and first.id.valid and first.id.digits == second.id.digits


def _other_person(levels: Levels) -> bool:
    return levels.name not in _NEAR_NAME and levels.birth not in _NEAR_BIRTH


def _weak_name(levels: Levels, first: Features, second: Features) -> bool:
    """The names do not agree, and nothing stands in for them. Two temporary names may name either parent, if the
    household is one; in every other two children are born on one day.
    """
    if levels.name in _NEAR_NAME or (levels.name is NameLevel.MISSING and first.newborn and _related(levels)):
        return False
    # A wrong surname: nobody's parent, who would share the surname and not the given name.
    if levels.name is NameLevel.GIVEN and levels.id in _SAME_ID and levels.birth in _SAME_BIRTH:
        return False
    if levels.insurance is InsuranceLevel.EXACT and _one_household(levels) and _adult(first) and _adult(second):
        return False
    return levels.id not in _SAME_ID or levels.insurance not in _SAME_INSURANCE


def _related(levels: Levels) -> bool:
    return levels.household in _FAMILY or levels.contact is ContactLevel.EXACT


def _name_alone(levels: Levels) -> bool:
    """Nothing but the name agrees, and maybe the sex: however rare it is, that is nobody yet. The few digits that a
    masked id shows are not enough beside another birth date.
    """
    birth = levels.birth in _SAME_BIRTH or levels.birth in {BirthLevel.PLACEHOLDER, BirthLevel.YEAR}
    masked = levels.id is IdLevel.MASKED and levels.birth is not BirthLevel.DIFFERENT
    numbers = levels.id in _SAME_ID or masked or levels.insurance in _SAME_INSURANCE
    return not (birth or numbers or _related(levels) or levels.household is HouseholdLevel.PLACE)


def _one_household(levels: Levels) -> bool:
    same = levels.birth in _SAME_BIRTH and levels.sex is not SexLevel.DIFFERENT
    return same and levels.household in _HOUSEHOLD


def _adult(side: Features) -> bool:
    """Known to be of age when registered: children are also seen under the insurance of a parent."""
    return side.born is not None and side.registered is not None and side.registered.year - side.born.year > _OF_AGE


def _twins(levels: Levels) -> bool:
    """Born on one day with another given name: likelier two children than one, if half of that name or the household
    is the same. Grown twins have households of their own.
    """
    if levels.birth not in _SAME_BIRTH or levels.id in _SAME_ID or levels.insurance in _SAME_INSURANCE:
        return False
    together = levels.name is NameLevel.SURNAME and levels.household in _HOUSEHOLD
    return together or levels.name is NameLevel.PART_DIFFERS


def _boy_and_girl(levels: Levels, first: Features, second: Features) -> bool:
    """Two temporary names (王芳之子, 王芳之女): what sets twins apart before they have names."""
    return bool(first.newborn and second.newborn) and levels.sex is SexLevel.DIFFERENT
