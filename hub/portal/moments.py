"""Instants as the reader sees them: the wall clock of the consortium, which is China's."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from hub.fhir.temporal import CHINA

_MIDNIGHT: Final = "00:00"


def day(moment: datetime) -> str:
    """`2026-03-03`."""
    return moment.astimezone(CHINA).strftime("%Y-%m-%d")


def clock(moment: datetime) -> str:
    """`11:00`; empty at midnight, which is how a date without a time is kept."""
    shown = moment.astimezone(CHINA).strftime("%H:%M")
    return "" if shown == _MIDNIGHT else shown


def minute(moment: datetime) -> str:
    """`2026-03-03 11:00`, or the day alone."""
    return f"{day(moment)} {clock(moment)}".rstrip()


def parsed_date(text: str) -> date | None:
    """A full FHIR date; None for anything else."""
    try:
        return date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None


def completed_years(born: date, on: date) -> int:
    """Age in completed years; born on 29 February, the year is completed on 1 March (consent rules, section 9a)."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))
