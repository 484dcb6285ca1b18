"""`yilian client` beside a database, as an administrator runs it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from joserfc.jwk import ECKey
from typer.testing import CliRunner

from hub.audit.queries import newest
from hub.auth.keys import KeyStore
from hub.cli.client import app
from hub.db.database import Database
from tests.commands import yilian

ADD = (
    *("client", "add", "growth", "--name", "生长曲线", "--kind", "public"),
    *("--redirect", "https://growth.example/callback", "--scope", "patient/*.read launch/patient", "--role", "patient"),
)


def test_a_client_is_registered_listed_and_disabled(tmp_path: Path, database_url: str) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    KeyStore(data / "keys")
    done = yilian(*ADD, "--data", data, YILIAN_DATABASE_URL=database_url)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["scopes"] == ["patient/*.rs", "launch/patient"]
    assert yilian("client", "disable", "growth", "--data", data, YILIAN_DATABASE_URL=database_url).returncode == 0
    (row,) = json.loads(yilian("client", "list", "--json", "--data", data, YILIAN_DATABASE_URL=database_url).stdout)
    assert (row["id"], row["kind"], row["disabled"]) == ("growth", "public", True)
    wrong = yilian(*ADD[:-2], "--role", "administrator", "--data", data, YILIAN_DATABASE_URL=database_url)
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "role" in wrong.stderr


def test_the_trail_says_what_a_client_was_given_and_which_keys(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YILIAN_DATABASE_URL", database_url)
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    KeyStore(data / "keys")
    given = (
        *("--name", "生长曲线", "--kind", "confidential", "--redirect", "https://growth.example/callback"),
        *("--launch", "https://growth.example/launch", "--scope", "user/Patient.read launch", "--role", "clinician"),
        *("--purpose", "TREAT", "--jwks", _keys(tmp_path, "k1")),
    )
    for arguments in (("add", "growth", *given), ("rotate", "growth", "--jwks", _keys(tmp_path, "k1", "k2"))):
        done = CliRunner().invoke(app, [*arguments, "--data", str(data)])
        assert done.exit_code == 0, done.exception
    rotated, added = asyncio.run(_deeds(database_url))
    assert rotated == {"client": ["rotate"], "name": ["growth"], "keys": ["k1 k2"]}
    assert added == {
        "client": ["add"],
        "name": ["growth"],
        "kind": ["confidential"],
        "roles": ["clinician"],
        "scope": ["user/Patient.read launch"],
        "redirects": ["https://growth.example/callback"],
        "launch": ["https://growth.example/launch"],
        "purposes": ["TREAT"],
        "keys": ["k1"],
    }


def _keys(folder: Path, *ids: str) -> str:
    path = folder / f"{len(ids)}.json"
    keys = [ECKey.generate_key("P-384", {"kid": kid}).as_dict(private=False) for kid in ids]
    path.write_text(json.dumps({"keys": keys}), encoding="utf-8")
    return str(path)


async def _deeds(url: str) -> list[dict[str, list[str]]]:
    database = await Database.connect(url)
    try:
        async with database.connection() as tx:
            return [parse_qs(entry.query or "") for entry in await newest(tx, limit=2)]
    finally:
        await database.close()
