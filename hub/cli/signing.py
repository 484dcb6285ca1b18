"""`yilian keys renew-signing` and `renew-audit`: new keys that sign, while what the old ones signed still holds."""

from __future__ import annotations

import asyncio
import getpass
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from hub.auth.keys import KeyStore
from hub.auth.signing import renew
from hub.bootstrap import trail_keys
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
    keys = _recorded(data, {"keys": "renew-signing", "how": "at-once" if at_once else "overlapping"})
    typer.echo(renew(keys, system_clock(), at_once=at_once))


def renew_audit(data: Data = None) -> None:
    """Renew the key that signs the audit trail. The old one signs beside it for 30 days; what it signed holds on."""
    keys = _recorded(data, {"keys": "renew-audit"})
    verifier, until = trail_keys.renew(keys, KeyStore(keys).installation, system_clock())
    typer.echo(verifier)
    typer.echo(f"the old key signs beside it until {until:%Y-%m-%d}: give witnesses and verifiers this line", err=True)


def _recorded(data: Path | None, said: Mapping[str, str]) -> Path:
    """The key folder, after the trail has what is about to be done. Raises HubError NOT_FOUND without keys."""
    settings = Settings.load(os.environ)
    folder = data or data_folder(registry(os.environ), None, settings.data_dir)
    if not (folder / "keys").is_dir():
        todo = "the hub makes them when it first runs"
        raise HubError(Category.NOT_FOUND, "there are no keys", where=str(folder / "keys"), todo=todo)
    asyncio.run(recorded(database_of(folder, settings), getpass.getuser(), said))
    return folder / "keys"
