"""Verifying the audit trail, followed word for word: the commands of the page on a trail that is there."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hub.audit.trail import Trail
from hub.bootstrap.audit import sequencer_of
from hub.bootstrap.foundation import Foundation
from hub.cli.main import app
from hub.kernel.log import Log
from hub.kernel.settings import Settings
from hub.run.installation import remember
from tests.audit.trees import some

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "how-to" / "verify-the-audit.md").read_text(encoding="utf-8")
KEYS, EXPORT, VERIFY, WITNESS = (line for line in PAGE.splitlines() if line.startswith("yilian "))


@pytest.fixture
def folder(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder whose hub has a trail of forty leaves; commands run beside it."""
    config = tmp_path / "consortium.yaml"
    config.write_text("name: test\nfacilities: [{code: F01, name: F01}]\n", encoding="utf-8")
    remember(tmp_path, config, database_url)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("YILIAN_DATA_DIR", str(tmp_path))
    settings = Settings.load({}, data_dir=tmp_path, config=config, database_url=database_url)
    asyncio.run(grow(Foundation(settings, Log("test")), 1))
    return tmp_path


async def grow(foundation: Foundation, start: int) -> None:
    async with foundation.database("test", size=2) as database:
        trail = Trail(database, foundation.log)
        for entry in some(40, start):
            await trail.record(entry)
        await trail.close()
        await sequencer_of(foundation, database).turn()


def run(command: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, [*shlex.split(command)[1:], *(["--data", "."] if "verify" not in command else [])])
    return done.exit_code, done.stdout


def test_the_page_leads_from_the_key_to_the_first_bad_leaf(folder: Path) -> None:
    code, key = run(KEYS)
    (folder / "trusted.txt").write_text("# over the telephone\n" + key, encoding="utf-8")
    assert code == 0
    assert run(EXPORT) == (0, "40 leaves in trail\n")
    assert run(VERIFY) == (0, "40 leaves are as 1 checkpoints sign\n")
    heads = (folder / "trail" / "checkpoints.ndjson").read_text(encoding="utf-8").splitlines()
    (folder / "kept.txt").write_text("\n".join(json.loads(line)["note"] for line in heads), encoding="utf-8")
    assert run(WITNESS) == (0, "40 leaves are as 1 checkpoints sign, 1 checkpoints of a witness hold\n")
    leaves = folder / "trail" / "leaves.ndjson"
    lines = leaves.read_text(encoding="utf-8").splitlines(keepends=True)
    leaves.write_text("".join([*lines[:17], lines[17].replace("fang", "gang"), *lines[18:]]), encoding="utf-8")
    assert run(VERIFY) == (1, "first bad leaf: 17: another leaf was signed in its place\n")
    (folder / "trail" / "hashes.bin").unlink()
    assert run(VERIFY)[0] == 2


def test_every_file_and_exit_code_of_an_export_is_told(folder: Path) -> None:
    run(EXPORT)
    assert {path.name for path in (folder / "trail").iterdir()} == set(
        re.findall(r"^\| `([\w.]+)` \|", PAGE, re.MULTILINE)
    )
    assert re.findall(r"^\| (\d) \|", PAGE, re.MULTILINE) == ["0", "1", "2"]
