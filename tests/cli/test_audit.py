"""`yilian audit report`, `keys renew-signing` and `renew-audit`, `user bind`, as an operator types them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Final

import pytest
from typer.testing import CliRunner, Result

from hub.audit.queries import newest
from hub.audit.sequencer import Sequencer
from hub.auth.keys import KeyStore
from hub.bootstrap.audit import signers_of
from hub.cli.main import app
from hub.db.database import Database
from hub.kernel.clock import system_clock
from hub.kernel.errors import HubError
from hub.run.installation import DEMO_CONSORTIUM, remember
from tests.audit.trees import salt
from tests.cli.test_user import BAI, PASSWORD

WITH_PROVIDER: Final = """name: 云泽县医共体
facilities: [{code: F05, name: 石桥社区卫生服务中心}]
feeds: []
sign_in: {name: 统一认证, issuer: 'https://id.county.example', client_id: hub}
"""


def typed(*arguments: str, data: Path, given: str = "") -> Result:
    return CliRunner().invoke(app, [*arguments, "--data", str(data)], input=given)


def yilian(*arguments: str, data: Path, given: str = "") -> str:
    done = typed(*arguments, data=data, given=given)
    assert done.exit_code == 0, (done.output, done.exception)
    return done.stdout


@pytest.fixture
def data(database_url: str, tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    remember(folder, DEMO_CONSORTIUM, database_url)
    KeyStore(folder / "keys")
    return folder


def deeds(url: str) -> list[str]:
    """The queries of the trail, newest first."""

    async def read() -> list[str]:
        database = await Database.connect(url, size=1)
        async with database.connection() as tx:
            found = [entry.query or "" for entry in await newest(tx, limit=20)]
        await database.close()
        return found

    return asyncio.run(read())


def grown(url: str, data: Path) -> None:
    """A turn of the sequencer, by the keys of the folder."""

    async def turn() -> None:
        database = await Database.connect(url, size=1)
        await Sequencer(database, signers_of(KeyStore(data / "keys")), system_clock, salt).turn()
        await database.close()

    asyncio.run(turn())


def test_keys_are_renewed_and_the_trail_verifies_before_and_after(
    data: Path, database_url: str, tmp_path: Path
) -> None:
    (old,) = yilian("audit", "keys", data=data).splitlines()
    yilian("keys", "renew-signing", data=data)
    grown(database_url, data)
    new = yilian("keys", "renew-audit", data=data).splitlines()[0]
    assert ["renew-audit" in deeds(database_url)[0], "renew-signing" in deeds(database_url)[1]] == [True, True]
    grown(database_url, data)
    trusted = tmp_path / "trusted.txt"
    trusted.write_text(yilian("audit", "keys", data=data), encoding="utf-8")
    assert trusted.read_text(encoding="utf-8").split() == [new, old]
    yilian("audit", "export", "--out", str(tmp_path / "trail"), data=data)
    done = CliRunner().invoke(app, ["audit", "verify", str(tmp_path / "trail"), "--keys", str(trusted)])
    assert done.exit_code == 0, done.output


def test_a_report_is_written_once_and_says_what_it_counts(data: Path, database_url: str, tmp_path: Path) -> None:
    yilian("keys", "renew-signing", data=data)
    grown(database_url, data)
    out = tmp_path / "report.json"
    asked = ("audit", "report", "F01-P1", "--out", str(out), "--from", "2026-01-01", "--json")
    assert json.loads(yilian(*asked, data=data)) == {"pending": 0, "erased": 0, "shares": []}
    assert json.loads(out.read_text(encoding="utf-8"))["patients"] == ["F01-P1"]
    assert out.stat().st_mode & 0o077 == 0
    assert "F01-P1" in deeds(database_url)[0]
    again = typed(*asked, data=data)
    assert isinstance(again.exception, HubError)
    assert again.exception.where == str(out)


def test_an_account_opens_by_an_identity_of_the_provider_that_is_bound_to_it(
    data: Path, database_url: str, tmp_path: Path
) -> None:
    consortium = tmp_path / "consortium.yaml"
    consortium.write_text(WITH_PROVIDER, encoding="utf-8")
    remember(data, consortium, database_url)
    yilian("user", *BAI, data=data, given=f"{PASSWORD}\n")
    yilian("user", "bind", "bai", "subject-7", data=data)
    assert "bind" in deeds(database_url)[0]
    assert "subject-7" in yilian("user", "bound", data=data)
    assert isinstance(typed("user", "bind", "nobody", "subject-8", data=data).exception, HubError)
    yilian("user", "unbind", "subject-7", data=data)
    assert "subject-7" not in yilian("user", "bound", data=data)
