"""`/api/feeds/{id}/report` and `/changes`: what became of the fields of a feed, over time. Never content."""

from __future__ import annotations

import dataclasses
from typing import Final, cast, get_args

from hub.api.asked import ENGINEERS, EngineerOf, day, flag, number, parameter
from hub.api.json_doors import Asking, Door, Told
from hub.pipeline.reports import Outcome, Reports, Window

_PATH: Final = "/api/feeds/{id}"


def report_doors(reports: Reports, engineer: EngineerOf) -> list[Door]:
    """The report of a feed, and what an edition of its profile changed."""

    async def report(ask: Asking) -> Told:
        window = Window(
            feed=ask.id,
            since=day(ask, "since"),
            until=day(ask, "until"),
            outcome=parameter(ask, "outcome", _outcome, f"one of {', '.join(get_args(Outcome))}"),
            position=ask.query.get("position"),
            daily=parameter(ask, "daily", flag, "true or false") or False,
        )
        return Told(body=dataclasses.asdict(await reports.report(window, engineer(ask))))

    async def changes(ask: Asking) -> Told:
        edition = parameter(ask, "edition", number, "a number")
        return Told(body=dataclasses.asdict(await reports.changes(ask.id, engineer(ask), edition=edition)))

    return [
        Door(
            method="GET",
            path=_PATH + "/report",
            summary="What became of each source position of a feed, how often, and since when",
            roles=ENGINEERS,
            handle=report,
            gives="ConversionReport",
            query={
                "since": "From this day of receipt on (+08:00)",
                "until": "To this day, included",
                "outcome": "mapped, carried or refused",
                "position": "Only positions that begin so (ZPD, PID-3)",
                "daily": "true: a line for each day",
            },
        ),
        Door(
            method="GET",
            path=_PATH + "/changes",
            summary="What an edition of a feed's profile changed against the one before it",
            roles=ENGINEERS,
            handle=changes,
            gives="ConversionChanges",
            query={"edition": "Its number; none: the newest"},
        ),
    ]


def _outcome(text: str) -> Outcome:
    if text not in get_args(Outcome):
        raise ValueError
    return cast("Outcome", text)
