"""`yilian user` beside a database, as an administrator runs it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from hub.auth.keys import KeyStore
from tests.commands import run

PASSWORD = "a fine long password"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    KeyStore(folder / "keys")
    return folder


def user(data: Path, url: str, *arguments: str, typed: str = "") -> CompletedProcess[str]:
    environment = {**os.environ, "YILIAN_DATABASE_URL": url}
    return run(["user", *arguments, "--data", str(data)], environment, typed)


BAI = ("add", "bai", "--role", "family-doctor", "--organization", "F05", "--practitioner", "bai", "--display", "白若溪")


def test_an_account_is_added_listed_disabled_and_enabled(data: Path, database_url: str) -> None:
    done = user(data, database_url, *BAI, typed=f"{PASSWORD}\n")
    assert (done.returncode, done.stdout) == (0, "")
    assert user(data, database_url, "disable", "bai").returncode == 0
    (row,) = json.loads(user(data, database_url, "list", "--json").stdout)
    assert (row["name"], row["role"], row["display"], row["disabled"]) == ("bai", "family-doctor", "白若溪", True)
    assert "password" not in row
    assert user(data, database_url, "enable", "bai").returncode == 0
    assert "白若溪" in user(data, database_url, "list").stdout


def test_a_made_up_password_is_printed_once_and_nothing_else(data: Path, database_url: str) -> None:
    first = user(data, database_url, *BAI, "--generate")
    (password,) = first.stdout.splitlines()
    assert len(password) == 16
    (renewed,) = user(data, database_url, "password", "bai", "--generate").stdout.splitlines()
    assert renewed != password
    assert password not in user(data, database_url, "list", "--json").stdout


def test_a_password_is_never_an_argument(data: Path, database_url: str) -> None:
    done = user(data, database_url, *BAI, "--password", PASSWORD)
    assert done.returncode == 2
    assert PASSWORD not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "typed", "says"),
    [
        (BAI, "short\n", "password"),
        (("add", "x", "--role", "king", "--organization", "F05"), PASSWORD, "role"),
        (("add", "x", "--role", "clinician", "--organization", "F99", "--practitioner", "x"), PASSWORD, "organization"),
        (("password", "nobody"), PASSWORD, "no such account"),
        (("disable", "nobody"), "", "no such account"),
    ],
)
def test_what_cannot_be_is_refused_with_a_reason(
    data: Path, database_url: str, arguments: tuple[str, ...], typed: str, says: str
) -> None:
    done = user(data, database_url, *arguments, typed=typed)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr
