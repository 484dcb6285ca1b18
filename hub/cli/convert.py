"""`yilian convert`: source files to FHIR, without a database."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from hub.bootstrap.conversions import conversion, mending, studies
from hub.fhir.long_json import written
from hub.kernel.settings import Settings
from hub.kernel.types import Json


class Format(StrEnum):
    """Source formats that can be converted."""

    HL7V2 = "hl7v2"
    CDA = "cda"
    FORM = "form"
    DICOM = "dicom"


def convert(
    source_format: Annotated[Format, typer.Argument(metavar="FORMAT", help="Source format.")],
    files: Annotated[list[Path], typer.Argument(help="Files to convert; a file may hold several messages.")],
    profile: Annotated[Path | None, typer.Option(help="Facility profile, YAML.")] = None,
    errors: Annotated[
        Path | None, typer.Option(help="Of forms: write the rows to be mended, with the reasons, to this CSV file.")
    ] = None,
) -> None:
    """Print one JSON line per message (document, study, row of a form): source, index, bundle, report, issues.

    Exit 1 if a file could not be read.
    """
    settings = Settings.load(os.environ)
    mend = mending(source_format.value, profile) if errors else None
    if source_format is Format.DICOM:
        _convert_studies(files, profile, settings)
        return
    convert_one = conversion(source_format.value, profile, settings.canonical_base)
    to_mend = b""
    unreadable = False
    for path in files:
        try:
            raw = path.read_bytes()
        except OSError as error:
            typer.echo(f"yilian: {path}: {error.strerror}", err=True)
            unreadable = True
            continue
        _print(convert_one(str(path), raw))
        to_mend += mend(raw) if mend else b""
    if errors:
        errors.write_bytes(to_mend)
    if unreadable:
        raise typer.Exit(1)


def _convert_studies(files: list[Path], profile: Path | None, settings: Settings) -> None:
    unreadable: list[Path] = []
    _print(studies(profile, settings.canonical_base)(_opened(files, unreadable)))
    if unreadable:
        raise typer.Exit(1)


def _opened(files: list[Path], unreadable: list[Path]) -> Iterator[tuple[str, BinaryIO]]:
    """The files, each open while it is looked at; those that cannot be opened are told and added to `unreadable`."""
    for path in files:
        try:
            file = path.open("rb")
        except OSError as error:
            typer.echo(f"yilian: {path}: {error.strerror}", err=True)
            unreadable.append(path)
            continue
        with file:
            yield str(path), file


def _print(rows: Iterator[Json]) -> None:
    out = sys.stdout.buffer
    for row in rows:
        out.writelines(written(row))
        out.write(b"\n")
    out.flush()
