"""`yilian keys`: the master key, and what is sealed under it."""

from __future__ import annotations

import os
import secrets

import typer

from hub.bootstrap.keys import key_file
from hub.cli.desk import Data
from hub.kernel.errors import Category, HubError
from hub.kernel.private_files import publish
from hub.kernel.settings import Settings
from hub.run.installation import locked
from hub.sealing.wrapping import MASTER_BYTES

app = typer.Typer(no_args_is_help=True, help="The keys of what is sealed in the database.")


@app.command()
def init(data: Data = None) -> None:
    """Make the master key, in a file of yours alone. Keep a copy where no backup of the database is."""
    settings = Settings.load(os.environ, data_dir=data)
    path = key_file(settings)
    with locked(settings.data_dir):
        if path.exists():
            raise HubError(Category.CONFLICT, "there is a master key already", where=str(path), todo="keep it")
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        publish(path, secrets.token_bytes(MASTER_BYTES))
    typer.echo(f"master key in {path}; what it seals is lost without it: keep a copy elsewhere")
