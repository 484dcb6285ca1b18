"""`yilian send`: a test sender."""

from __future__ import annotations

import typer

app = typer.Typer(no_args_is_help=True, help="Send messages to a feed, this hub's or another's.")


@app.callback()
def _group() -> None:
    """A group with one command keeps the command's name (`yilian send mllp`)."""
