"""The entry point: runs a command."""

from __future__ import annotations

import sys

import typer

from hub.cli.commands import Commands
from hub.run.exits import exit_code

app = typer.Typer(
    name="yilian",
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Yilian Hub 医联枢纽: one consented, longitudinal record for a medical consortium.",
)


@app.callback()
def _yilian() -> None:
    pass


def main() -> None:
    """Run one command. Exit 0 when it did its work."""
    if failed := exit_code(app):
        sys.exit(failed)


if __name__ == "__main__":
    main()
