"""Dates that lie ahead of the moment a row came: nobody has been seen tomorrow. Only the next visit is yet to come.

A translation has no clock, so what the moment of receipt tells is written into the row once, and stays with it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from mappings.forms.dates import Moment, moment
from mappings.forms.formmap import FormMap
from mappings.forms.profile import Profile
from mappings.forms.questions import question_of
from mappings.forms.rows import Row

#: How far a clock of a sender may be ahead of ours.
_SLACK: Final = timedelta(minutes=15)
#: What a row may look forward to.
TO_COME: Final = "plan.next"


def seen_from(row: Row, form: FormMap, profile: Profile, received: datetime) -> Row:
    """The row with the columns named whose date was yet to come when it was `received`."""
    ahead = [name for name, text in row.cells.items() if _is_ahead(name, text, form, profile, received)]
    return replace(row, future=frozenset(ahead)) if ahead else row


def _is_ahead(column: str, text: str, form: FormMap, profile: Profile, received: datetime) -> bool:
    found = question_of(column, form, profile) if text.strip() else None
    if found is None or found[0].type != "date" or found[0].fills == TO_COME:
        return False
    stated = moment(text)
    return isinstance(stated, Moment) and _after(stated, profile.zone, received)


def _after(stated: Moment, zone: str, received: datetime) -> bool:
    """Where a time of day stands by it, else by the day (or month) where the sender is."""
    if stated.time:
        return datetime.fromisoformat(stated.date_time(zone).replace("Z", "+00:00")) > received + _SLACK
    there = received + _SLACK + timedelta(hours=int(zone[:3]), minutes=int(zone[0] + zone[4:]))
    return stated.date > there.date().isoformat()[: len(stated.date)]
