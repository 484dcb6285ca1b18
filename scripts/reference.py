"""Writes the generated pages of docs/reference; with `--check` only says which of them are out of date.

Run: python -m scripts.reference [--check]
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import typer.main

from hub.cli.main import app
from hub.kernel import consortium_schema
from hub.kernel.errors import ACK, DIMSE, HTTP, Category
from hub.kernel.log import FIELDS
from hub.kernel.settings import SETTINGS
from mappings.cda.tables import rows
from mappings.devices.vendor_schema import SCHEMA as DEVICE_PROFILE
from mappings.forms.profile import SCHEMA as FORM_PROFILE
from mappings.hl7v2.profiles import schema

FOLDER: Final = Path(__file__).resolve().parent.parent / "docs" / "reference"


def pages() -> dict[str, str]:
    """Text of every generated page, by file name."""
    return {
        "settings.md": _lines(_settings()),
        "errors.md": _lines(_errors()),
        "logs.md": _lines(_logs()),
        "commands.md": _lines(_commands()),
        "cda.md": _lines(_cda()),
        "consortium.schema.json": _schema(consortium_schema.SCHEMA),
        "profile.schema.json": _schema(schema.SCHEMA),
        "form-profile.schema.json": _schema(FORM_PROFILE),
        "device-profile.schema.json": _schema(DEVICE_PROFILE),
    }


def _settings() -> Iterator[str]:
    yield "# Settings"
    yield ""
    yield "Environment variables, read once at start; an unknown `YILIAN_` variable is refused."
    yield ""
    yield "| variable | default | meaning |"
    yield "|---|---|---|"
    for setting in SETTINGS:
        default = f"`{setting.default}`" if setting.default != "" else "(empty)"
        secret = " Secret." if setting.secret else ""
        yield f"| `{setting.variable}` | {default} | {setting.text}{secret} |"


def _cda() -> Iterator[str]:
    yield "# CDA documents"
    yield ""
    yield "What `yilian convert cda` knows beside the structure of CDA, from the tables of `mappings/cda/tables`."
    yield ""
    yield "## Types of document"
    yield ""
    yield "| code | template | standard | title |"
    yield "|---|---|---|---|"
    for row in rows("documents"):
        yield f"| {row['code']} | {row['template']} | {row['part']} | {row['title']} |"
    yield ""
    yield "## Data elements with a code or meaning of their own"
    yield ""
    yield f"All {len(rows('data-elements'))} data elements of the table are found by name where the code is missing."
    yield ""
    yield "| data element | names | LOINC | unit | also |"
    yield "|---|---|---|---|---|"
    also = {"diagnosis": "a Condition", "target": "a Goal in a plan", "turns": "周 is a turn, not a week", "": ""}
    for row in rows("data-elements"):
        if row["loinc"] or row["use"]:
            names = row["names"].replace("|", ", ")
            loinc = f"{row['loinc']} {row['display']}"
            yield f"| {row['code']} | {names} | {loinc} | {row['unit']} | {also[row['use']]} |"
    yield ""
    yield "## Numbers"
    yield ""
    yield "| root | what it numbers | type (v2-0203) |"
    yield "|---|---|---|"
    for row in rows("identifiers"):
        yield f"| {row['root']} | {row['name']} | {row['type']} |"


def _errors() -> Iterator[str]:
    yield "# Errors"
    yield ""
    yield "Every refusal belongs to one of these categories; each has one answer per protocol."
    yield ""
    yield "| category | HTTP | OperationOutcome issue | MSA-1 | ERR-3 | DIMSE status |"
    yield "|---|---|---|---|---|---|"
    for category in Category:
        http, ack = HTTP[category], ACK[category]
        told = f"{http.status} | {http.issue} | {ack.code} | {ack.error} {ack.error_text} | {DIMSE[category]:04X}H"
        yield f"| {category.value} | {told} |"


def _logs() -> Iterator[str]:
    yield "# Log lines"
    yield ""
    yield "One JSON object per line on standard error: `at`, `level`, `process`, `event`,"
    yield "and of these fields those that apply."
    yield "A value that is not a plain code, id or number is replaced by its hash."
    yield ""
    yield "| field | meaning |"
    yield "|---|---|"
    for name, meaning in FIELDS.items():
        yield f"| `{name}` | {meaning} |"


def _commands() -> Iterator[str]:
    yield "# Commands"
    yield ""
    yield "Results go to standard output, everything else to standard error."
    yield from _command(typer.main.get_command(app), "yilian", None)


def _command(command: Any, name: str, parent: Any) -> Iterator[str]:
    context = command.make_context(name, [], parent=parent, resilient_parsing=True)
    subcommands = _inner(command, context)
    if not subcommands:
        yield ""
        yield f"## {context.command_path}"
        yield ""
        yield " ".join((command.help or "").split())
        yield ""
        yield "```"
        yield command.get_usage(context).removeprefix("Usage: ")
        for parameter in command.params:
            record = parameter.get_help_record(context)
            if record and record[0] != "--help":
                yield f"  {record[0]:<28} {' '.join(record[1].split())}".rstrip()
        yield "```"
    for child_name, child in subcommands.items():
        if not child.hidden:
            yield from _command(child, child_name, context)


def _inner(command: Any, context: Any) -> dict[str, Any]:
    if not hasattr(command, "list_commands"):
        return {}
    return {name: command.get_command(context, name) for name in command.list_commands(context)}


def _schema(schema: object) -> str:
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


def _lines(lines: Iterator[str]) -> str:
    return "\n".join(lines) + "\n"


def main() -> int:
    """Write the pages, or with `--check` return 1 when one is out of date."""
    stale = [name for name, text in pages().items() if not _same(FOLDER / name, text)]
    if "--check" in sys.argv:
        print("\n".join(f"out of date: {name}" for name in stale) or "up to date")
        return 1 if stale else 0
    FOLDER.mkdir(exist_ok=True)
    for name in stale:
        (FOLDER / name).write_text(pages()[name], encoding="utf-8")
        print(f"wrote {name}")
    return 0


def _same(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    sys.exit(main())
