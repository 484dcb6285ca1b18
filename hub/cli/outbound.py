"""`yilian outbound`: which hospital systems are sent to, what did not arrive; send again. No patient data."""

from __future__ import annotations

import asyncio
import dataclasses
import os
from collections.abc import Awaitable, Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from hub.bootstrap.outbound import outbound_desk
from hub.cli.listing import AsJson, print_json, print_table
from hub.kernel.errors import Category, HubError
from hub.kernel.settings import Settings
from hub.outbound.desk import OutboundDesk
from hub.run.installation import database_of
from hub.run.instances import data_folder, registry

app = typer.Typer(no_args_is_help=True, help="What is sent to hospital systems, and what did not arrive; send again.")

T = TypeVar("T")
Feed = Annotated[str | None, typer.Option(help="Only of this feed.")]
Data = Annotated[Path | None, typer.Option(help="Data folder of the hub.")]
Url = Annotated[str | None, typer.Option(help="The database instead (postgresql://...).")]


class State(StrEnum):
    """Where an outbound message stands."""

    WAITING = "waiting"
    DONE = "done"
    DEAD = "dead"


@app.command()
def feeds(data: Data = None, url: Url = None, as_json: AsJson = False) -> None:
    """List outbound feeds: how their receivers fare, and what waits, arrived and was laid aside."""
    found = _run(data, url, lambda desk: desk.feeds())
    _print(found, ("name", "waiting", "done", "dead", "error", "tries", "due", "contact"), as_json=as_json)


@app.command("list")
def list_(
    feed: Feed = None,
    state: Annotated[State | None, typer.Option(help="Only in this state.")] = None,
    limit: Annotated[int, typer.Option(help="At most so many, newest first.")] = 100,
    before: Annotated[int | None, typer.Option(help="Only messages with a lower number.")] = None,
    data: Data = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """List messages, newest first."""
    found = _run(data, url, lambda desk: desk.messages(feed=feed, state=state, before=before, limit=limit))
    _print(found, ("number", "happened", "feed", "kind", "state", "error", "tries", "due", "control"), as_json=as_json)


@app.command()
def show(
    number: Annotated[int, typer.Argument(help="Number of the message.")],
    data: Data = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Show where one message stands. Its content is not kept: it is made anew, and judged, whenever it is sent."""
    seen = dataclasses.asdict(_run(data, url, lambda desk: desk.message(number)))
    if as_json:
        print_json(seen)
        return
    for name, value in seen.items():
        typer.echo(f"{name:<14}{'-' if value in (None, '') else value}")


@app.command()
def resend(
    numbers: Annotated[list[int] | None, typer.Argument(help="Numbers of dead letters; none: by --feed.")] = None,
    feed: Annotated[str | None, typer.Option(help="All dead letters of this feed.")] = None,
    data: Data = None,
    url: Url = None,
) -> None:
    """Send dead letters again, as they may be told now; a receiver that was away is tried at once."""
    if not (numbers or feed):
        raise HubError(Category.INVALID, "nothing was chosen", todo="name numbers, or --feed")
    typer.echo(_run(data, url, lambda desk: desk.resend(numbers or [], feed)))


def _run(data: Path | None, url: str | None, work: Callable[[OutboundDesk], Awaitable[T]]) -> T:
    async def run() -> T:
        async with outbound_desk(url or _database(data)) as desk:
            return await work(desk)

    return asyncio.run(run())


def _database(data: Path | None) -> str:
    settings = Settings.load(os.environ)
    return database_of(data or data_folder(registry(os.environ), None, settings.data_dir), settings)


def _print(found: Sequence[Any], columns: Sequence[str], *, as_json: bool) -> None:
    if as_json:
        print_json([dataclasses.asdict(one) for one in found])
        return
    print_table(columns, ([getattr(one, column) for column in columns] for one in found))
