"""The citizen id (GB 11643-1999): division code 6, birth date 8, sequence 3 (odd: male), check digit 1."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import Final

import msgspec
from msgspec.structs import replace

from hub.kernel.citizen_id import check_digit
from hub.mpi.characters import fold, is_filler

_BETWEEN: Final = re.compile(r"[\s-]")
_SHORT: Final = re.compile(r"\d{15}", re.ASCII)
_FULL: Final = re.compile(r"\d{17}[\dX]", re.ASCII)
#: A division code and zeros, or the like: typed to fill the field. Whoever was born on 2011-11-11 may bear such a run.
_RUN: Final = re.compile(r"(\d)\1{7}")
_MASKED: Final = re.compile(r"\d{3,17}[?]{3,}[\dX]{0,4}")


class CitizenId(msgspec.Struct, frozen=True):
    """`digits`: 18 characters where they could be made, else what was written (`?` where masked).

    `valid`: the check digit and the birth date hold. `birth` and `sex` are what a valid id says. `short`: written with
    15 digits, so that no check digit speaks for it; `written` is what was read.
    """

    digits: str
    valid: bool = False
    masked: bool = False
    birth: date | None = None
    sex: str = ""
    short: bool = False

    @property
    def written(self) -> str:
        return self.digits[:6] + self.digits[8:17] if self.short else self.digits


def parse_citizen_id(text: str) -> CitizenId | None:
    """Read an id. One of 15 digits is widened to 18; what is no id at all (passports, words, 111111111111111) gives
    None.
    """
    return read_written(_BETWEEN.sub("", fold(text)))


@lru_cache(maxsize=1 << 14)
def read_written(written: str) -> CitizenId | None:
    """The same of an id as `CitizenId.written` has it."""
    if is_filler(written[:-1]):
        return None
    # First, since nearly every id is one: each candidate of a registration is read.
    if _FULL.fullmatch(written):
        return _full(written)
    if _MASKED.fullmatch(written):
        return CitizenId(written, masked=True)
    if _SHORT.fullmatch(written):
        body = written[:6] + "19" + written[6:]
        found = _full(body + check_digit(body))
        return replace(found, short=True) if found else None
    return CitizenId(written) if 14 <= len(written) <= 20 and written[:13].isdigit() else None


def _full(digits: str) -> CitizenId | None:
    birth = _birth(digits)
    if birth is None or birth.year < 1850 or check_digit(digits[:17]) != digits[17]:
        return None if _RUN.search(digits) else CitizenId(digits)
    return CitizenId(digits, valid=True, birth=birth, sex="M" if int(digits[16]) % 2 else "F")


def _birth(digits: str) -> date | None:
    try:
        return date(int(digits[6:10]), int(digits[10:12]), int(digits[12:14]))
    except ValueError:
        return None


def masks(first: CitizenId, second: CitizenId) -> bool:
    """Whether two ids of which one at least is masked may be one: the digits that both show at either end agree."""
    (one, end), (other, last) = _shown(first), _shown(second)
    front, back = min(len(one), len(other)), shown_last(first, second)
    return one[:front] == other[:front] and end[len(end) - back :] == last[len(last) - back :]


def shown_last(first: CitizenId, second: CitizenId) -> int:
    """How many of the last digits both show: the sequence and the check digit, which tell persons apart."""
    return min(len(_shown(first)[1]), len(_shown(second)[1]))


def _shown(told: CitizenId) -> tuple[str, str]:
    """The digits before what is masked, and those after it."""
    return told.digits.partition("?")[0], told.digits.rpartition("?")[2]
