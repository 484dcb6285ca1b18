"""Names of persons in China: by character, in Latin letters, and the temporary names of newborns."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import chain, islice, product, zip_longest
from typing import Final, Literal

import msgspec

from hub.kernel.pinyin import MOST_SPELLINGS, spellings
from hub.mpi.characters import UNKNOWN, fold, is_han
from hub.mpi.data_file import read_data

#: Surnames of two characters.
_COMPOUND: Final = frozenset(read_data("surnames")["compound"])
_NOTE: Final = re.compile(r"[(\[【〔].*?[)\]】〕]")
#: Between the parts of minority and foreign names.
_DOT: Final = re.compile(r"[·•.・‧∙⋅●—-]")
_PARTS: Final = re.compile(r"[·•.・‧∙⋅●—\s-]+")
_COUNTER: Final = re.compile(r"[0-9]+$|(?<![A-Z])[A-Z]$")
#: A character outside the source's charset, written as its sound in the midst of others (杜NING招).
_SOUND: Final = re.compile(r"[A-Z]{2,}")
_NEWBORN: Final = re.compile(
    r"(?P<parent>[^之的]{2,6}?)"
    r"(?:[之的](?P<place>[大小长次])?(?P<sex>[子女儿婴])|BB|B\.?B|毛毛|宝宝|毛头|小毛|(?:的)?新生儿?|婴儿|(?P<bare>婴))"
    r"(?P<order>[0-9A-D甲乙丙丁大小一二三])?"
)
_LATIN_NEWBORN: Final = re.compile(r"[\s^]B\.?B\.?[0-9A-D]?$")
_ORDERS: Final = {
    letter: str(n) for n, row in enumerate(("1A甲大长一", "2B乙小次二", "3C丙三", "4D丁"), 1) for letter in row
}
_SEXES: Final = {"子": "M", "女": "F"}

#: Written, folded, where nobody knows the name: who bears one is not one person, and may be found by all else.
NOBODYS: Final = frozenset(read_data("nobodys")["names"])

Script = Literal["han", "latin", ""]


class Name(msgspec.Struct, frozen=True, array_like=True, cache_hash=True):
    """A name, normalised.

    `full` is the whole name in folded characters, or Latin tokens joined by a space; `surname` and `given` are its
    parts (surname empty where it is not known, as in a minority name or in Latin letters). `spellings` are the ways it
    may be written in Latin letters without separators; for a Latin name the surname may stand first or last. `first` is
    the first part of a name written in parts, as of many minority and foreign names.
    """

    script: Script
    full: str
    surname: str
    given: str
    spellings: tuple[str, ...]
    first: str = ""


class Newborn(msgspec.Struct, frozen=True, array_like=True):
    """What a temporary name says (王芳之女2): the parent's name, the child's sex and place in a multiple birth."""

    parent: str
    sex: str
    order: str


NO_NAME: Final = Name("", "", "", "", ())


@lru_cache(maxsize=1 << 16)
def parse_name(text: str) -> Name:
    """Read a name. Notes in brackets and counters after a Chinese name (赵根兰2) are no part of it."""
    found = _read(_NOTE.sub("", fold(text)).strip())
    return NO_NAME if found.full in NOBODYS else found


def _read(whole: str) -> Name:
    characters = [character for character in whole if is_han(character)]
    if any(character != UNKNOWN for character in characters):
        return _han(_COUNTER.sub("", whole))
    return _latin(re.findall(r"[A-Z]+", whole))


def _han(whole: str) -> Name:
    parts = [part for part in _PARTS.split(_SOUND.sub(UNKNOWN, whole)) if part]
    full = "".join(character for part in parts for character in part if is_han(character))
    # A dotted name is a minority or foreign one: it has no surname in front.
    dotted = len(parts) > 1 and _DOT.search(whole)
    size = 0 if dotted or len(full) > 4 else 2 if full[:2] in _COMPOUND and len(full) > 2 else 1
    return Name("han", full, full[:size], full[size:], _spelled(whole, full), parts[0] if dotted else "")


def _spelled(whole: str, full: str) -> tuple[str, ...]:
    """The spellings of a name some of whose characters are written as their sound."""
    sounds = _SOUND.findall(whole)
    if len(sounds) != full.count(UNKNOWN):
        return spellings(full)
    pieces = [spellings(piece) for piece in full.split(UNKNOWN)]
    ways = islice(product(*pieces), MOST_SPELLINGS)
    return tuple(sorted({"".join(chain.from_iterable(zip_longest(way, sounds, fillvalue=""))) for way in ways}))


def _latin(tokens: list[str]) -> Name:
    if not tokens:
        return NO_NAME
    turned = {"".join(tokens), "".join((*tokens[1:], tokens[0])), "".join((tokens[-1], *tokens[:-1]))}
    return Name("latin", " ".join(tokens), "", "", tuple(sorted(turned)))


@lru_cache(maxsize=1 << 14)
def parse_newborn(text: str) -> Newborn | None:
    """What a newborn's temporary name says, or None. A bare 婴 at the end counts: it is no part of adults' names."""
    written = _NOTE.sub("", fold(text)).strip()
    found = _NEWBORN.fullmatch(re.sub(r"\s", "", written))
    # Surnames end so too (WEBB): in Latin letters the mark must stand by itself.
    if (
        not found
        or (written.isascii() and not _LATIN_NEWBORN.search(written))
        or (found["bare"] and len(found["parent"]) < 2)
    ):
        return None
    return Newborn(
        found["parent"], _SEXES.get(found["sex"] or "", ""), _ORDERS.get(found["order"] or found["place"] or "", "")
    )
