"""The entry point: runs a command and turns refusals into messages and exit codes."""

from __future__ import annotations

import os
import sys
from typing import Final

import typer

from hub.cli.commands import Commands
from hub.kernel.errors import Category, HubError
from hub.kernel.log import place

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


#: Exit codes: 2 for what the caller can mend, 1 for everything else.
_CALLER: Final = frozenset(
    {Category.INVALID, Category.UNREADABLE, Category.UNSUPPORTED, Category.NOT_FOUND, Category.CONFLICT}
)


def main() -> None:
    """Run one command. Exit 0 when it did its work."""
    try:
        app()
    except HubError as error:
        print(f"yilian: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(2 if error.category in _CALLER else 1)
    except BrokenPipeError:
        # The reader of our standard output went away (`| head`): no message, and no second complaint at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        # Its text may repeat a message: only class and place are told.
        print(f"yilian: the hub failed: {type(error).__name__} at {place(error)}; please report this", file=sys.stderr)  # noqa: T201
        sys.exit(1)


if __name__ == "__main__":
    main()
