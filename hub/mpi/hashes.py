"""The 64-bit numbers under which the index keeps blocking keys and counts, and by which writers wait for each other."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from hub.mpi.dates import digits
from hub.mpi.features import Features

#: Bits of a blocking key that tell it from others of its group.
_OWN_BITS: Final = 40
_OWN: Final = (1 << _OWN_BITS) - 1


def hash64(text: str) -> int:
    """64 bits of BLAKE2b over UTF-8, signed as PostgreSQL's bigint. A collision costs a comparison, no mistake."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), signed=True)


def block_key(text: str) -> int:
    """The number of a blocking key. What stands before a `|` makes the upper 24 bits, the whole makes the others: keys
    of one name or one day stand side by side in the index, and a source touches half the pages it would.
    """
    group, bar, _ = text.partition("|")
    whole = hash64(text)
    return _upper(group) | (whole & _OWN) if bar else whole


@lru_cache(maxsize=1 << 10)
def _upper(group: str) -> int:
    """The upper bits of the keys of a group; a record has several of each."""
    return hash64(group) >> _OWN_BITS << _OWN_BITS


def name_key(full: str) -> str:
    """Under what a Chinese name is counted."""
    return f"count-name:{full}"


def spelling_key(spelling: str) -> str:
    """Under what a spelling is counted."""
    return f"count-spelling:{spelling}"


def counted(side: Features) -> Iterator[str]:
    """What a record adds to the counts, as `frequencies.count` counts it."""
    if side.name.script == "han":
        yield name_key(side.name.full)
    yield from map(spelling_key, side.name.spellings)


def claims(side: Features) -> Iterator[str]:
    """The values two records of one new person have in common, if anything would link them at all: citizen id (its
    birth date and sequence), insurance, health card, telephone, or name and day of birth. Writers of one of them wait
    for each other, so that the second sees what the first made.
    """
    if side.id and not side.id.masked:
        yield f"body:{side.id.digits[6:17]}"
    yield from (f"insurance:{number}" for number in (side.insurance,) if number)
    yield from (f"card:{number}" for number in (side.card,) if number)
    yield from (f"phone:{number}" for number in {*side.phones, side.contact_phone} if number)
    if side.born:
        day = digits(side.born)[4:]
        yield from (f"name-day:{spelling}:{day}" for spelling in side.name.spellings)
