"""`yilian check`: is a consortium file right?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hub.bootstrap.feeds import profiles
from hub.kernel.consortium import load


def check(config: Annotated[Path, typer.Argument(help="The consortium file, YAML.")]) -> None:
    """Validate a consortium file and every facility profile it names; each complaint has its line."""
    consortium = load(config)
    profiles(consortium)
    typer.echo(f"{config}: {len(consortium.facilities)} facilities, {len(consortium.feeds)} feeds, no complaints")
