"""Files that were sent, in the audit trail."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from unittest.mock import Mock

import pytest

from hub.audit.entry import Entry, Origin, Outcome
from hub.audit.trail import Trail
from hub.kernel.clock import fixed_clock
from hub.kernel.errors import Category, HubError
from hub.records.deliveries import Deliveries
from tests.api.house import actor

ORIGIN = Origin(address="10.0.0.7", request="a-1")


def told(away: int, messages: range) -> list[Entry]:
    """What a trail has that is away for the first tries."""
    kept: list[Entry] = []
    tries = iter(range(away))

    async def record(entry: Entry) -> None:
        if next(tries, None) is not None:
            raise HubError(Category.UNAVAILABLE, "away")
        kept.append(entry)

    trail = Mock(spec=Trail, record=record)
    sent = Deliveries(trail, fixed_clock(datetime(2026, 3, 2, tzinfo=UTC)))
    asyncio.run(sent.taken(actor("F04", "feed"), ORIGIN, "F04-http", messages))
    asyncio.run(sent.refused(actor("F04", "feed"), ORIGIN, "", "no-feed"))
    return kept


def test_who_sent_which_messages_and_who_was_refused_is_told() -> None:
    taken, refused = told(0, range(7, 9))
    assert (taken.query, taken.outcome) == ("file=taken&feed=F04-http&messages=7%2C8", Outcome.RELEASED)
    assert (taken.requester.organization, taken.origin) == ("F04", ORIGIN)
    assert (refused.query, refused.reason, refused.outcome) == ("file=refused", "no-feed", Outcome.REFUSED)
    many, _ = told(0, range(100, 600))
    assert many.query == "file=taken&feed=F04-http&count=500&first=100&last=599"


def test_a_trail_that_is_away_for_a_moment_costs_no_delivery_and_one_that_stays_away_does() -> None:
    assert len(told(2, range(1))) == 2
    with pytest.raises(HubError):
        told(3, range(1))
