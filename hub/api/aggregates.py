"""`/api/aggregates`: counts of persons for those who may have no record of any (consent rules, form `aggregate`)."""

from __future__ import annotations

from typing import Final

from hub.api.json_doors import Asking, Door, Told
from hub.gate.aggregates import AggregateWay

PATH: Final = "/api/aggregates"


def aggregate_doors(way: AggregateWay) -> list[Door]:
    """The one door of counts."""

    async def count(ask: Asking) -> Told:
        return Told(body=await way.count(ask.actor, ask.body, origin=ask.origin))

    return [
        Door(
            method="POST",
            path=PATH,
            summary="Count the persons with something a search finds, divided by sex, age, facility, month or code",
            roles=("regional-centre", "researcher", "enterprise"),
            handle=count,
            takes="AggregateQuery",
            gives="Aggregate",
        )
    ]
