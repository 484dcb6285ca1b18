"""`yilian check`: are a consortium file, and the profiles beside it, right?"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from hub.bootstrap.feeds import readings
from hub.bootstrap.outbound import routes
from hub.fhir.profiles.registry import loaded
from hub.kernel.consortium import load
from hub.kernel.settings import Settings


def check(
    config: Annotated[Path, typer.Argument(help="The consortium file, YAML.")],
    fhir_profiles: Annotated[
        Path | None, typer.Option(help="Folder of FHIR profiles; by default that of the setting YILIAN_PROFILES.")
    ] = None,
) -> None:
    """Validate a consortium file, what profiles and certificates it names, and the FHIR profiles here."""
    consortium = load(config)
    readings(consortium)
    routes(consortium)
    feeds = len(consortium.feeds) + len(consortium.outbound)
    text = f"{config}: {len(consortium.facilities)} facilities, {feeds} feeds, no complaints"
    folder = Settings.load(os.environ, profiles=None if fhir_profiles is None else str(fhir_profiles)).profiles
    if folder:
        text += f"\n{folder}: {len(loaded(Path(folder)))} FHIR profiles, no complaints"
    typer.echo(text)
