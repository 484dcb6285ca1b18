"""`yilian messages`: what became of every message. What looks is here; what mends is in `hub.cli.mending`."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated

import typer

from hub.bootstrap.workbench import Workbench
from hub.cli import mending
from hub.cli.conversion_report import report
from hub.cli.desk import Control, Data, Feed, Kind, ReasonCode, States, at_desk, me
from hub.cli.listing import AsJson, print_json, print_table, printable
from hub.kernel.types import Json, Part
from hub.pipeline.chosen import Filter
from hub.pipeline.differences import Difference
from hub.pipeline.messages import Shown, Summary, Want

app = typer.Typer(no_args_is_help=True, help="What became of every message; show, try, repair, replay.")


@app.command("list")
def list_(
    feed: Feed = None,
    state: States = None,
    code: ReasonCode = None,
    kind: Kind = None,
    control: Control = None,
    since: Annotated[datetime | None, typer.Option(help="Only received at or after (local time).")] = None,
    until: Annotated[datetime | None, typer.Option(help="Only received before (local time).")] = None,
    limit: Annotated[int, typer.Option(help="At most so many, newest first.")] = 100,
    before: Annotated[int | None, typer.Option(help="Only messages with a lower number.")] = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """List messages, newest first."""
    chosen = Filter(
        feed=feed,
        states=tuple(state or ()),
        code=code,
        kind=kind,
        control=control,
        since=since.astimezone() if since else None,
        until=until.astimezone() if until else None,
    )
    found = at_desk(data, lambda desk: desk.messages.find(me(), chosen, limit=limit, before=before))
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
    parsed: Annotated[bool, typer.Option("--parsed", help="Taken apart, with the names of fields.")] = False,
    fhir: Annotated[bool, typer.Option("--fhir", help="The resources it became.")] = False,
    fields: Annotated[bool, typer.Option("--report", help="What became of each field.")] = False,
    unmask: Annotated[
        str | None, typer.Option(help="Why the values must be seen; they are shown, and audited.")
    ] = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Show one message: where it stands and why, and its text; values are masked."""

    async def look(desk: Workbench) -> Shown:
        want = Want(parsed=parsed, fhir=fhir)
        if unmask is not None:
            return await desk.messages.unmask(number, me(), unmask, want)
        return await desk.messages.show(number, me(), want)

    shown = at_desk(data, look)
    if as_json:
        print_json(shown.as_json())
        return
    _head(shown)
    outcomes = {row["source"]: row for row in shown.report}
    if shown.changes:
        typer.echo("\nrepaired:")
        print_changes(shown.changes)
    if parsed:
        typer.echo("")
        _tree(shown.parsed, outcomes)
    if fields:
        typer.echo("")
        for row in shown.report:
            typer.echo(f"{row['source']:<24} {row['outcome']:<8} {', '.join(row['targets']) or row['reason']}")
    if fhir:
        _resources(shown)


app.command()(report)
app.command("export")(mending.export)
app.command("try")(mending.try_)
app.command()(mending.repair)
app.command()(mending.replay)
app.command()(mending.mend)


def print_changes(changes: Iterable[Difference]) -> None:
    """Leaves that differ."""
    for one in changes:
        values = f"{one.before or '-'} -> {one.after or '-'}"
        typer.echo(f"  {one.at:<18} {one.change:<8} {one.name:<30} {printable(values)}")


def _table(found: Iterable[Summary]) -> None:
    print_table(("number", "received", "feed", "kind", "state", "reason"), map(_row, found))


def _row(one: Summary) -> tuple[object, ...]:
    reason = " ".join(part for part in (one.reason.code, one.reason.where, one.reason.what) if part)
    return one.id, one.received_at, one.feed, one.kind, one.state.value, reason


def _head(shown: Shown) -> None:
    _table([shown.summary])
    if shown.summary.reason.todo:
        typer.echo(f"to do: {shown.summary.reason.todo}")
    for issue in shown.summary.reason.issues:
        typer.echo(f"{issue.severity}: {issue.where}: {issue.code}: {issue.text}")
    typer.echo(f"from {shown.peer or '-'}, {shown.charset}, sha256 {shown.sha256}, {shown.resources} resources\n")
    typer.echo(printable((shown.repaired_text or shown.text).replace("\r", "\n")))


def _tree(parts: Sequence[Part], outcomes: dict[str, Json], depth: int = 0) -> None:
    for part in parts:
        row = outcomes.get(part.at)
        became = "" if row is None else f"  [{row['outcome']}: {', '.join(row['targets']) or row['reason']}]"
        label = f"{'  ' * depth}{part.at}  {part.name}".rstrip()
        typer.echo(f"{label:<52} {printable(part.text)}{became}".rstrip())
        _tree(part.parts, outcomes, depth + 1)


def _resources(shown: Shown) -> None:
    for resource in shown.fhir:
        typer.echo("\n" + json.dumps(resource, ensure_ascii=False, indent=2, default=str))
    if shown.resources > len(shown.fhir):
        typer.echo(f"\n{shown.resources - len(shown.fhir)} more resources are not shown")
