"""`yilian consent`: what the consent rules say about cases, without a database."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from consent.configuration import Configuration
from consent.decide import decide as decide_case
from hub.fhir.json import dumps, loads
from hub.kernel.errors import Category, HubError
from hub.kernel.settings import Settings
from hub.kernel.types import Json

app = typer.Typer(no_args_is_help=True, help="What the consent rules say.")


@app.callback()
def _group() -> None:
    """Keeps `decide` a sub-command although it is the only one."""


@app.command()
def decide(
    cases: Annotated[Path, typer.Argument(metavar="CASES.json", help="JSON array of cases.")],
    defaults: Annotated[
        Path | None, typer.Option(help="JSON object: top-level keys for the cases that lack them.")
    ] = None,
) -> None:
    """Decide each case {id, policy, directory, patient, consents, request, resource}; print one JSON array.

    Each answer is {"id", "decision", "reason", "obligations"}, in the order of the cases.
    """
    common = _object(_read(defaults), str(defaults)) if defaults else {}
    read = _cases(_read(cases), str(cases))
    configuration = _configuration(Settings.load(os.environ))
    answers = [{"id": case["id"], **decide_case({**common, **case}, configuration).as_json()} for case in read]
    sys.stdout.buffer.write(dumps(answers) + b"\n")
    sys.stdout.buffer.flush()


def _configuration(settings: Settings) -> Configuration:
    return Configuration(base_urls=(settings.base_url or f"http://{settings.host}:{settings.port}/fhir",))


def _read(path: Path) -> Any:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise HubError(Category.NOT_FOUND, "cannot be read", where=str(path), todo=str(error.strerror)) from None
    try:
        return loads(raw)
    except HubError as error:
        where = ", ".join(part for part in (str(path), error.where) if part)
        raise HubError(error.category, error.what, where=where, todo=error.todo) from None


def _cases(value: Any, name: str) -> list[Json]:
    if not isinstance(value, list):
        raise HubError(Category.INVALID, "is not a JSON array", where=name, todo="write the cases as an array")
    return [_case(case, f"{name}[{position}]") for position, case in enumerate(value)]


def _case(value: Any, where: str) -> Json:
    case = _object(value, where)
    given = case.get("id")
    if isinstance(given, bool) or not isinstance(given, str | int):
        raise HubError(Category.INVALID, "has no id", where=where, todo="give each case an id, text or a number")
    return case


def _object(value: Any, where: str) -> Json:
    if not isinstance(value, dict):
        raise HubError(Category.INVALID, "is not a JSON object", where=where, todo="write an object")
    return value
