"""`yilian keys renew-signing`: new keys for tokens, while old tokens still hold."""

from __future__ import annotations

import asyncio
import getpass
import os
from typing import Annotated

import typer

from hub.auth.signing import renew
from hub.bootstrap.desks import recorded
from hub.cli.desk import Data
from hub.kernel.clock import system_clock
from hub.kernel.errors import Category, HubError
from hub.kernel.settings import Settings
from hub.run.installation import database_of
from hub.run.instances import data_folder, registry


def renew_signing(
    at_once: Annotated[
        bool, typer.Option("--at-once", help="Void every token now: somebody else may have the keys.")
    ] = False,
    data: Data = None,
) -> None:
    """Renew the keys that sign tokens. Old tokens hold to their end, a day at most; the hub goes on."""
    settings = Settings.load(os.environ)
    folder = data or data_folder(registry(os.environ), None, settings.data_dir)
    if not (folder / "keys").is_dir():
        todo = "the hub makes them when it first runs"
        raise HubError(Category.NOT_FOUND, "there are no keys", where=str(folder / "keys"), todo=todo)
    said = {"keys": "renew-signing", "how": "at-once" if at_once else "overlapping"}
    asyncio.run(recorded(database_of(folder, settings), getpass.getuser(), said))
    typer.echo(renew(folder / "keys", system_clock(), at_once=at_once))
