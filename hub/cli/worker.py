"""`yilian worker`: one process of the hub, started by hand or by a supervisor of another make."""

from __future__ import annotations

from typing import Annotated

import typer

from hub.run.work import Kind, work


def worker(
    kind: Kind,
    lifeline: Annotated[int | None, typer.Option()] = None,
    ready: Annotated[int | None, typer.Option()] = None,
    socket: Annotated[list[str] | None, typer.Option()] = None,
    careful: Annotated[bool, typer.Option()] = False,
) -> None:
    """Run one process until SIGTERM, SIGINT or the end of the supervisor."""
    sockets = {name: int(fd) for name, _, fd in (text.partition("=") for text in socket or ())}
    work(kind, lifeline, ready, sockets, careful=careful)
