"""The day of connecting a system, followed word for word: its files, its commands, and what it says they tell."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hub.cli.main import app
from mappings.hl7v2.profiles.load import load
from mappings.hl7v2.profiles.schema_steps import NAMES

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "how-to" / "connect-a-system.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```\w*\n(.*?)```", PAGE, re.DOTALL)
#: The files of the page by what they begin with.
FILES = {
    "MSH|": "day/a01.hl7",
    "name: h1-his": "h1-his.yaml",
    "local,": "h1-items.csv",
    "- entry": "a01-facts.yaml",
    "name: My county": "consortium.yaml",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files of the page, which is where we are."""
    (tmp_path / "day").mkdir()
    for begin, name in FILES.items():
        (text,) = [block for block in BLOCKS if block.startswith(begin)]
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(command: str) -> str:
    """Run a command of the page; what it prints goes where it says."""
    line, _, target = command.partition(" > ")
    done = CliRunner().invoke(app, shlex.split(line)[1:])
    assert done.exit_code == 0, (command, done.output, done.exception)
    if target:
        Path(target).write_text(done.stdout, encoding="utf-8")
    return done.stdout


def test_the_day_leads_where_the_page_says(folder: Path) -> None:
    commands = [line for block in BLOCKS for line in block.splitlines() if line.startswith("yilian ")]
    said = {command: run(command) for command in commands}
    assert load(folder / "draft.yaml").name == "h1-his"
    assert [text for command, text in said.items() if " test " in command] == ["as expected\n", "", "as expected\n"]
    line = json.loads((folder / "day.jsonl").read_text(encoding="utf-8"))
    assert [issue["code"] for issue in line["issues"]] == ["charset-mismatch"]
    assert "no complaints" in said["yilian check consortium.yaml"]


def test_the_page_names_every_step_and_shipped_profile() -> None:
    assert [name for name in NAMES if f"`{name}`" not in PAGE] == []
    assert "`china-common`" in PAGE
    assert "`china-national-codes`" in PAGE
