"""`yilian feeds`: how each incoming feed is."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from hub.bootstrap.watched_feeds import opened_feeds
from hub.cli.desk import Data, foundation_of
from hub.cli.listing import AsJson, print_json, print_table
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
    names = ("feed", "state", "last", "hour", "day", "waits", "dead", "why")
    print_table(names, map(_row, found), styles=(_STYLES[one.colour] for one in found))


def _row(one: WatchedFeed) -> tuple[object, ...]:
    figures, why = one.figures, "\n".join(finding.text for finding in one.findings)
    return one.feed.name, one.colour, figures.last, figures.hour, figures.day, figures.waits, figures.dead, why
