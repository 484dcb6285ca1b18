"""`yilian profile test`: one message with its profile against what is expected of it."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer

from hub.cli.listing import AsJson, print_json
from hub.fhir.json import dumps, loads
from hub.kernel.errors import Category, HubError
from hub.kernel.settings import Settings
from hub.kernel.types import Json
from hub.kernel.yamlfile import read
from mappings.expectation import Difference, differences, untrue
from mappings.hl7v2.convert import convert
from mappings.hl7v2.profiles.load import load

_YAML: Final = frozenset({".yaml", ".yml"})


def test(
    profile: Annotated[Path, typer.Argument(help="Facility profile, YAML.")],
    message: Annotated[Path, typer.Argument(help="File that holds one message.")],
    expected: Annotated[
        Path,
        typer.Argument(help="A bundle or resource, JSON, of which all must be there; or YAML, a list of FHIRPath."),
    ],
    update: Annotated[
        bool, typer.Option("--update", help="Write the JSON file from what the message becomes.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Convert a message and compare. Exit 0 if all that was expected is there, 1 if not, 2 for unusable input."""
    converted = _converted(profile, message)
    if update:
        _write(expected, converted)
        return
    told = _compare(expected, converted["bundle"] or {"resourceType": "Bundle"})
    fatal = [issue for issue in converted["issues"] if issue["severity"] == "fatal"]
    if as_json:
        print_json({"passed": not told, "differences": [dataclasses.asdict(each) for each in told], "issues": fatal})
    else:
        _print(told, fatal)
    if told:
        raise typer.Exit(1)


def _converted(profile: Path, message: Path) -> Json:
    settings = Settings.load(os.environ)
    found = list(convert(str(message), _bytes(message), load(profile), canonical_base=settings.canonical_base))
    if len(found) != 1:
        what = f"holds {len(found)} messages"
        raise HubError(Category.INVALID, what, where=str(message), todo="name a file with one message")
    return found[0]


def _compare(expected: Path, bundle: Json) -> list[Difference]:
    if expected.suffix in _YAML:
        return untrue(_expressions(expected), bundle)
    stated = loads(_bytes(expected))
    if not isinstance(stated, dict) or "resourceType" not in stated:
        raise HubError(Category.INVALID, "is neither a Bundle nor a resource", where=str(expected))
    return differences(stated, bundle)


def _expressions(path: Path) -> list[str]:
    file = read(path)
    if not isinstance(file.data, list) or not file.data:
        raise HubError(Category.INVALID, "is no list of FHIRPath expressions", where=str(path))
    for i, each in enumerate(file.data):
        if not isinstance(each, str):
            what = "is no text; put an expression with a colon in quotes"
            raise HubError(Category.INVALID, what, where=f"{path}:{file.line(i)}")
    return list(file.data)


def _write(expected: Path, converted: Json) -> None:
    if expected.suffix in _YAML:
        raise HubError(Category.INVALID, "only JSON can be written", where=str(expected), todo="name a .json file")
    if converted["bundle"] is None:
        raise HubError(Category.INVALID, "the message becomes nothing", where=str(converted["source"]))
    expected.write_bytes(msgspec.json.format(dumps(converted["bundle"]), indent=2) + b"\n")
    typer.echo(f"yilian: wrote {expected}", err=True)


def _print(told: list[Difference], fatal: list[Any]) -> None:
    for issue in fatal:
        typer.echo(f"the message is refused: {issue['where']}: {issue['text']} ({issue['code']})")
    for each in told:
        typer.echo(f"{each.path}\n  expected  {each.expected}\n  found     {each.found}")
    typer.echo(f"{len(told)} differences" if told else "as expected")


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise HubError(Category.NOT_FOUND, "cannot be read", where=str(path), todo=str(error.strerror)) from None
