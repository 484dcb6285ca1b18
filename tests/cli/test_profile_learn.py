"""`yilian profile learn` and `check`: files and folders, results on standard output, what is missing told."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from hub.cli.main import app
from hub.kernel.errors import HubError

MESSAGE = (
    "MSH|^~\\&|HIS|F01|HUB|YILIAN|20260302083000||ADT^A01|{n}|P|2.4\r"
    "EVN|A01|20260302083000\rPID|1||M{n}^^^^ZYH||测试甲||1980-01-01|2\rPV1|1|I|W1||||||||||||||||V{n}\r"
)


@pytest.fixture
def day(tmp_path: Path) -> Path:
    """A folder with a folder with messages."""
    folder = tmp_path / "day"
    (folder / "morning").mkdir(parents=True)
    for name, numbers in (("one.hl7", [1]), ("morning/two.hl7", [2, 3])):
        text = "".join(MESSAGE.format(n=n) for n in numbers)
        (folder / name).write_text(text, encoding="utf-8", newline="")
    (folder / ".hidden").write_text("noise", encoding="utf-8")
    return folder


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["profile", *map(str, arguments)])


def test_a_draft_is_written_to_standard_output_and_can_be_used_as_it_is(day: Path, tmp_path: Path) -> None:
    done = run("learn", day, "--name", "h1")
    assert done.exit_code == 0
    assert done.stdout.startswith("# Draft from 3 messages.")
    draft = tmp_path / "h1.yaml"
    draft.write_text(done.stdout, encoding="utf-8")
    again = run("learn", day / "one.hl7", "--extends", draft, "--json")
    told = json.loads(again.stdout)
    assert (told["messages"], told["patients"], told["identifiers"][0]["kind"]) == (1, 1, "ZYH")


def test_deviations_are_listed_by_place(day: Path, tmp_path: Path) -> None:
    profile = tmp_path / "h1.yaml"
    profile.write_text("name: h1\nsteps: [{step: plain-time, at: PID-7}]\n", encoding="utf-8")
    told = json.loads(run("check", profile, day, "--json").stdout)
    assert (told["messages"], told["versions"]) == (3, {"2.4": 3})
    dates = {"version": "2.4", "where": "PID-7.1", "what": "is no time", "messages": 3, "times": 3}
    assert dates in told["deviations"]
    assert dates not in json.loads(run("check", profile, day, "--mended", "--json").stdout)["deviations"]
    page = run("check", profile, day / "one.hl7").stdout
    assert "1 messages: 2.4 (1); " in page
    assert ["2.4", "PID-7.1", "is", "no", "time", "1", "1"] in [line.split() for line in page.splitlines()]


def test_a_profile_can_be_checked_alone(tmp_path: Path) -> None:
    profile = tmp_path / "h1.yaml"
    profile.write_text("name: h1\nextends: china-common\n", encoding="utf-8")
    assert run("check", profile).stdout.endswith("h1.yaml: profile h1, no complaints\n")
    profile.write_text("name: h1\nextends: china\n", encoding="utf-8")
    assert isinstance(run("check", profile).exception, HubError)


def test_a_package_that_is_not_installed_is_named(day: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    profile = tmp_path / "h1.yaml"
    profile.write_text("name: h1\n", encoding="utf-8")
    monkeypatch.delitem(sys.modules, "mappings.hl7v2.deviations", raising=False)
    monkeypatch.setitem(sys.modules, "hl7apy", None)
    refused = run("check", profile, day).exception
    assert isinstance(refused, HubError)
    assert 'pip install "yilian-hub[check]"' in str(refused)


def test_a_folder_without_files_is_refused_and_a_file_that_is_not_there_told(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    refused = run("learn", tmp_path / "empty").exception
    assert isinstance(refused, HubError)
    gone = run("learn", tmp_path / "gone.hl7")
    assert gone.exit_code == 0
    assert "No such file or directory" in gone.stderr
