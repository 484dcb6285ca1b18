"""What the commands of `yilian messages` share: the desk they work at, and how they print."""

from __future__ import annotations

import asyncio
import getpass
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from hub.bootstrap.desks import Engineering, engineering
from hub.kernel.settings import Settings
from hub.pipeline.engineer import Engineer
from hub.run.installation import consortium_of, database_of
from hub.run.instances import data_folder, registry

T = TypeVar("T")
Data = Annotated[Path | None, typer.Option(help="Data folder of the hub.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def at_desk(data: Path | None, work: Callable[[Engineering], Awaitable[T]]) -> T:
    """Do `work` at the desk of the hub on a data folder."""

    async def run() -> T:
        async with _desk(data) as desk:
            return await work(desk)

    return asyncio.run(run())


def me() -> Engineer:
    """Whoever is signed in to this machine: he sees the messages of every facility."""
    return Engineer(name=getpass.getuser())


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    json.dump(value, sys.stdout, ensure_ascii=False, default=str)
    sys.stdout.write("\n")


@asynccontextmanager
async def _desk(data: Path | None) -> AsyncIterator[Engineering]:
    settings = Settings.load(os.environ)
    folder = data or data_folder(registry(os.environ), None, settings.data_dir)
    async with engineering(database_of(folder, settings), consortium_of(folder, settings), settings.redis_url) as desk:
        yield desk
