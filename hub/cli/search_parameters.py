"""`yilian search-parameters`: those of the installation, what an earlier release indexed, and how far the index is."""

from __future__ import annotations

import asyncio
import dataclasses
import os
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import Progress as Bars
from rich.progress import TaskID

from hub.bootstrap.definitions import indexing
from hub.cli.listing import AsJson, print_json, print_table
from hub.kernel.settings import Settings
from hub.records.indexing import Progress
from hub.run.installation import database_of
from hub.run.instances import data_folder, registry

app = typer.Typer(no_args_is_help=True, help="Search parameters of the installation's own.")


@app.callback()
def parameters() -> None:
    """Search parameters of the installation's own."""


#: Seconds between two looks.
_PAUSE: Final = 0.5


@app.command("list")
def list_(
    data: Annotated[Path | None, typer.Option(help="Data folder of the hub.")] = None,
    url: Annotated[str | None, typer.Option(help="The database instead (postgresql://...).")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Show progress until all are indexed.")] = False,
    as_json: AsJson = False,
) -> None:
    """List them with what of the record is indexed, and the types an earlier release indexed until that is renewed."""
    database = url or _database(data)
    found = asyncio.run(_waited(database) if wait else _progress(database))
    if as_json:
        print_json([dataclasses.asdict(one) for one in found])
        return
    print_table(
        ("id", "type", "code", "kind", "state", "indexed"),
        ((one.parameter, one.type, one.code, one.kind, _state(one), _indexed(one)) for one in found),
    )


async def _progress(database: str) -> list[Progress]:
    async with indexing(database) as index:
        return await index.progress()


async def _waited(database: str) -> list[Progress]:
    """Show a bar for each until all are searchable."""
    tasks: dict[str, TaskID] = {}
    async with indexing(database) as index:
        with Bars(console=Console(stderr=True)) as bars:
            while True:
                found = await index.progress()
                for one in found:
                    _show(bars, tasks, one)
                for gone in tasks.keys() - {_name(one) for one in found}:
                    bars.update(tasks[gone], total=1, completed=1)
                if all(one.ready for one in found):
                    return found
                await asyncio.sleep(_PAUSE)


def _show(bars: Bars, tasks: dict[str, TaskID], one: Progress) -> None:
    name = _name(one)
    if name not in tasks:
        tasks[name] = bars.add_task(name)
    done, total = (1, 1) if one.ready else (one.done, one.total)
    bars.update(tasks[name], total=total, completed=done)


def _name(one: Progress) -> str:
    return f"{one.type}.{one.code}"


def _state(one: Progress) -> str:
    return "searchable" if one.ready else "being indexed"


def _indexed(one: Progress) -> str:
    """What is written meanwhile is looked at too, so more may be done than was counted at first."""
    return f"{one.done} of {'?' if one.total is None else max(one.done, one.total)}"


def _database(data: Path | None) -> str:
    settings = Settings.load(os.environ)
    return database_of(data or data_folder(registry(os.environ), None, settings.data_dir), settings)
