"""`yilian backup` and `yilian restore`."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from hub.bootstrap.keys import file_key, in_shares, key_file
from hub.cli.ceremony import heard
from hub.cli.desk import Data, foundation_of
from hub.kernel.log import Log
from hub.kernel.settings import Settings
from hub.run.backup import backup as write_backup
from hub.run.erasures import NAME, noted
from hub.run.restore import restore as read_backup


def backup(
    out: Annotated[Path, typer.Option("--out", help="Folder to write; it must not be there.")],
    data: Data = None,
) -> None:
    """Write everything the hub keeps into a sealed folder, while it works on. The master key is not in it."""
    with _shown("backing up") as show:
        manifest = asyncio.run(write_backup(foundation_of(data, "backup"), out, show))
    typer.echo(f"{sum(table['rows'] for table in manifest['tables'].values())} rows in {out}")


def restore(
    folder: Annotated[Path, typer.Argument(metavar="BACKUP", help="Folder that `yilian backup` wrote.")],
    data: Annotated[Path | None, typer.Option(help="Data folder to restore into; its database must be empty.")] = None,
    erased: Annotated[
        Path | None, typer.Option(help="erased.jsonl of the data folder that was in use: erased again from the backup.")
    ] = None,
) -> None:
    """Restore a backup into an empty installation, verify its audit trail, and erase again whoever was erased since.

    The hub must not run.
    """
    settings = Settings.load(os.environ, data_dir=data)
    log = Log("restore", level=settings.log_level)
    master = heard(settings) if in_shares(settings) else file_key(key_file(settings))
    lists = [path for path in (settings.data_dir / NAME, erased) if path is not None]
    known = [one for path in lists if path == erased or path.exists() for one in noted(path)]
    with _shown("restoring") as show:
        manifest, gone = asyncio.run(read_backup(settings, master, folder, log, show, known))
    size = manifest["audit"]["size"] if manifest["audit"] else 0
    typer.echo(f"restored the backup of {manifest['made']}; audit tree of {size} leaves verified; {gone} erased again")
    if not known:
        typer.echo("no list of erasures was there: whoever was erased since the backup is back; see --erased", err=True)


@contextmanager
def _shown(what: str) -> Iterator[Callable[[str, int, int], None]]:
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task(what, total=None)

        def show(table: str, number: int, total: int) -> None:
            progress.update(task, description=f"{what} {table}", completed=number, total=total)

        yield show
