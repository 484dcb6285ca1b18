"""Telephone numbers and addresses, as far as two ways of writing them can be seen to be one."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

import msgspec

from hub.mpi.characters import fold

_COUNTRY: Final = re.compile(r"(?:00)?86(?=0?\d{10,11}$)")
_PHONE: Final = re.compile(r"1[3-9]\d{9}|0\d{2,3}\d{7,8}")
_BETWEEN: Final = re.compile(r"[,;/、]")
#: More numbers than one person has say nothing.
MOST_PHONES: Final = 5
_NUMERALS: Final = {numeral: str(n) for n, numeral in enumerate("一二三四五六七八九", 1)}
#: A numeral counts as a number only before the words that follow numbers in addresses (七幢, not 三里村).
_NUMERAL: Final = re.compile(r"([一二三四五六七八九])?(十)?([一二三四五六七八九])?(?=[组幢栋号室单楼层座])")
_NUMBER: Final = re.compile(r"\d+")
#: Characters of a place name that are compared: enough for a village, estate or road, short of the town before it.
_PLACE: Final = 3
#: How names from province to town and street office end.
_AREAS: Final = ("省", "市", "县", "旗", "州", "盟", "镇", "乡", "街道")
#: What stands before 区 in the names of estates, quarters and works; a district has any other character there.
_QUARTERS: Final = frozenset("小社园厂校院宅属活墅墓景矿林库")


@lru_cache(maxsize=1 << 14)
def parse_phone(text: str) -> str:
    """Digits of a mobile (11) or fixed number with its area code; "" for anything else, such as 不详 or 11111111111."""
    digits = _COUNTRY.sub("", re.sub(r"\D", "", fold(text)))
    return digits if _PHONE.fullmatch(digits) and len(set(digits[1:])) > 2 else ""


@lru_cache(maxsize=1 << 14)
def parse_phones(text: str) -> tuple[str, ...]:
    """The numbers of a field that holds several, each once, in their order; at most `MOST_PHONES`."""
    found = dict.fromkeys(filter(None, map(parse_phone, _BETWEEN.split(fold(text)))))
    return tuple(found)[:MOST_PHONES]


class Address(msgspec.Struct, frozen=True, array_like=True):
    """The last name before the first number (village, estate, road; its last three characters) and the numbers."""

    place: str
    numbers: tuple[str, ...]

    @property
    def is_area(self) -> bool:
        """Whether the place is a town or a larger area: a source wrote no village, estate or road."""
        return self.place.endswith(_AREAS) or (self.place[-1] == "区" and self.place[-2] not in _QUARTERS)


@lru_cache(maxsize=1 << 14)
def parse_address(text: str) -> Address | None:
    """Read an address; None if it names no place. Province to town are not looked at: sources often leave them out."""
    written = _NUMERAL.sub(_figure, re.sub(r"\s", "", fold(text)))
    first = _NUMBER.search(written)
    place = re.sub(r"[^\w]", "", written[: first.start()] if first else written)[-_PLACE:]
    if len(place) < 2:
        return None
    return Address(place, tuple(_NUMBER.findall(written)))


def _figure(found: re.Match[str]) -> str:
    tens, ten, units = found.groups()
    if not ten:
        return _NUMERALS.get(tens or units or "", "")
    return str(10 * int(_NUMERALS.get(tens or "", "1")) + int(_NUMERALS.get(units or "", "0")))


def same_door(first: Address, second: Address) -> bool:
    """Same place, and the numbers of one are among the other's in order (staircase or group may be left out)."""
    fewer, more = sorted((first.numbers, second.numbers), key=len)
    rest = iter(more)
    return first.place == second.place and bool(fewer) and all(number in rest for number in fewer)
