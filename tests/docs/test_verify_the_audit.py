"""Verifying the audit trail, followed word for word: the commands of the page on a trail that is there."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
from base64 import b64encode
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hub.audit import tree
from hub.audit.trail import Trail
from hub.bootstrap.audit import sequencer_of
from hub.bootstrap.foundation import Foundation
from hub.cli.main import app
from hub.db.database import Database
from hub.demo.ask import Client, Reply
from hub.kernel.log import Log
from hub.kernel.settings import Settings
from hub.kernel.types import Json
from hub.run.installation import remember
from tests.audit.trees import some

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "how-to" / "verify-the-audit.md").read_text(encoding="utf-8")
KEYS, RENEW, EXPORT, REPORT, REPORTED, VERIFY, WITNESSED, WITNESS = (
    line for line in PAGE.splitlines() if line.startswith("yilian ")
)


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
    assert run(WITNESSED) == (0, "40 leaves are as 1 checkpoints sign, 1 checkpoints of a witness hold\n")
    leaves = folder / "trail" / "leaves.ndjson"
    lines = leaves.read_text(encoding="utf-8").splitlines(keepends=True)
    leaves.write_text("".join([*lines[:17], lines[17].replace("fang", "gang"), *lines[18:]]), encoding="utf-8")
    assert run(VERIFY) == (1, "first bad leaf: 17: another leaf was signed in its place\n")
    (folder / "trail" / "hashes.bin").unlink()
    assert run(VERIFY)[0] == 2


def test_a_report_on_one_patient_is_written_once_and_verified(folder: Path) -> None:
    (folder / "trusted.txt").write_text(run(KEYS)[1], encoding="utf-8")
    patients = {line for entry in some(40) for line in entry.patients}
    mine = REPORT.replace("F01-P1", sorted(patients)[0])
    code, said = run(mine)
    assert code == 0, said
    told = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert run(REPORTED) == (0, f"{len(told['lines'])} lines are as the checkpoint over 40 leaves signs\n")
    assert run(mine)[0] != 0


def test_every_file_and_exit_code_of_an_export_is_told(folder: Path) -> None:
    run(EXPORT)
    assert {path.name for path in (folder / "trail").iterdir()} == set(
        re.findall(r"^\| `([\w.]+)` \|", PAGE, re.MULTILINE)
    )
    assert re.findall(r"^\| (\d) \|", PAGE, re.MULTILINE) == ["0", "1", "2"]


def test_a_witness_keeps_what_continues_and_refuses_a_fork(
    folder: Path, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    def answer(client: Client, method: str, path: str) -> Reply:
        assert (client.base, client.token, method) == ("https://hub.example", "t", "GET")
        return Reply(200, asyncio.run(told(database_url, path)))

    monkeypatch.setattr(Client, "call", answer)
    (folder / "token.txt").write_text("t\n", encoding="utf-8")
    (folder / "trusted.txt").write_text(run(KEYS)[1], encoding="utf-8")
    settings = Settings.load({}, data_dir=folder, config=folder / "consortium.yaml", database_url=database_url)
    command = CliRunner()
    for start, said in (
        (0, "a later checkpoint was kept\n"),
        (0, "nothing new\n"),
        (100, "a later checkpoint was kept\n"),
    ):
        if start:
            asyncio.run(grow(Foundation(settings, Log("test")), start))
        done = command.invoke(app, shlex.split(WITNESS)[1:])
        assert (done.exit_code, done.stdout) == (0, said)
    assert run(EXPORT)[0] == 0
    assert run(WITNESSED) == (0, "80 leaves are as 2 checkpoints sign, 2 checkpoints of a witness hold\n")
    asyncio.run(written_anew(Foundation(settings, Log("test"))))
    done = command.invoke(app, shlex.split(WITNESS)[1:])
    assert done.exit_code == 1
    assert "does not continue" in done.stderr


async def written_anew(foundation: Foundation) -> None:
    """By one who has the database and the key."""
    async with foundation.database("test", size=2) as database:
        async with database.connection() as tx:
            await tx.execute("TRUNCATE audit_leaf, audit_tile, audit_checkpoint")
            await tx.execute("UPDATE audit SET organization = 'F02' WHERE number = 1")
        await sequencer_of(foundation, database).turn()


async def told(url: str, path: str) -> Json:
    """What the doors answer an auditor, without HTTP."""
    database = await Database.connect(url)
    try:
        async with database.connection() as tx:
            head = await tree.head(tx)
            assert head is not None
            if path == "api/audit/checkpoint":
                return {"note": head.note}
            first, second = map(int, re.findall(r"=(\d+)", path))
            return {"proof": [b64encode(one).decode() for one in await tree.consistency(tx, first, second)]}
    finally:
        await database.close()
