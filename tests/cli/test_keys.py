"""`yilian keys` and `yilian backup`, from a plain installation to one that is sealed, renewed and backed up."""

from __future__ import annotations

import asyncio
import json
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hub.bootstrap.keys import ensure_keys, master_key
from hub.cli.main import app
from hub.kernel.errors import HubError
from hub.kernel.settings import Settings
from hub.run.installation import DEMO_CONSORTIUM, remember
from tests.pipeline.fake_feed import message
from tests.pipeline.hub_in_a_box import box


def yilian(*arguments: str) -> str:
    done = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture
def data(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder of an installation that ran plain, and is told to seal from now on."""

    async def filled() -> None:
        async with box(database_url) as hub:
            await hub.send(message("1"), message("2", "B"))

    asyncio.run(filled())
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    remember(folder, DEMO_CONSORTIUM, database_url)
    monkeypatch.setenv("YILIAN_ENCRYPTION", "aes-256-gcm")
    return folder


def test_an_installation_is_sealed_renewed_and_backed_up_by_commands(
    data: Path, database_url: str, tmp_path: Path
) -> None:
    assert "keep a copy elsewhere" in yilian("keys", "init", "--data", str(data))
    key = data / "keys" / "master.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    settings = Settings.load({"YILIAN_ENCRYPTION": "aes-256-gcm"}, data_dir=data)
    asyncio.run(ensure_keys(settings, database_url, master_key(settings)))
    assert "inbox: done, 2 sealed anew" in yilian("keys", "encrypt", "--data", str(data))
    assert "data keys wrapped anew" in yilian("keys", "rewrap", "--data", str(data))
    assert "old keys destroyed" in yilian("keys", "rotate", "--data", str(data))
    said = json.loads(yilian("keys", "status", "--json", "--data", str(data)))
    assert (said["encryption"], [row["number"] for row in said["wrapping"]]) == ("aes-256-gcm", [2])
    assert all(row["retired"] == 0 and row["erased"] == row["sealing"] for row in said["keys"])
    assert "rows in" in yilian("backup", "--out", str(tmp_path / "backup"), "--data", str(data))


def test_a_second_master_key_is_refused(data: Path) -> None:
    yilian("keys", "init", "--data", str(data))
    before = (data / "keys" / "master.key").read_bytes()
    done = CliRunner().invoke(app, ["keys", "init", "--data", str(data)])
    assert done.exit_code != 0
    assert (data / "keys" / "master.key").read_bytes() == before


def test_the_master_key_is_replaced_and_what_was_stopped_half_way_is_finished(
    data: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YILIAN_DATABASE_URL", database_url)
    yilian("keys", "init", "--data", str(data))
    settings = Settings.load({"YILIAN_ENCRYPTION": "aes-256-gcm"}, data_dir=data)
    old = master_key(settings)
    asyncio.run(ensure_keys(settings, database_url, old))
    yilian("keys", "encrypt", "--data", str(data))

    def cut_off(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", cut_off)
        CliRunner().invoke(app, ["keys", "replace", "--data", str(data)])
    assert master_key(settings) == old
    assert "0 wrapping keys" in yilian("keys", "replace", "--data", str(data))
    new = master_key(settings)
    assert new != old
    asyncio.run(ensure_keys(settings, database_url, new))
    with pytest.raises(HubError, match="under another master key"):
        asyncio.run(ensure_keys(settings, database_url, old))
    assert "1 wrapping keys" in yilian("keys", "replace", "--data", str(data))
