"""Names compared by character and by sound."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from hub.mpi.characters import UNKNOWN, same_sound
from hub.mpi.levels import NameLevel
from hub.mpi.names import Name
from hub.mpi.shapes import look_alike

#: What a nickname puts before the last character of the given name.
_NICKNAMES: Final = "阿小"
_Same = Callable[[str, str], bool]


def compare_names(first: Name, second: Name) -> NameLevel:
    """The level of two names; symmetric."""
    if not first.full or not second.full:
        return NameLevel.MISSING
    if first.script == second.script and first.full == second.full and UNKNOWN not in first.full:
        return NameLevel.EXACT
    if first.script == "latin" or second.script == "latin":
        return _spelled(first, second)
    return _han(first, second)


def _spelled(first: Name, second: Name) -> NameLevel:
    if any(spelling in second.spellings for spelling in first.spellings):
        return NameLevel.SPELLED
    if not first.spellings or not second.spellings:
        return NameLevel.MISSING
    return NameLevel.DIFFERENT


def _han(first: Name, second: Name) -> NameLevel:
    one, other = first.full, second.full
    if len(one) == len(other):
        if UNKNOWN in one or UNKNOWN in other:
            return NameLevel.UNREADABLE if _all(_readable_same, one, other) else NameLevel.DIFFERENT
        if _all(same_sound, one, other):
            return NameLevel.HOMOPHONE
        if _one_look_alike(one, other):
            return NameLevel.LOOK_ALIKE
        if len(one) > 2 and sorted(one) == sorted(other):
            return NameLevel.TURNED
    return _parts(first, second)


def _parts(first: Name, second: Name) -> NameLevel:
    if len(first.given) >= 2 and first.given == second.given:
        return NameLevel.SURNAME_DIFFERS
    if not first.surname or not second.surname:
        return NameLevel.LEFT_OUT if _minority_part(first, second) else NameLevel.DIFFERENT
    if not _all(same_sound, first.surname, second.surname):
        return NameLevel.DIFFERENT
    return _given(first.given, second.given)


def _given(one: str, other: str) -> NameLevel:
    if len(one) == len(other):
        if len(one) < 2 or not any(map(same_sound, one, other)):
            return NameLevel.SURNAME
        return NameLevel.LEFT_OUT if _nickname(one, other) or _nickname(other, one) else NameLevel.PART_DIFFERS
    shorter, longer = sorted((one, other), key=len)
    kept = any(same_sound(character, shorter[-1:]) for character in longer)
    return NameLevel.LEFT_OUT if shorter and kept else NameLevel.SURNAME


def _nickname(one: str, other: str) -> bool:
    return one[0] in _NICKNAMES and one[0] != other[0] and same_sound(one[-1], other[-1])


def _minority_part(first: Name, second: Name) -> bool:
    """A minority name without its patronymic, or with one character written differently."""
    shorter, longer = sorted((first.full, second.full), key=len)
    if len(shorter) == len(longer):
        return sum(map(_readable_same, shorter, longer)) >= len(shorter) - 1 and len(shorter) > 3
    return len(shorter) >= 2 and longer.startswith(shorter)


def _one_look_alike(one: str, other: str) -> bool:
    unlike = [pair for pair in zip(one, other, strict=True) if not same_sound(*pair)]
    return len(unlike) == 1 < len(one) and look_alike(*unlike[0])


def _readable_same(one: str, other: str) -> bool:
    return UNKNOWN in (one, other) or same_sound(one, other)


def _all(same: _Same, one: str, other: str) -> bool:
    return len(one) == len(other) and all(map(same, one, other))
