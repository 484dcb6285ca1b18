"""`yilian user`: the accounts of the pages."""

from __future__ import annotations

import asyncio
import getpass
import json
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from hub.auth.accounts import Account, Accounts
from hub.auth.passwords import generated
from hub.bootstrap.desks import accounts
from hub.kernel.errors import Category, HubError
from hub.kernel.settings import Settings
from hub.run.installation import consortium_of, database_of
from hub.run.instances import data_folder, registry

app = typer.Typer(no_args_is_help=True, help="Accounts of the web pages.")

T = TypeVar("T")
Data = Annotated[Path | None, typer.Option(help="Data folder of the hub.")]
Name = Annotated[str, typer.Argument(help="Name to sign in with.")]
Generate = Annotated[bool, typer.Option("--generate", help="Make up a password and print it, this once.")]


@app.command()
def add(
    name: Name,
    role: Annotated[str, typer.Option(help="clinician, family-doctor, patient or proxy.")],
    organization: Annotated[str, typer.Option(help="Code of the facility, such as F05.")] = "",
    practitioner: Annotated[str, typer.Option(help="Id of the Practitioner, or RelatedPerson/ID of a proxy.")] = "",
    patient: Annotated[str, typer.Option(help="Id of the Patient (role patient or proxy).")] = "",
    display: Annotated[str, typer.Option(help="Name to greet with; the account's name if none.")] = "",
    generate: Generate = False,
    data: Data = None,
) -> None:
    """Add an account. The password is asked for, or made up; it is never an argument."""
    account = Account(
        name=name,
        role=role,
        organization=organization,
        practitioner=practitioner or None,
        patient=patient.removeprefix("Patient/") or None,
        display=display or name,
    )
    password = _password(generate=generate)
    _run(data, lambda book: book.add(account, password), _deed("add", name, role=role, organization=organization))
    _tell(password, generate=generate)


@app.command("list")
def list_(data: Data = None, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List the accounts."""
    found = _run(data, lambda book: book.all())
    names = ("name", "role", "organization", "practitioner", "patient", "display", "disabled")
    rows = [{name: getattr(account, name) for name in names} for account in found]
    if as_json:
        json.dump(rows, sys.stdout, ensure_ascii=False)
        sys.stdout.write("\n")
        return
    table = Table(*names, box=None)
    for row in rows:
        table.add_row(*("" if value in (None, False) else str(value) for value in row.values()))
    Console().print(table)


@app.command()
def disable(name: Name, data: Data = None) -> None:
    """Let an account sign in no more; its sessions end at once."""
    _run(data, lambda book: book.set_disabled(name, True), _deed("disable", name))


@app.command()
def enable(name: Name, data: Data = None) -> None:
    """Let a disabled account sign in again."""
    _run(data, lambda book: book.set_disabled(name, False), _deed("enable", name))


@app.command()
def password(name: Name, generate: Generate = False, data: Data = None) -> None:
    """Give an account a new password and lift its lock; its sessions end at once."""
    given = _password(generate=generate)
    _run(data, lambda book: book.set_password(name, given), _deed("password", name))
    _tell(given, generate=generate)


@app.command("forget-device")
def forget_device(name: Name, data: Data = None) -> None:
    """Ask an account for its password alone, until its user sets up one-time codes anew."""
    _run(data, lambda book: book.forget_device(name), _deed("forget-device", name))


def _password(*, generate: bool) -> str:
    """Made up, asked for twice, or, where nobody can be asked, the first line of standard input."""
    if generate:
        return generated()
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass.getpass("password: ")
    if getpass.getpass("once more: ") != first:
        raise HubError(Category.INVALID, "the two are different", where="password", todo="begin again")
    return first


def _tell(password: str, *, generate: bool) -> None:
    if generate:
        typer.echo(password)


def _deed(what: str, name: str, **said: str) -> dict[str, str]:
    return {"account": what, "name": name, **said}


def _run(data: Path | None, work: Callable[[Accounts], Awaitable[T]], deed: Mapping[str, str] | None = None) -> T:
    """Do `work` on the accounts; a change is named by its `deed`, and in the audit trail first."""

    async def run() -> T:
        settings = Settings.load(os.environ)
        folder = data or data_folder(registry(os.environ), None, settings.data_dir)
        who, consortium = getpass.getuser(), consortium_of(folder, settings)
        async with accounts(database_of(folder, settings), consortium, who) as desk:
            if deed is not None:
                await desk.record(deed)
            return await work(desk.book)

    return asyncio.run(run())
