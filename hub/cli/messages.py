"""`yilian messages`: what became of every message; show, repair, replay."""

from __future__ import annotations

import dataclasses
import getpass
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from hub.bootstrap.desks import Engineering
from hub.cli.conversion_report import report
from hub.cli.desk import AsJson, Data, at_desk, me, print_json
from hub.kernel.errors import Category, HubError
from hub.kernel.types import State
from hub.pipeline.messages import Filter, Shown, Summary

app = typer.Typer(no_args_is_help=True, help="What became of every message; show, repair, replay.")
app.command()(report)

Feed = Annotated[str | None, typer.Option(help="Only of this feed.")]
States = Annotated[list[State] | None, typer.Option(help="Only in this state; may be repeated.")]
Code = Annotated[str | None, typer.Option(help="Only with this reason code.")]


@app.command("list")
def list_(
    feed: Feed = None,
    state: States = None,
    code: Code = None,
    since: Annotated[datetime | None, typer.Option(help="Only received at or after (local time).")] = None,
    limit: Annotated[int, typer.Option(help="At most so many, newest first.")] = 100,
    before: Annotated[int | None, typer.Option(help="Only messages with a lower number.")] = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """List messages, newest first."""
    chosen = Filter(feed=feed, states=tuple(state or ()), code=code, since=since.astimezone() if since else None)
    found = at_desk(data, lambda desk: desk.messages.find(chosen, limit=limit, before=before))
    if as_json:
        print_json([dataclasses.asdict(summary) for summary in found])
    else:
        _table(found)


@app.command()
def counts(data: Data = None, as_json: AsJson = False) -> None:
    """Count messages by feed and state."""
    found = at_desk(data, lambda desk: desk.messages.counts(me()))
    if as_json:
        print_json([dataclasses.asdict(count) for count in found])
    else:
        for count in found:
            typer.echo(f"{count.feed}\t{count.state.value}\t{count.count}")


@app.command()
def show(
    number: Annotated[int, typer.Argument(help="Number of the message.")],
    unmask: Annotated[bool, typer.Option("--unmask", help="Show values; needs --reason and is audited.")] = False,
    reason: Annotated[str, typer.Option(help="Why the values must be seen.")] = "",
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Show one message: where it stands and why, its text (masked), and what became of each field."""

    async def look(desk: Engineering) -> Shown:
        if unmask:
            return await desk.messages.unmask(number, by=getpass.getuser(), reason=reason)
        return await desk.messages.show(number)

    shown = at_desk(data, look)
    if as_json:
        print_json(dataclasses.asdict(shown))
    else:
        _page(shown)


@app.command()
def repair(
    number: Annotated[int, typer.Argument(help="Number of the dead letter.")],
    file: Annotated[Path, typer.Argument(help="The mended message.")],
    reason: Annotated[str, typer.Option(help="What was mended, and why.")],
    data: Data = None,
) -> None:
    """Let a mended message be processed in place of a dead letter; the original bytes are kept."""
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise HubError(Category.NOT_FOUND, "cannot be read", where=str(file), todo=str(error.strerror)) from None
    at_desk(data, lambda desk: desk.repairs.repair(number, raw, by=getpass.getuser(), reason=reason))
    typer.echo(f"message {number} is queued again")


@app.command()
def replay(
    numbers: Annotated[list[int] | None, typer.Argument(help="Numbers of messages; none: by the options.")] = None,
    feed: Feed = None,
    state: States = None,
    code: Code = None,
    every: Annotated[bool, typer.Option("--all", help="Everything that can be replayed.")] = False,
    data: Data = None,
) -> None:
    """Queue messages again under their own numbers."""
    if not (numbers or feed or state or code or every):
        raise HubError(Category.INVALID, "nothing was chosen", todo="name numbers, --feed, --state, --code, or --all")
    chosen = Filter(feed=feed, states=tuple(state or ()), code=code, numbers=tuple(numbers or ()))
    queued = at_desk(data, lambda desk: desk.repairs.replay(chosen))
    typer.echo(f"{len(queued)} messages are queued again")


def _table(found: Iterable[Summary]) -> None:
    table = Table("number", "received", "feed", "kind", "state", "reason", box=None)
    for one in found:
        reason = " ".join(part for part in (one.reason.code, one.reason.where, one.reason.what) if part)
        received = one.received_at.astimezone().isoformat(" ", "seconds")
        table.add_row(str(one.id), received, one.feed, one.kind, one.state.value, reason)
    Console().print(table)


def _page(shown: Shown) -> None:
    _table([shown.summary])
    typer.echo(f"from {shown.peer or '-'}, {shown.charset}, sha256 {shown.sha256}\n")
    typer.echo((shown.repaired_text or shown.text).replace("\r", "\n"))
    for row in shown.report:
        typer.echo(f"{row['source']:<24} {row['outcome']:<8} {', '.join(row['targets']) or row['reason']}")
