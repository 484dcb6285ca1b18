"""`yilian profile`: writing and trying a facility profile, and the local codes it lacks."""

from __future__ import annotations

import typer

from hub.cli.profile_check import check
from hub.cli.profile_codes import approve, codes, suggest
from hub.cli.profile_learn import learn
from hub.cli.profile_test import test

app = typer.Typer(no_args_is_help=True, help="Facility profiles: draft, try and check one; the local codes it lacks.")
for command in (learn, test, check, codes, suggest, approve):
    app.command()(command)
