"""`yilian export`: FHIR resources to documents of other systems, without a database."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from hub.bootstrap.cda_documents import written_document
from hub.fhir.json import loads
from hub.kernel.clock import system_clock
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import random_id
from hub.kernel.types import Json

app = typer.Typer(no_args_is_help=True)


@app.callback()
def export() -> None:
    """Write FHIR resources in the formats of other systems, without a database."""


@app.command()
def cda(
    file: Annotated[Path, typer.Argument(help="A FHIR Bundle of one person's resources, JSON; - is standard input.")],
    kind: Annotated[str, typer.Option("--type", help="HSDB04.01, HSDB04.02 or HSDC00.05.")],
    patient: Annotated[str, typer.Option(help="Id of the Patient, where the Bundle has several.")] = "",
    number: Annotated[str, typer.Option(help="The document's own number; made up if none is given.")] = "",
) -> None:
    """Write the resources of a Bundle as a document of WS/T 483.12, 483.13 or 483.20, to standard output.

    Exit 1 if the file cannot be read, or is none this type of document can be made of.
    """
    try:
        raw = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        document = written_document(
            kind,
            _resources(loads(raw)),
            patient=patient,
            number=number or random_id(),
            written=system_clock().isoformat(timespec="seconds"),
        )
    except OSError as error:
        typer.echo(f"yilian: {file}: {error.strerror}", err=True)
        raise typer.Exit(1) from None
    except HubError as error:
        typer.echo(f"yilian: {error}", err=True)
        raise typer.Exit(1) from None
    sys.stdout.buffer.write(document)
    sys.stdout.buffer.flush()


def _resources(bundle: object) -> list[Json]:
    """The resources of a Bundle. Raises HubError UNREADABLE for anything else."""
    entries = bundle.get("entry", []) if isinstance(bundle, dict) else None
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle" or not isinstance(entries, list):
        todo = "give the answer of Patient/ID/$everything, or the bundle of yilian convert"
        raise HubError(Category.UNREADABLE, "is not a Bundle", where="file", todo=todo)
    return [entry["resource"] for entry in entries if isinstance(entry, dict) and "resource" in entry]
