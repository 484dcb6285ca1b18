import os
import re
import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner

from hub.cli.commands import COMMANDS
from hub.cli.main import app


def test_help_lists_every_command_that_people_use_and_no_other() -> None:
    told = CliRunner().invoke(app, ["--help"]).stdout
    listed = re.findall(r"^  ([a-z][\w-]+)  ", told.partition("Commands:")[2], re.MULTILINE)
    assert listed == [name for name, entry in COMMANDS.items() if not entry.hidden]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_where_the_table_says(name: str) -> None:
    group = typer.main.get_command(app)
    context = group.make_context("yilian", [], resilient_parsing=True)
    command = group.get_command(context, name)  # type: ignore[attr-defined]
    assert command is not None
    assert command.hidden is COMMANDS[name].hidden
    assert command.help


def test_an_unknown_command_is_refused() -> None:
    assert CliRunner().invoke(app, ["nonsense"]).exit_code == 2


def test_help_imports_no_command() -> None:
    code = "import sys, hub.cli.main; print(*({'sqlalchemy', 'mappings', 'hub.fhir'} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert done.stdout.split() == []
