"""The entry point: registers the commands and turns refusals into messages and exit codes."""

from __future__ import annotations

import os
import sys
from typing import Final

import typer

from hub.cli import (
    audit,
    check,
    consent,
    convert,
    demo,
    messages,
    mpi,
    outbound,
    profile,
    search_parameters,
    send,
    subscriptions,
    terminology,
    token,
    up,
    user,
    worker,
)
from hub.kernel.errors import Category, HubError
from hub.kernel.log import place

app = typer.Typer(
    name="yilian",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Yilian Hub 医联枢纽: one consented, longitudinal record for a medical consortium.",
)
app.command("demo")(demo.demo)
app.command("up")(up.up)
app.command("check")(check.check)
app.command("convert")(convert.convert)
app.command("token")(token.token)
app.add_typer(send.app, name="send")
app.add_typer(messages.app, name="messages")
app.add_typer(outbound.app, name="outbound")
app.add_typer(mpi.app, name="mpi")
app.add_typer(profile.app, name="profile")
app.add_typer(consent.app, name="consent")
app.add_typer(user.app, name="user")
app.add_typer(audit.app, name="audit")
app.add_typer(subscriptions.app, name="subscriptions")
app.add_typer(search_parameters.app, name="search-parameters")
app.add_typer(terminology.app, name="terminology")
app.command("demo-verify", hidden=True)(demo.verify)
app.command("worker", hidden=True)(worker.worker)

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
