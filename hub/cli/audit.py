"""`yilian audit`: alarms, reports and the trail as files that can be verified without the hub, and the verifier."""

from __future__ import annotations

import asyncio
import getpass
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.progress import Progress

from hub.audit import verify as verifier
from hub.bootstrap.audit import signers_of
from hub.cli import witness
from hub.cli.desk import Data, foundation_of
from hub.cli.listing import AsJson, print_json, print_table
from hub.kernel.errors import Category, HubError
from hub.kernel.private_files import publish
from hub.kernel.types import Json
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
    print_table(("told", *names), ((at, *map(said.get, names)) for at, said in found))


@app.command()
def report(
    patient: Annotated[str, typer.Argument(help="Id of a Patient, of a facility or of the person.")],
    out: Annotated[Path, typer.Option("--out", help="File to write, with the proofs. It holds personal data.")],
    since: Annotated[datetime, typer.Option("--from", help="First day or moment, in this machine's zone.")],
    until: Annotated[datetime | None, typer.Option("--to", help="End, not included; now if none.")] = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Tell who did what with a patient's record, and on which basis. The file is checked by `yilian audit verify`."""
    low, high = since.astimezone(), until.astimezone() if until else datetime.now().astimezone()
    found = _at_desk(data, lambda desk: desk.report(patient, low, high))
    publish_report(out, found.document)
    rows = [{**asdict(share), "count": count} for share, count in sorted(found.shares.items())]
    if as_json:
        print_json({"pending": found.pending, "erased": found.erased, "shares": rows})
        return
    names = ("organization", "role", "who", "what", "outcome", "basis", "emergency", "count")
    print_table(names, ([row[name] for name in names] for row in rows))
    typer.echo(f"{len(found.document['lines'])} entries in {out}, {found.erased} of them erased", err=True)
    if found.pending:
        typer.echo(f"{found.pending} more are in no checkpoint yet: ask again in a second", err=True)


def publish_report(path: Path, document: Json) -> None:
    """Write the file, for us alone. Raises HubError CONFLICT for one that is there."""
    if path.exists():
        raise HubError(Category.CONFLICT, "is there already", where=str(path), todo="name another file")
    publish(path, json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")


@app.command()
def keys(data: Data = None) -> None:
    """Print the public keys of the checkpoints, for those who verify: the one that signs, then those renewed."""
    for line in signers_of(foundation_of(data, "audit").keys).verifiers:
        typer.echo(line)


@app.command()
def verify(
    folder: Annotated[Path, typer.Argument(metavar="EXPORT", help="Folder of `export`, or file of `report`.")],
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
