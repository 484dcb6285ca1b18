"""`yilian keys`: the master key, and what is sealed under it."""

from __future__ import annotations

import asyncio
import getpass
import os
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.progress import Progress, TaskID

from hub.bootstrap.keys import key_file
from hub.cli import ceremony, replacement, signing
from hub.cli.desk import Data, foundation_of
from hub.cli.listing import AsJson, print_json
from hub.kernel.errors import Category, HubError
from hub.kernel.private_files import publish
from hub.kernel.settings import Settings
from hub.run.installation import locked
from hub.run.keys import KeyDesk, key_desk
from hub.sealing.progress import Part
from hub.sealing.wrapping import MASTER_BYTES

app = typer.Typer(no_args_is_help=True, help="The keys of what is sealed in the database, and of tokens.")

app.command()(ceremony.split)
app.command()(ceremony.unseal)
app.command()(replacement.replace)
app.command("renew-signing")(signing.renew_signing)
app.command("renew-audit")(signing.renew_audit)

T = TypeVar("T")


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


@app.command()
def status(data: Data = None, as_json: AsJson = False) -> None:
    """Tell which keys there are, and how far the sealing of what stood before is."""
    found = _at_desk(data, lambda desk: desk.status())
    if as_json:
        print_json({**found, "sealing": [asdict(part) for part in found["sealing"]]})
        return
    typer.echo(f"encryption {found['encryption']}, {len(found['wrapping'])} wrapping keys")
    for row in found["keys"]:
        typer.echo(
            f"{row['kind']} {row['suite']}: {row['sealing']} seal, {row['retired']} retired, {row['erased']} erased"
        )
    _tell(found["sealing"])


@app.command()
def encrypt(data: Data = None) -> None:
    """Seal what stands in the database in clear, while the hub works. Stopped, it goes on where it was."""
    with _Shown() as shown:
        parts = _at_desk(data, lambda desk: desk.encrypt(shown.parts))
    _tell(parts)


@app.command()
def rotate(data: Data = None) -> None:
    """Renew every data key and seal everything anew, while the hub works; then the old keys are destroyed."""
    with _Shown() as shown:
        parts, gone, left = _at_desk(data, lambda desk: desk.rotate(shown.parts))
    _tell(parts)
    if left:
        what = f"{left} rows do not open; the retired keys were kept"
        raise HubError(Category.CONFLICT, what, where="keys", todo="see docs/how-to/keep-the-keys.md")
    typer.echo(f"{gone} old keys destroyed")


@app.command()
def rewrap(data: Data = None) -> None:
    """Renew the wrapping key: every data key is wrapped anew, no body is touched, and the old one is destroyed."""
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("wrapping", total=None)
        done = _at_desk(data, lambda desk: desk.rewrap(lambda some: progress.update(task, completed=some)))
    typer.echo(f"{done} data keys wrapped anew")


@app.command()
def erase(
    patient: Annotated[str | None, typer.Argument(help="Id of a source Patient; none: list what waits.")] = None,
    reason: Annotated[str, typer.Option(help="Ask for it, and say why, without patient data.")] = "",
    confirm: Annotated[bool, typer.Option("--confirm", help="Confirm what another account asked for.")] = False,
    data: Data = None,
) -> None:
    """Erase a source patient for good: the keys, the record, the messages, the name in the audit trail."""
    if patient is None:
        for row in _at_desk(data, lambda desk: desk.erasing.waiting()):
            typer.echo(f"{row[0]}  {row[3]:%Y-%m-%d %H:%M}  {row[2]}  {row[1]}")
        return
    if not confirm:
        _at_desk(data, lambda desk: desk.erasing.ask(patient, reason))
        typer.echo("asked; another account confirms it: yilian keys erase PATIENT --confirm")
        return
    gone = _at_desk(data, lambda desk: desk.erasing.confirm(patient))
    typer.echo(f"{gone.keys} keys, {gone.versions} versions and {gone.messages} messages erased")
    if gone.entries:
        typer.echo(f"{gone.entries} entries of the trail are in no checkpoint yet: confirm again later", err=True)


class _Shown:
    """Progress bars by table."""

    def __init__(self) -> None:
        self._progress = Progress(console=Console(stderr=True))
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> _Shown:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def parts(self, found: list[Part]) -> None:
        """Show how far each table is."""
        for part in found:
            if part.part not in self._tasks:
                self._tasks[part.part] = self._progress.add_task(part.part, total=part.total)
            self._progress.update(self._tasks[part.part], completed=part.looked, total=max(part.total, part.looked))


def _tell(parts: list[Part]) -> None:
    for part in parts:
        state = "done" if part.ended else f"{part.looked} of {part.total}"
        typer.echo(f"{part.part}: {state}, {part.changed} sealed anew")


def _at_desk(data: Path | None, work: Callable[[KeyDesk], Awaitable[T]]) -> T:
    async def run() -> T:
        async with key_desk(foundation_of(data, "keys"), getpass.getuser()) as desk:
            return await work(desk)

    return asyncio.run(run())
