"""`yilian feeds`: how each incoming feed is."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from hub.bootstrap.watched_feeds import opened_feeds
from hub.cli.desk import AsJson, Data, foundation_of, print_json
from hub.fhir.temporal import CHINA
from hub.pipeline.feeds import WatchedFeed
from hub.pipeline.health import Colour

#: What stands for a colour in a terminal.
_STYLES = {Colour.BLUE: "blue", Colour.YELLOW: "yellow", Colour.RED: "bold red"}


def feeds(
    data: Data = None,
    as_json: AsJson = False,
    check: Annotated[bool, typer.Option("--check", help="Exit with 1 if a feed is red.")] = False,
) -> None:
    """List incoming feeds: blue, yellow or red and why; what came in the last hour and day, what waits, is dead."""
    found = asyncio.run(_seen(data))
    if as_json:
        print_json([one.as_json() for one in found])
    else:
        _print(found)
    if check and any(one.colour is Colour.RED for one in found):
        raise typer.Exit(1)


async def _seen(data: Data) -> list[WatchedFeed]:
    async with opened_feeds(foundation_of(data, "feeds")) as watched:
        return await watched.all()


def _print(found: list[WatchedFeed]) -> None:
    table = Table("feed", "state", "last", "hour", "day", "waits", "dead", "why", box=None)
    for one in found:
        figures, why = one.figures, "\n".join(finding.text for finding in one.findings)
        numbers = (figures.hour, figures.day, figures.waits, figures.dead)
        table.add_row(
            one.feed.name, one.colour, _clock(figures.last), *map(str, numbers), why, style=_STYLES[one.colour]
        )
    Console().print(table)


def _clock(moment: datetime | None) -> str:
    return "-" if moment is None else moment.astimezone(CHINA).strftime("%Y-%m-%d %H:%M")
