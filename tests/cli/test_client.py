"""`yilian client` beside a database, as an administrator runs it."""

from __future__ import annotations

import json
from pathlib import Path

from hub.auth.keys import KeyStore
from tests.cli.commands import yilian

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
