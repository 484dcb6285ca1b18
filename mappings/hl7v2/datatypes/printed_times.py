"""Dates and times as programs print them for people, written as ISO 8601 has them.

Read are the clock of twelve hours (`下午 3:05`, `3:05 PM`), English names of months (`05-JAN-2026`, and what Java and
SQL Server print), full-width digits, clocks without zeros (`8:5:3`), and days of the week. A year of two digits and a
day that may as well be the month (`01/05/2026`) are none: nobody says which is meant.
"""

from __future__ import annotations

import re
from typing import Final
from unicodedata import normalize

#: No date is longer; blanks without end are not looked through.
_LONGEST: Final = 48
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH: Final = (
    r"(?P<name>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_WEEKDAY: Final = r"(?:(?:星期|周)[一二三四五六日天]|(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?)"
_HALF: Final = r"上午|下午|[ap]\.?m\.?"
_ZONE: Final = r"(?:z|gmt|utc)?(?P<zone>[+-]\d\d?(?::?\d\d)?)?"
_CLOCK: Final = (
    r"(?P<H>\d{1,2})\s*[:.时点]\s*(?P<M>\d{1,2})\s*(?:[:.分]\s*(?:(?P<S>\d{1,2})(?:[.,](?P<f>\d{1,9}))?\s*秒?)?)?"
)
_TIME: Final = (
    rf"(?:(?<=日)|[\s,_T-]+)(?:{_WEEKDAY}\s*)?(?P<before>{_HALF})?\s*{_CLOCK}\s*(?P<after>{_HALF})?"
    rf"\s*(?P<named>{_ZONE})"
)
_FORMS: Final = tuple(
    re.compile(form + r"\Z", re.ASCII | re.IGNORECASE)
    for form in (
        rf"(?P<Y>\d{{4}})[-/.年](?P<m>\d{{1,2}})[-/.月](?P<d>\d{{1,2}})日?(?:{_TIME})?(?:\s*{_WEEKDAY})?",
        rf"(?P<Y>\d{{4}})(?P<m>\d\d)(?P<d>\d\d){_TIME}",
        r"(?P<Y>\d{4})(?P<m>\d\d)(?P<d>\d\d)[-_](?P<H>\d\d)(?P<M>\d\d)(?P<S>\d\d)",
        rf"(?:{_WEEKDAY}\s*)?(?P<d>\d{{1,2}})[-\s]+{_MONTH}[-,\s]+(?P<Y>\d{{4}})(?:{_TIME})?",
        rf"(?:{_WEEKDAY}\s*)?{_MONTH}\s+(?P<d>\d{{1,2}})\s*,?\s+(?P<Y>\d{{4}})(?:{_TIME})?",
        # As Java prints: its CST is the zone of the machine it ran on, which is that of a time without a zone.
        rf"{_WEEKDAY}\s+{_MONTH}\s+(?P<d>\d{{1,2}})\s+{_CLOCK}\s+(?:cst|(?P<named>{_ZONE}))\s+(?P<Y>\d{{4}})",
    )
)


def printed(text: str) -> str:
    """`YYYY-MM-DD`, or `YYYY-MM-DD HH:MM[:SS[.f]][Z|±HHMM]` with the zone named; `text` if it is no such date."""
    if len(text) > _LONGEST:
        return text
    plain = normalize("NFKC", text).strip()
    for form in _FORMS:
        match = form.match(plain)
        if match is not None:
            return _written(match.groupdict(default="")) or text
    return plain if plain.isascii() else text


def _written(part: dict[str, str]) -> str:
    """ISO 8601 of the parts; "" where the clock of twelve hours has no such hour."""
    month = part.get("m") or str(_MONTHS.index(part["name"][:3].casefold()) + 1)
    date = f"{part['Y']}-{month:0>2}-{part['d']:0>2}"
    if not part.get("H"):
        return date
    hour = _hour(int(part["H"]), part.get("before") or part.get("after") or "")
    if hour is None:
        return ""
    seconds = f":{part['S']:0>2}" if part["S"] else ""
    fraction = f".{part['f']}" if part.get("f") else ""
    zone = part.get("zone") or ("Z" if part.get("named") else "")
    return f"{date} {hour:02}:{part['M']:0>2}{seconds}{fraction}{zone}"


def _hour(hour: int, half: str) -> int | None:
    """The hour of the day by the half it is in (上午 or AM, 下午 or PM); an afternoon may be told in 24 hours too."""
    if not half:
        return hour
    if half == "下午" or half[0] in "pP":
        return hour if hour >= 12 else hour + 12
    return hour % 12 if hour <= 12 else None
