"""`yilian audit`: alarms, the trail as files that can be verified without the hub, and the verifier."""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from hub.audit import verify as verifier
from hub.bootstrap.audit import signer_of
from hub.cli import witness
from hub.cli.desk import AsJson, Data, foundation_of, print_json
from hub.run.audit import AuditDesk, audit_desk

app = typer.Typer(no_args_is_help=True, help="The audit trail: alarms, export, verification, witnesses.")

app.command()(witness.witness)

T = TypeVar("T")


@app.command()
def export(
    out: Annotated[Path, typer.Option("--out", help="Folder to write; an export in it is continued.")],
    data: Data = None,
) -> None:
    """Write the trail up to its newest checkpoint: leaves, their hashes, checkpoints. It holds personal data."""
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("exporting", total=None)

        def show(done: int, size: int) -> None:
            progress.update(task, completed=done, total=size)

        size = _at_desk(data, lambda desk: desk.export(out, show))
    typer.echo(f"{size} leaves in {out}")


@app.command()
def alarms(
    limit: Annotated[int, typer.Option(help="At most so many, newest first.")] = 100,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """List alarms: who did more of something than the rules allow; see YILIAN_ALARMS."""
    found = _at_desk(data, lambda desk: desk.alarms(limit))
    if as_json:
        print_json([{"told": at.isoformat(timespec="seconds"), **said} for at, said in found])
        return
    names = ("level", "alarm", "who", "count", "since", "at")
    table = Table("told", *names, box=None)
    for at, said in found:
        table.add_row(at.astimezone().isoformat(" ", "seconds"), *(said.get(name, "") for name in names))
    Console().print(table)


@app.command()
def keys(data: Data = None) -> None:
    """Print the public key that signs the checkpoints, for those who verify."""
    typer.echo(signer_of(foundation_of(data, "audit").keys).verifier)


@app.command()
def verify(
    folder: Annotated[Path, typer.Argument(metavar="EXPORT", help="Folder that `yilian audit export` wrote.")],
    keys: Annotated[Path, typer.Option("--keys", help="Trusted keys, a line each; never those of the export.")],
    witness: Annotated[Path | None, typer.Option("--witness", help="Checkpoints that a witness kept.")] = None,
) -> None:
    """Verify an export, without the hub: exit 1 and the first bad leaf, exit 2 for files that cannot be read."""
    given = [str(folder), "--keys", str(keys), *(["--witness", str(witness)] if witness else [])]
    raise typer.Exit(verifier.main(given))


def _at_desk(data: Path | None, work: Callable[[AuditDesk], Awaitable[T]]) -> T:
    async def run() -> T:
        async with audit_desk(foundation_of(data, "audit"), getpass.getuser()) as desk:
            return await work(desk)

    return asyncio.run(run())
