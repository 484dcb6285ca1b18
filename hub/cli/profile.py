"""`yilian profile`: writing and trying a facility profile, and the local codes it lacks."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from hub.cli.desk import AsJson, Data, at_desk, me, print_json
from hub.cli.profile_check import check
from hub.cli.profile_learn import learn
from hub.cli.profile_test import test
from hub.pipeline.codes import SeenCode

app = typer.Typer(no_args_is_help=True, help="Facility profiles: draft, try and check one; the local codes it lacks.")
app.command()(learn)
app.command()(test)
app.command()(check)


@app.command()
def codes(
    feed: Annotated[str | None, typer.Option(help="Only of this feed.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Also codes the profile has an entry for by now.")] = False,
    forget: Annotated[
        bool, typer.Option("--forget", help="Delete what was noted of codes the profile has an entry for by now.")
    ] = False,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """List local codes the feeds sent and their profiles have no entry for; adding one takes it off the list."""
    if forget:
        count = at_desk(data, lambda desk: desk.codes.forget(me(), feed=feed))
        typer.echo(f"yilian: {count} codes with an entry are no longer noted", err=True)
    found = at_desk(data, lambda desk: desk.codes.find(me(), feed=feed, every=every))
    if as_json:
        print_json([dataclasses.asdict(code) for code in found])
    else:
        _table(found)


def _table(found: Sequence[SeenCode]) -> None:
    table = Table("feed", "field", "code", "system", "text", "messages", "last seen", "first message", "", box=None)
    for one in found:
        last = one.last_seen.astimezone().isoformat(" ", "seconds")
        mapped = "mapped" if one.mapped else ""
        sent = map(escape, (one.code, one.system, one.display))  # a sender's brackets are no markup
        table.add_row(one.feed, one.field, *sent, str(one.count), last, str(one.message), mapped)
    Console().print(table)
