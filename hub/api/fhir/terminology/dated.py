"""The terminology as an operation asks for it: of today, or as it was on a `date`."""

from __future__ import annotations

from hub.api.fhir.terminology.given import Given, unreadable
from hub.api.services import Services
from hub.fhir.temporal import TICK, interval
from hub.kernel.errors import HubError
from terminology.service import Terminology


def of_its_time(services: Services, asked: Given) -> Terminology:
    """As it was in force at the end of the day, month or year that is named, which may not be over yet.

    Raises HubError UNREADABLE for what is no date, or one that is to come.
    """
    text = asked.text("date")
    if not text:
        return services.terminology
    try:
        first, after = interval(text)
    except HubError:
        raise unreadable("date", "is no date") from None
    now = services.clock()
    if first > now:
        raise unreadable("date", "is to come")
    return services.terminology if after is None or after > now else services.terminology.at(after - TICK)
