"""FHIR dates and times as HL7 v2 TS, DT and TM: the stated precision, in the receiver's zone, with its offset."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from mappings.hl7v2.datatypes.times import zone_of

_FRACTION: Final = re.compile(r"\.(\d+)")


def timestamp(text: str, zone: str) -> str:
    """TS of a FHIR date, dateTime or instant; the same instant, told in `zone`. "" for what is none."""
    if "T" not in text:
        return text.replace("-", "")
    try:
        moment = datetime.fromisoformat(_FRACTION.sub("", text))
    except ValueError:
        return ""
    fraction = _FRACTION.search(text)
    said = f".{fraction[1][:4]}" if fraction else ""
    return of_instant(moment, zone, said)


def of_instant(moment: datetime, zone: str, fraction: str = "") -> str:
    """TS of an aware datetime, to the second and `fraction`."""
    return moment.astimezone(zone_of(zone)).strftime(f"%Y%m%d%H%M%S{fraction}%z")


def date(text: str, _: str = "") -> str:
    """DT: the day of a date or time as it is stated."""
    return text.partition("T")[0].replace("-", "")


def clock(text: str) -> str:
    """TM of a FHIR time."""
    return text.replace(":", "")
