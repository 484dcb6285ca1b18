"""How commands print what they found: a table for people, JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, Final

import typer
from msgspec import Struct, structs
from rich.console import Console
from rich.table import Table
from rich.text import Text

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]

#: Columns of an output that is no terminal: a row stays one line, for grep and awk.
_UNBOUNDED: Final = 10_000


def print_json(value: Any) -> None:
    """One JSON document on standard output: structs in it are objects, what JSON has no form for is its text."""
    json.dump(value, sys.stdout, ensure_ascii=False, default=_plain)
    sys.stdout.write("\n")


def _plain(value: Any) -> Any:
    return structs.asdict(value) if isinstance(value, Struct) else str(value)


def print_table(names: Iterable[str], rows: Iterable[Iterable[object]], *, styles: Iterable[str] = ()) -> None:
    """A row of headers and a line for each of `rows`; `styles` are those of the rows, where they have some.

    Nothing and False are blank, instants are local time with its offset. What a sender wrote is text: its brackets are
    no markup, and its control characters are shown instead of obeyed.
    """
    table = Table(*names, box=None)
    style = iter(styles)
    for row in rows:
        table.add_row(*map(_cell, row), style=next(style, None))
    Console(width=None if sys.stdout.isatty() else _UNBOUNDED).print(table)


def _cell(value: object) -> Text:
    if value is None or value is False:
        return Text()
    if isinstance(value, datetime):
        return Text(value.astimezone().isoformat(" ", "seconds"))
    text = "yes" if value is True else " ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)
    return Text(printable(text))


def printable(text: str) -> str:
    """A sender's text for a terminal: control characters but line feeds are shown, not obeyed."""
    return "".join(c if c.isprintable() or c == "\n" else f"\\x{ord(c):02x}" for c in text)
