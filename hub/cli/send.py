"""`yilian send`: a test sender."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from connectors.mllp.sender import Sender
from connectors.mllp.tls import client_context
from hub.kernel.errors import Category, HubError
from mappings.hl7v2.batch import split_messages

app = typer.Typer(no_args_is_help=True, help="Send messages to a feed, this hub's or another's.")


@app.callback()
def _group() -> None:
    """Keeps `mllp` a sub-command although it is the only one."""


@app.command()
def mllp(
    host: Annotated[str, typer.Argument(help="Address of the listener.")],
    port: Annotated[int, typer.Argument(help="Port of the listener.")],
    file: Annotated[Path, typer.Argument(help="Messages; a file may hold several, MLLP-framed or not.")],
    window: Annotated[int, typer.Option(help="Messages that may await their answer.")] = 1,
    ca: Annotated[Path | None, typer.Option(help="Use TLS and trust this authority (PEM).")] = None,
    certificate: Annotated[Path | None, typer.Option(help="Certificate of this client (PEM).")] = None,
    key: Annotated[Path | None, typer.Option(help="Its private key (PEM).")] = None,
) -> None:
    """Send a file's messages over one connection; one line per message with its acknowledgement.

    Exit 1 if a message was not accepted.
    """
    try:
        messages = list(split_messages(file.read_bytes()))
    except OSError as error:
        raise HubError(Category.NOT_FOUND, "cannot be read", where=str(file), todo=str(error.strerror)) from None
    if asyncio.run(
        _send(Sender(host, port, window=window, tls=client_context(ca, certificate, key) if ca else None), messages)
    ):
        raise typer.Exit(1)


async def _send(sender: Sender, messages: list[bytes]) -> int:
    refused = 0
    async with sender:
        async for answer in sender.send(messages):
            typer.echo(answer.line())
            refused += answer.code not in {"AA", "CA", ""}
    return refused
