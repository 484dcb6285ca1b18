"""Dates and times (DA, TM, DT; PS3.5 6.2) to FHIR's, with the zone the object states, else the one of its sender."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from mappings.dicom.item import Item

#: The older form of a date is `1997.04.24`, of a time `14:04:38`.
_DATE: Final = re.compile(r"([12]\d{3})[.\-/]?(\d{2})[.\-/]?(\d{2})", re.ASCII)
_TIME: Final = re.compile(r"(\d{2}):?(\d{2})?:?(\d{2})?(\.\d{1,6})?\Z", re.ASCII)
_DATE_TIME: Final = re.compile(r"(\d{8})(\d{2,6}(?:\.\d{1,6})?)?([+-]\d{4})?\Z", re.ASCII)
_OFFSET: Final = re.compile(r"([+-])(\d{2})(\d{2})\Z", re.ASCII)


def day(text: str) -> str:
    """A date as FHIR writes it; "" if it is none."""
    found = _DATE.fullmatch(text)
    if found is None:
        return ""
    try:
        return date(*map(int, found.groups())).isoformat()
    except ValueError:
        return ""


def date_time(date_text: str, time_text: str, zone: str) -> str:
    """A dateTime; a date alone where the time is missing or no time. "" if the date is none."""
    on = day(date_text)
    time = _TIME.match(time_text)
    if not on or time is None:
        return on
    hour, minute, second, fraction = time.groups()
    if minute is None or int(hour) > 23 or int(minute) > 59 or int(second or 0) > 59:
        return on
    return f"{on}T{hour}:{minute}:{second or '00'}{fraction or ''}{zone}"


def at(item: Item, date_keyword: str, time_keyword: str, zone: str) -> str:
    """The dateTime of a date and a time element."""
    return date_time(item.text(date_keyword), item.text(time_keyword), zone)


def instant(text: str, zone: str) -> str:
    """The dateTime of a DT; "" if it is none."""
    found = _DATE_TIME.match(text)
    if found is None:
        return ""
    return date_time(found[1], found[2] or "", offset(found[3] or "") or zone)


def offset(text: str) -> str:
    """A zone as FHIR writes it (`+08:00`); "" if it is none."""
    found = _OFFSET.match(text)
    if found is None or int(found[2]) > 14 or int(found[3]) > 59:
        return ""
    return f"{found[1]}{found[2]}:{found[3]}"
