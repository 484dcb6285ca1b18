"""`yilian keys split` and `unseal`: the master key in shares of words, which are typed unseen and in no argument."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Annotated

import click
import typer

from hub.bootstrap.keys import file_key, key_file
from hub.bootstrap.sealed_master import SealedMaster, asked, sealed_file
from hub.cli.desk import Data
from hub.kernel.errors import Category, HubError
from hub.kernel.settings import Settings
from hub.run.installation import locked
from hub.sealing.ceremony import Ceremony, attempt
from hub.sealing.shares import NEEDED, SHARES, check_of
from hub.sealing.shares import split as shares_of
from hub.sealing.wrapping import MASTER_BYTES


def split(
    shares: Annotated[int, typer.Option(help="How many keepers there are.")] = SHARES,
    needed: Annotated[int, typer.Option(help="How many of them start the hub.")] = NEEDED,
    data: Data = None,
) -> None:
    """Split the master key into words for keepers, and take its file away; without a file, a new key is made.

    The hub must not run. Nothing is changed before enough keepers have typed their words back.
    """
    settings = Settings.load(os.environ, data_dir=data)
    path = key_file(settings)
    with locked(settings.data_dir):
        if sealed_file(settings).exists():
            where = str(sealed_file(settings))
            raise HubError(Category.CONFLICT, "the master key is in shares already", where=where, todo="keep them")
        master = file_key(path) if path.exists() else secrets.token_bytes(MASTER_BYTES)
        sealed = handed_out(master, needed, shares)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        sealed.put(sealed_file(settings))
        _wipe(path)
    typer.echo(f"the master key is in {shares} shares, of which {needed} unseal the hub: yilian keys unseal")


def unseal(data: Data = None) -> None:
    """Give one share to a hub that waits for its master key. Each keeper does it in a session of their own."""
    settings = Settings.load(os.environ, data_dir=data)
    said = asked(settings, {"status": True})
    while said["sealed"]:
        label = f"Words of share {said['have'] + 1} of {said['needed']} (nothing is shown)"
        said = asked(settings, {"share": typer.prompt(label, hide_input=True)})
        if not said["wrong"]:
            break
        typer.echo(said["wrong"], err=True)
    typer.echo(f"{said['have']} of {said['needed']} shares given" if said["sealed"] else "unsealed")


def heard(settings: Settings) -> bytes:
    """The master key of an installation, from keepers at this screen."""
    return heard_of(SealedMaster.read(sealed_file(settings)))


def heard_of(sealed: SealedMaster) -> bytes:
    """The master key that some shares make, from keepers at this screen."""
    return _heard(Ceremony(sealed.check, sealed.needed))


def handed_out(master: bytes, needed: int, shares: int) -> SealedMaster:
    """Hand a key out to keepers at this screen, and hear enough of them say it back."""
    _hand_out(shares_of(master, needed=needed, shares=shares))
    sealed = SealedMaster(needed, shares, check_of(master))
    heard_of(sealed)
    return sealed


def _hand_out(words: list[str]) -> None:
    for number, one in enumerate(words, 1):
        _wait(f"Keeper {number} of {len(words)}: press Enter when you are alone at the screen")
        typer.echo(one)
        _wait("Write the words down in their order, and press Enter")
        click.clear()


def _heard(ceremony: Ceremony) -> bytes:
    while ceremony.master is None:
        label = f"Words of keeper {ceremony.have + 1} of {ceremony.needed} (nothing is shown)"
        wrong = attempt(ceremony, typer.prompt(label, hide_input=True))
        if wrong:
            typer.echo(wrong, err=True)
    return ceremony.master


def _wait(what: str) -> None:
    typer.prompt(what, default="", show_default=False)


def _wipe(path: Path) -> None:
    """Overwrite a file and take it away. A disk may keep what was there all the same."""
    if not path.exists():
        return
    with path.open("r+b") as file:
        file.write(bytes(path.stat().st_size))
        file.flush()
        os.fsync(file.fileno())
    path.unlink()
