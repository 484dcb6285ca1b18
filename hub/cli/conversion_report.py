"""`yilian messages report`: what became of the fields of a feed, over time; what a change of its profile changed."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from enum import StrEnum
from typing import Annotated

import typer

from hub.cli.desk import Data, at_desk, me
from hub.cli.listing import AsJson, print_json, print_table
from hub.kernel.errors import Category, HubError
from hub.pipeline.reports import Changed, Changes, FeedEdition, Line, Report, Window

_DAY = ["%Y-%m-%d"]


class OutcomeOption(StrEnum):
    """What may become of a field."""

    MAPPED = "mapped"
    CARRIED = "carried"
    REFUSED = "refused"


def report(
    feed: Annotated[str, typer.Option(help="Name of the feed.")],
    since: Annotated[datetime | None, typer.Option(formats=_DAY, help="From this day of receipt on (+08:00).")] = None,
    until: Annotated[datetime | None, typer.Option(formats=_DAY, help="To this day, included.")] = None,
    outcome: Annotated[OutcomeOption | None, typer.Option(help="Only what became of fields in this way.")] = None,
    position: Annotated[str | None, typer.Option(help="Only positions that begin so (ZPD, PID-3).")] = None,
    daily: Annotated[bool, typer.Option("--daily", help="A line for each day.")] = False,
    changes: Annotated[bool, typer.Option("--changes", help="What the newest profile changed instead.")] = False,
    edition: Annotated[int | None, typer.Option(help="With --changes: the edition to compare with its last.")] = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """What became of each field of a feed's messages, how often, and since when."""
    if changes:
        if since or until or outcome or position or daily:
            raise HubError(Category.INVALID, "does not go with a window", where="--changes", todo="give --feed alone")
        told = at_desk(data, lambda desk: desk.reports.changes(feed, me(), edition=edition))
        print_json(dataclasses.asdict(told)) if as_json else _print_changes(told)
        return
    window = Window(
        feed=feed,
        since=since.date() if since else None,
        until=until.date() if until else None,
        outcome=outcome.value if outcome else None,
        position=position,
        daily=daily,
    )
    found = at_desk(data, lambda desk: desk.reports.report(window, me()))
    print_json(dataclasses.asdict(found)) if as_json else _print_report(found)


def _print_report(found: Report) -> None:
    print_table(
        ("position", "outcome", "target or reason", "messages", "leaves", "since", "last"),
        (
            (line.position, line.outcome, _what(line), line.messages, line.leaves, line.first, line.last)
            for line in found.lines
        ),
    )
    typer.echo(f"{found.messages} messages")


def _print_changes(told: Changes) -> None:
    typer.echo(f"before  {_edition(told.before)}")
    typer.echo(f"now     {_edition(told.after)}\n")
    print_table(
        ("position", "outcome", "target or reason", "messages before", "now"),
        ((line.position, line.outcome, _what(line), line.before, line.after) for line in told.lines),
    )


def _what(line: Line | Changed) -> str:
    return ", ".join(line.targets) or line.reason


def _edition(edition: FeedEdition | None) -> str:
    if edition is None:
        return "-"
    since = edition.since.astimezone().isoformat(" ", "seconds")
    return f"edition {edition.number}: profile {edition.profile} since {since}, {edition.messages} messages"
