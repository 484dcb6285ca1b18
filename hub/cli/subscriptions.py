"""`yilian subscriptions`: who is told of what, what did not arrive; send again, switch off. No patient data."""

from __future__ import annotations

import asyncio
import dataclasses
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from hub.bootstrap.events import events_desk
from hub.cli.listing import AsJson, print_json, print_table
from hub.events.desk import EventsDesk, Seen
from hub.kernel.settings import Settings
from hub.run.installation import database_of
from hub.run.instances import data_folder, registry

app = typer.Typer(no_args_is_help=True, help="Who is told of what, and what did not arrive; send again, switch off.")

T = TypeVar("T")
Id = Annotated[str, typer.Argument(help="Id of the subscription.")]
Data = Annotated[Path | None, typer.Option(help="Data folder of the hub.")]
Url = Annotated[str | None, typer.Option(help="The database instead (postgresql://...).")]


@app.command("list")
def list_(data: Data = None, url: Url = None, as_json: AsJson = False) -> None:
    """List subscriptions with what waits, is on its way, and was laid aside."""
    found = _run(data, url, lambda desk: desk.listed())
    if as_json:
        print_json([dataclasses.asdict(seen) for seen in found])
        return
    columns = ("id", "organization", "topic", "channel", "host", "status", "error", "told", "waiting", "open", "dead")
    print_table(columns, ([_short(seen, column) for column in columns] for seen in found))


@app.command()
def show(subscription: Id, data: Data = None, url: Url = None, as_json: AsJson = False) -> None:
    """Show where one stands."""
    seen = dataclasses.asdict(_run(data, url, lambda desk: desk.shown(subscription)))
    if as_json:
        print_json(seen)
        return
    for name, value in seen.items():
        typer.echo(f"{name:<14}{'-' if value in (None, '') else value}")


@app.command()
def resend(subscription: Id, data: Data = None, url: Url = None) -> None:
    """Send again what was laid aside, then what waits; after an error with a new handshake."""
    typer.echo(_run(data, url, lambda desk: desk.resend(subscription)))


@app.command()
def off(subscription: Id, data: Data = None, url: Url = None) -> None:
    """Switch a subscription off: its owner is gone, or its receiver must not be told."""
    _run(data, url, lambda desk: desk.switch_off(subscription))


def _run(data: Path | None, url: str | None, work: Callable[[EventsDesk], Awaitable[T]]) -> T:
    async def run() -> T:
        async with events_desk(url or _database(data)) as desk:
            return await work(desk)

    return asyncio.run(run())


def _database(data: Path | None) -> str:
    settings = Settings.load(os.environ)
    return database_of(data or data_folder(registry(os.environ), None, settings.data_dir), settings)


def _short(seen: Seen, column: str) -> str:
    value = str(getattr(seen, column))
    return value.rpartition("/")[2] if column == "topic" else value
