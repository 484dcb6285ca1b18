"""How often, in the words of Chinese prescriptions: `每日三次`, `3次/日`, `每8小时一次`, `隔日一次`."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

_NUMERALS: Final = str.maketrans(dict(zip("一二两三四五六七八九", "1223456789", strict=True)) | {"十": "10"})
_UNITS: Final = {
    **{"分钟": "min", "小时": "h", "日": "d", "天": "d", "晚": "d", "早": "d", "晨": "d"},
    **{"周": "wk", "星期": "wk", "月": "mo"},
}
_UNIT: Final = f"({'|'.join(_UNITS)})"
#: Period, unit and number of times; the period and the number may be left out where they are one.
_EACH: Final = re.compile(rf"[每1](\d{{0,2}})个?{_UNIT}(?:服?(\d{{1,2}})次)?\Z", re.ASCII)
_RATE: Final = re.compile(rf"(\d{{1,2}})次?[/每]{_UNIT}\Z", re.ASCII)
_ALTERNATE: Final = re.compile(r"隔(?:日|天)(?:1次)?\Z", re.ASCII)


class Frequency(NamedTuple):
    """So many times in a period (R4 Timing.repeat), the unit being UCUM's."""

    times: int
    period: int
    unit: str


@lru_cache(maxsize=1024)
def frequency_of(text: str) -> Frequency | None:
    """What the words say; None of any other text, and of no times."""
    plain = text.replace(" ", "").translate(_NUMERALS)
    found = _of_each(plain) or _of_rate(plain)
    if found is None and _ALTERNATE.match(plain):
        found = Frequency(1, 2, "d")
    return found if found is not None and found.times and found.period else None


def _of_each(text: str) -> Frequency | None:
    match = _EACH.match(text)
    if match is None or (text[0] == "1" and match[1]):
        return None
    return Frequency(int(match[3] or 1), int(match[1] or 1), _UNITS[match[2]])


def _of_rate(text: str) -> Frequency | None:
    match = _RATE.match(text)
    return Frequency(int(match[1]), 1, _UNITS[match[2]]) if match else None
