"""`yilian user`: the accounts of the pages."""

from __future__ import annotations

import getpass
import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from hub.auth.accounts import Account
from hub.auth.passwords import generated
from hub.bootstrap.desks import accounts, identities
from hub.cli.administration import administer
from hub.cli.listing import AsJson, print_json, print_table
from hub.kernel.errors import Category, HubError

app = typer.Typer(no_args_is_help=True, help="Accounts of the web pages.")

Data = Annotated[Path | None, typer.Option(help="Data folder of the hub.")]
Name = Annotated[str, typer.Argument(help="Name to sign in with.")]
Subject = Annotated[str, typer.Argument(help="Who it is at the provider, as its sign-in page of the hub showed it.")]
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
    no_password: Annotated[bool, typer.Option("--no-password", help="It opens by an external identity alone.")] = False,
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
    password = None if no_password else _password(generate=generate)
    deed = _deed("add", name, role=role, organization=organization)
    administer(accounts, data, lambda book: book.add(account, password), deed)
    if generate and password is not None:
        typer.echo(password)


@app.command("list")
def list_(data: Data = None, as_json: AsJson = False) -> None:
    """List the accounts."""
    found = administer(accounts, data, lambda book: book.all())
    names = ("name", "role", "organization", "practitioner", "patient", "display", "disabled")
    rows = [{name: getattr(account, name) for name in names} for account in found]
    if as_json:
        print_json(rows)
        return
    print_table(names, (row.values() for row in rows))


@app.command()
def disable(name: Name, data: Data = None) -> None:
    """Let an account sign in no more; its sessions end at once."""
    administer(accounts, data, lambda book: book.set_disabled(name, True), _deed("disable", name))


@app.command()
def enable(name: Name, data: Data = None) -> None:
    """Let a disabled account sign in again."""
    administer(accounts, data, lambda book: book.set_disabled(name, False), _deed("enable", name))


@app.command()
def password(name: Name, generate: Generate = False, data: Data = None) -> None:
    """Give an account a new password and lift its lock; its sessions end at once."""
    given = _password(generate=generate)
    administer(accounts, data, lambda book: book.set_password(name, given), _deed("password", name))
    if generate:
        typer.echo(given)


@app.command("forget-device")
def forget_device(name: Name, data: Data = None) -> None:
    """Ask an account for its password alone, until its user sets up one-time codes anew."""
    administer(accounts, data, lambda book: book.forget_device(name), _deed("forget-device", name))


@app.command()
def bind(name: Name, subject: Subject, data: Data = None) -> None:
    """Let somebody sign in to an account by the provider of the consortium file (`sign_in`)."""
    administer(identities, data, lambda book: book.bind(subject, name), _deed("bind", name, subject=subject))


@app.command()
def unbind(subject: Subject, data: Data = None) -> None:
    """Let a subject of the provider sign in no more; the sessions of its account end at once."""
    administer(identities, data, lambda book: book.unbind(subject), {"account": "unbind", "subject": subject})


@app.command()
def bound(data: Data = None) -> None:
    """Print the account of every subject of the provider, as JSON."""
    json.dump(administer(identities, data, lambda book: book.all()), sys.stdout, ensure_ascii=False)
    sys.stdout.write("\n")


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


def _deed(what: str, name: str, **said: str) -> dict[str, str]:
    return {"account": what, "name": name, **said}
