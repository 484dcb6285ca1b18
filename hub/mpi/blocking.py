"""Blocking: records that share a key are compared; all others are taken for different persons.

Each key is one way a person's records stay together when other fields are wrong. A key is a short text, so that it can
be hashed and stored; keys that begin alike up to a `|` are stored side by side (`hashes.block_key`). One that too many
records share says nothing and is skipped.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Final

from hub.kernel.pinyin import spellings
from hub.mpi.dates import digits, is_placeholder, lunar
from hub.mpi.features import PLACEHOLDER_YEARS, Features
from hub.mpi.names import Name

#: Orders of surname and two given syllables in which a Latin name may stand with the given ones exchanged.
_TURNED: Final = ((0, 2, 1), (2, 1, 0))
#: The most records one key may bring together (pairs grow with the square).
LARGEST_BLOCK: Final = 200


def keys(side: Features) -> frozenset[str]:
    """The blocking keys of a record."""
    return frozenset((*_numbers(side), *_names(side)))


def _numbers(side: Features) -> Iterator[str]:
    if side.id and not side.id.masked:
        # Birth date and sequence: survives a wrong division code, a wrong check digit and 15 digits.
        body = side.id.digits[6:17]
        yield f"id:{body}|{side.id.digits}"
        yield f"id:{body}|"
    if side.insurance:
        yield f"insurance:{side.insurance}"
    if side.card:
        yield f"card:{side.card}"
    for phone in {*side.phones, side.contact_phone} - {""}:
        yield f"phone:{phone}"


def _names(side: Features) -> Iterator[str]:
    day = digits(side.born)[4:] if side.born else ""
    for spelling in _spelled(side.name):
        if side.born:
            yield f"name:{spelling}|day:{day}"
            yield from (f"name:{spelling}|year:{year}" for year in _years(side.born))
        if side.address:
            yield f"name:{spelling}|place:{side.address.place}"
    # Where the surname is written wrong and the day of birth is not known.
    if side.address and len(side.name.given) > 1:
        yield f"given-place:{side.name.given}:{side.address.place}"
    if side.born:
        day = side.born.isoformat()
        yield from (f"day:{day}|part:{part}" for part in _parts(side.name))
        for number in side.address.numbers[-1:] if side.address else ():
            yield f"day:{day}|door:{number}"
        # Brings a newborn under a parent's name to the named child whose contact that parent is.
        parents = (*side.contact.spellings, *(side.name.spellings if side.newborn else ()))
        yield from (f"day:{day}|contact:{parent}" for parent in parents)


def _spelled(name: Name) -> Iterable[str]:
    """How a name may be written elsewhere, in Latin letters."""
    # A name of several parts is often shortened to its first; one of three syllables may have the last two exchanged.
    first = spellings(name.first) if name.first else ()
    syllables = name.full.split() if name.script == "latin" else ()
    turned = ("".join(syllables[place] for place in order) for order in _TURNED if len(syllables) == len(order))
    return (*name.spellings, *first, *turned)


def _parts(name: Name) -> Iterable[str]:
    """The surname as it sounds (either end of a name in Latin letters), and the given name."""
    if name.script == "latin":
        parts = name.full.split()
        return {parts[0], parts[-1]}
    return {*spellings(name.surname)[:1], name.given} - {""}


def _years(born: date) -> Iterable[int]:
    """The years somebody may be born in: a placeholder is a year or two off, and the Chinese year begins later."""
    away = PLACEHOLDER_YEARS if is_placeholder(born) else 0
    told = lunar(born) or (born.year,)
    return {*range(born.year - away, born.year + away + 1), told[0]}


def candidate_pairs(sides: Sequence[Features], largest: int = LARGEST_BLOCK) -> Iterator[tuple[int, int]]:
    """Every pair of places (lower first) that shares a key, once; grouped by the lower place, in order."""
    blocks = _blocks(sides, largest)
    members: dict[int, list[list[int]]] = defaultdict(list)
    for block in blocks.values():
        for place in block:
            members[place].append(block)
    for place in range(len(sides)):
        found = {other for block in members.pop(place, ()) for other in block if other > place}
        yield from ((place, other) for other in sorted(found))


def _blocks(sides: Iterable[Features], largest: int) -> Mapping[str, list[int]]:
    blocks: dict[str, list[int]] = defaultdict(list)
    for place, side in enumerate(sides):
        for key in keys(side):
            blocks[key].append(place)
    return {key: block for key, block in blocks.items() if 1 < len(block) <= largest}
