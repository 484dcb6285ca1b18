"""What the commands of `yilian messages` share: the desk they work at, and what they are asked."""

from __future__ import annotations

import asyncio
import getpass
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from hub.bootstrap.foundation import Foundation
from hub.bootstrap.workbench import Workbench, opened_workbench
from hub.kernel.log import Log
from hub.kernel.settings import Settings
from hub.kernel.types import State
from hub.pipeline.engineer import Engineer
from hub.run.installation import config_of, database_of
from hub.run.instances import data_folder, registry

T = TypeVar("T")
Data = Annotated[Path | None, typer.Option(help="Data folder of the hub.")]
Feed = Annotated[str | None, typer.Option(help="Only of this feed.")]
States = Annotated[list[State] | None, typer.Option(help="Only in this state; may be repeated.")]
ReasonCode = Annotated[str | None, typer.Option("--code", help="Only with this reason code.")]
Kind = Annotated[str | None, typer.Option(help="Only of this event (ADT^A08) or type (ADT).")]
Control = Annotated[str | None, typer.Option(help="Only with this text in the control id (MSH-10).")]


def at_desk(data: Path | None, work: Callable[[Workbench], Awaitable[T]]) -> T:
    """Do `work` at the desk of the hub on a data folder."""

    async def run() -> T:
        async with _desk(data) as desk:
            return await work(desk)

    return asyncio.run(run())


def me() -> Engineer:
    """Whoever is signed in to this machine: he sees the messages of every facility."""
    return Engineer(name=getpass.getuser())


def foundation_of(data: Path | None, process: str) -> Foundation:
    """What the hub on a data folder stands on, as it was started last."""
    settings = Settings.load(os.environ)
    folder = data or data_folder(registry(os.environ), None, settings.data_dir)
    at_last_start = {"config": config_of(folder, settings), "database_url": database_of(folder, settings)}
    return Foundation(Settings.load(os.environ, data_dir=folder, **at_last_start), Log(process))


@asynccontextmanager
async def _desk(data: Path | None) -> AsyncIterator[Workbench]:
    async with opened_workbench(foundation_of(data, "messages")) as workbench:
        yield workbench
