"""`yilian import`: NDJSON files of FHIR resources into the record of a running hub, as one of its facilities."""

from __future__ import annotations

import asyncio
import getpass
import json
import os
import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import Progress as Bars

from hub.auth.actor import Actor
from hub.auth.directory import Directory
from hub.auth.keys import KeyStore
from hub.auth.tokens import Issuer
from hub.bootstrap.bulk import local_imports
from hub.bootstrap.desks import recorded
from hub.bulk.local import Given, LocalImports, given
from hub.bulk.model import Job, State, refusal
from hub.cli.listing import AsJson, print_json, print_table
from hub.kernel.clock import system_clock
from hub.kernel.settings import Settings
from hub.kernel.types import Json
from hub.run.installation import consortium_of, database_of
from hub.run.instances import data_folder, registry

#: Seconds between two looks, and after which it is said that nobody takes the job.
_PAUSE: Final = 0.5
_PATIENCE: Final = 20
#: Refused lines that are shown; all of them go into the file of --errors.
_SHOWN: Final = 20
_INPUT: Final = re.compile(r"^input\[(\d+)\]")


def import_(
    files: Annotated[list[Path], typer.Argument(help="NDJSON files, one resource a line, of one type each.")],
    facility: Annotated[str, typer.Option(help="Code of the facility whose resources they are.")],
    source: Annotated[str, typer.Option(help="Where their ids come from: the same again changes what it said.")] = "",
    errors: Annotated[
        Path | None, typer.Option(help="Write what was refused here, an OperationOutcome a line.")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="Data folder of the hub.")] = None,
    as_json: AsJson = False,
) -> None:
    """Bring files into the record, as `$import` does; exit 1 if a line was refused. Cut off, the hub goes on."""
    settings = Settings.load(os.environ)
    folder = data or data_folder(registry(os.environ), None, settings.data_dir)
    settings = Settings.load(os.environ, data_dir=folder)
    actor, looked = _actor(folder, settings, facility), [given(path) for path in files]
    told, refused = asyncio.run(_imported(folder, settings, actor, looked, source or f"urn:yilian:files:{facility}"))
    if errors is not None:
        errors.write_bytes(b"".join(refused))
    _show(looked, told, refused, as_json=as_json)
    raise typer.Exit(1 if any(told["failed"]) else 0)


def _actor(folder: Path, settings: Settings, facility: str) -> Actor:
    """An administrator of the facility, by a token nobody sees. Raises HubError for a facility that is not known."""
    issuer = Issuer(KeyStore(folder / "keys"), Directory(consortium_of(folder, settings)), system_clock)
    return issuer.verify(issuer.issue(role="administrator", organization=facility))


async def _imported(
    folder: Path, settings: Settings, actor: Actor, files: Sequence[Given], source: str
) -> tuple[Json, list[bytes]]:
    """The result of the job and what was refused. The deed stands in the audit trail before it begins."""
    url = database_of(folder, settings)
    said = {"import": "begun", "organization": actor.organization, "source": source, "files": str(len(files))}
    await recorded(url, getpass.getuser(), said)
    async with local_imports(url, settings) as imports:
        job_id = await imports.begin(actor, files, source=source)
        job = await _waited(imports, actor, job_id, sum(file.lines for file in files))
        await imports.end(actor, job_id)
        if job.state is State.FAILED:
            raise refusal(job.result)
        return job.result, [part async for part in imports.refused(job)]


async def _waited(imports: LocalImports, actor: Actor, job_id: str, lines: int) -> Job:
    """The job when it has ended; a bar meanwhile."""
    console, begun, told = Console(stderr=True), time.monotonic(), False
    with Bars(console=console) as bars:
        bar = bars.add_task("import", total=lines)
        while not (job := await imports.progress(actor, job_id)).finished:
            bars.update(bar, completed=sum(job.progress.get("done", ())) + sum(job.progress.get("failed", ())))
            if job.state is State.WAITING and not told and time.monotonic() - begun > _PATIENCE:
                told = True
                console.print("nobody has taken it yet: does the hub run?")
            await asyncio.sleep(_PAUSE)
        bars.update(bar, completed=lines)
    return job


def _show(files: Sequence[Given], told: Json, refused: Sequence[bytes], *, as_json: bool) -> None:
    """What became of each file on stdout, and of the first lines that were refused on stderr."""
    rows = [
        {"file": str(file.path), "type": file.type, "taken": output["count"], "refused": failed}
        for file, output, failed in zip(files, told["output"], told["failed"], strict=True)
    ]
    if as_json:
        print_json(rows)
    else:
        print_table(rows[0], (row.values() for row in rows))
    lines = b"".join(refused).splitlines()
    for line in lines[:_SHOWN]:
        typer.echo(_refusal(json.loads(line), files), err=True)
    if len(lines) > _SHOWN:
        typer.echo(f"and {len(lines) - _SHOWN} more: write them to a file (--errors)", err=True)


def _refusal(outcome: Json, files: Sequence[Given]) -> str:
    """File and line, and what is wrong; never a value of it."""
    issue = outcome["issue"][0]
    where = issue.get("expression", [""])[0]
    named = _INPUT.sub(lambda found: str(files[int(found[1])].path), where)
    return f"{named}: {issue.get('diagnostics', '')}"
