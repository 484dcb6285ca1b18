"""`yilian audit witness`: run by a hospital or a regulator, against a hub it need not trust."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from hub.audit.notes import COSIGNATURE, Signer
from hub.audit.verify import UnusableError, notes_in, read_keys
from hub.audit.witnessing import ForkError, seen
from hub.demo.ask import Client
from hub.kernel.clock import system_clock
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json


def witness(
    hub: Annotated[str, typer.Argument(help="Address of the hub, https://HOST.")],
    keys: Annotated[Path, typer.Option("--keys", help="The trusted key of the hub.")],
    kept: Annotated[Path, typer.Option("--kept", help="File of the checkpoints seen so far; the new one is added.")],
    token: Annotated[Path, typer.Option("--token", help="File with an access token of an auditor.")],
    name: Annotated[str, typer.Option(help="Name of this witness, if it signs.")] = "",
    key: Annotated[Path | None, typer.Option(help="Its Ed25519 private key, PEM, if it signs.")] = None,
) -> None:
    """Take the newest checkpoint if it continues the last one kept. Exit 1 if it does not: keep both as evidence."""
    signer = _signer(name, key) if key else None
    client = Client(hub.rstrip("/"), _text(token).strip())
    notes = notes_in(_text(kept)) if kept.exists() else []
    try:
        note = seen(partial(_fetch, client), read_keys(_text(keys)), notes, signer, system_clock)
    except ForkError as fork:
        typer.echo(f"NOT the same history: {fork}", err=True)
        raise typer.Exit(1) from None
    except UnusableError as error:
        raise HubError(Category.INVALID, str(error), where=str(kept)) from None
    if note:
        with kept.open("a", encoding="utf-8") as file:
            file.write(("\n" if notes else "") + note)
    typer.echo("a later checkpoint was kept" if note else "nothing new")


def _fetch(client: Client, path: str) -> Json:
    reply = client.call("GET", path)
    if reply.status != 200 or not isinstance(reply.content, dict):
        what = f"answers {reply.status}"
        raise HubError(Category.UNAVAILABLE, what, where=path.partition("?")[0], todo="see address and token")
    return reply.content


def _signer(name: str, path: Path) -> Signer:
    try:
        key = load_pem_private_key(_text(path).encode(), password=None)
    except ValueError:
        key = None
    if not isinstance(key, Ed25519PrivateKey) or not name or "+" in name or " " in name:
        raise HubError(
            Category.INVALID,
            "a witness signs with a name and an Ed25519 key",
            where=str(path),
            todo="see --name, --key",
        )
    return Signer(name, key, COSIGNATURE)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise HubError(Category.NOT_FOUND, "cannot be read", where=str(path), todo=str(error.strerror)) from None
