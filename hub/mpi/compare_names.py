"""Names compared by character and by sound."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import chain, islice, product
from typing import Final

from hub.kernel.pinyin import MOST_SPELLINGS, spellings
from hub.mpi.characters import UNKNOWN, same_sound
from hub.mpi.levels import NameLevel
from hub.mpi.names import Name
from hub.mpi.shapes import distance, look_alike

#: What a nickname puts before the last character of the given name.
_NICKNAMES: Final = "阿小"
_Same = Callable[[str, str], bool]


@lru_cache(maxsize=1 << 16)
def compare_names(first: Name, second: Name) -> NameLevel:
    """The level of two names; symmetric. Records of one person or family bring the same two again and again."""
    if not first.full or not second.full:
        return NameLevel.MISSING
    if first.script == second.script and first.full == second.full and UNKNOWN not in first.full:
        return NameLevel.EXACT
    if first.script == "latin" or second.script == "latin":
        return _spelled(first, second)
    return _han(first, second)


def _spelled(first: Name, second: Name) -> NameLevel:
    """One at least is in Latin letters; Latin names have no parts, so the other's parts are spelled out."""
    latin, other = (first, second) if first.script == "latin" else (second, first)
    if other.script == "han" and UNKNOWN in other.full:
        return NameLevel.UNREADABLE if _may_be_spelled(latin, other.full) else NameLevel.DIFFERENT
    if any(spelling in other.spellings for spelling in latin.spellings):
        return NameLevel.SPELLED
    if not latin.spellings or not other.spellings:
        return NameLevel.MISSING
    if other.script == "han":
        if not _turned(other).isdisjoint(latin.spellings):
            return NameLevel.TURNED
        if not _shortened(other).isdisjoint(latin.spellings):
            return NameLevel.LEFT_OUT
    if other.script == "latin":
        return _latin_parts(first.full.split(), second.full.split())
    return NameLevel.LATIN_SLIP if _slip(latin.spellings, other.spellings) else NameLevel.DIFFERENT


def _latin_parts(some: Sequence[str], others: Sequence[str]) -> NameLevel:
    """Names in Latin letters part by part, in any order: how many parts of the shorter name the other has."""
    fewer, more = sorted((some, others), key=lambda parts: (len(parts), parts))
    kept = [part for part in fewer if part in more]
    rest = [part for part in more if part not in fewer]
    near = [part for part in fewer if part not in more and _slip([part], rest)]
    if len(kept) + len(near) < len(fewer):
        return NameLevel.SURNAME if kept else NameLevel.DIFFERENT
    return NameLevel.LATIN_SLIP if near else NameLevel.LEFT_OUT


def _may_be_spelled(latin: Name, full: str) -> bool:
    """Whether a Latin name may be this one, each unknown character being any syllable."""
    pieces = full.split(UNKNOWN)
    if not any(pieces):
        return False
    ways = product(*(spellings(piece) or ("",) if piece else ("",) for piece in pieces))
    wanted = [re.compile("[A-Z]{0,6}".join(way)) for way in islice(ways, MOST_SPELLINGS)]
    return any(pattern.fullmatch(spelling) for pattern in wanted for spelling in latin.spellings)


@lru_cache(maxsize=1 << 16)
def _turned(name: Name) -> frozenset[str]:
    """Spellings of a name of three characters with the given ones exchanged."""
    return frozenset(spellings(name.surname + name.given[::-1])) if len(name.given) == 2 else frozenset()


@lru_cache(maxsize=1 << 16)
def _shortened(name: Name) -> frozenset[str]:
    """Spellings of a name with one given character left out, or a nickname's before the last."""
    if name.first:
        return frozenset(spellings(name.first))
    if len(name.given) != 2:
        return frozenset()
    forms = (*name.given, *(nickname + name.given[-1] for nickname in _NICKNAMES))
    return frozenset(chain.from_iterable(spellings(name.surname + form) for form in forms))


def _slip(some: Iterable[str], others: Sequence[str]) -> bool:
    """One letter in four differs, at most three; or two letters changed places."""
    return any(_near(one, other) for one in some for other in others if abs(len(one) - len(other)) <= 3)


def _near(one: str, other: str) -> bool:
    away = distance(one, other)
    return away <= min(3, len(one) // 4) or (away == 2 < len(one) and sorted(one) == sorted(other))


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
        return NameLevel.GIVEN if first.given == second.given and first.given else NameLevel.DIFFERENT
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
