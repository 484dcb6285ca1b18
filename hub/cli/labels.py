"""`yilian labels`: what the list of sensitive codes and words makes of a resource, and of all that stands."""

from __future__ import annotations

import asyncio
import getpass
import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from consent.labelling import read_labelling
from hub.cli.desk import Data, foundation_of
from hub.cli.listing import AsJson, print_json
from hub.fhir.json import loads
from hub.kernel.errors import Category, HubError
from hub.kernel.settings import Settings
from hub.records.relabelling import Relabelled

app = typer.Typer(no_args_is_help=True, help="Security labels: try the list on a resource, label anew what stands.")


@app.command("try")
def try_(
    files: Annotated[list[Path], typer.Argument(help="FHIR resources as JSON.")],
    labels: Annotated[Path | None, typer.Option(help="A list of your own beside the shipped one.")] = None,
    as_json: AsJson = False,
) -> None:
    """Print the labels each resource would get when it is written; no database."""
    own = labels or (Path(text) if (text := Settings.load(os.environ).labels) else None)
    labelling = read_labelling(own, lambda _: {})
    for url in labelling.sets.urls:
        typer.echo(f"yilian: {url} is not looked at here: what is in it, the terminology of a hub knows", err=True)
    found = {str(path): sorted(labelling.labels(_resource(path))) for path in files}
    if as_json:
        print_json(found)
        return
    for path, names in found.items():
        typer.echo(f"{path}: {', '.join(names) or '-'}")


@app.command()
def apply(data: Data = None) -> None:
    """Label what stands in the store already, after the list has changed. It may be stopped and begun again."""
    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("labelling", total=None)

        def show(done: Relabelled) -> None:
            bar.update(task, completed=done.looked, description=f"{done.looked} looked at, {done.labelled} labelled")

        done = asyncio.run(_relabel(data, show))
    typer.echo(f"{done.looked} looked at, {done.labelled} labelled")


async def _relabel(data: Path | None, show: Callable[[Relabelled], None]) -> Relabelled:
    from hub.run.labels import relabel

    return await relabel(foundation_of(data, "labels"), getpass.getuser(), show)


def _resource(path: Path) -> dict[str, object]:
    try:
        found = loads(path.read_bytes())
    except (OSError, ValueError):
        raise HubError(Category.UNREADABLE, "cannot be read as JSON", where=str(path), code="json") from None
    if not isinstance(found, dict) or "resourceType" not in found:
        raise HubError(Category.UNREADABLE, "is no FHIR resource", where=str(path), code="json")
    return found
