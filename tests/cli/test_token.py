import asyncio
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from hub.audit.entry import Entry
from hub.audit.queries import newest
from hub.auth.directory import Directory
from hub.auth.keys import KeyStore
from hub.auth.tokens import Issuer
from hub.db.database import Database
from hub.kernel.clock import system_clock
from hub.kernel.consortium import load
from hub.run.installation import DEMO_CONSORTIUM
from tests.commands import yilian


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    KeyStore(folder / "keys")
    return folder


def test_standard_output_is_the_token_and_nothing_else(data: Path) -> None:
    done = yilian("token", "--role", "clinician", "--organization", "F01", "--data", data)
    assert done.returncode == 0, done.stderr
    (token,) = done.stdout.splitlines()
    actor = Issuer(KeyStore(data / "keys"), Directory(load(DEMO_CONSORTIUM)), system_clock).verify(token)
    assert (actor.role, actor.organization, actor.form) == ("clinician", "F01", "identified")


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("--role", "king", "--organization", "F01"), "role"),
        (("--role", "clinician", "--organization", "F99"), "organi"),
        (("--role", "clinician", "--organization", "F01", "--purpose", "HRESCH"), "purpose"),
        (("--role", "clinician", "--organization", "F01", "--form", "aggregate"), "form"),
        (("--role", "clinician", "--organization", "F01", "--ttl", "9999999"), "lifetime"),
    ],
)
def test_rights_that_do_not_exist_are_refused(data: Path, arguments: tuple[str, ...], what: str) -> None:
    done = yilian("token", *arguments, "--data", data)
    assert done.returncode == 2
    assert done.stdout == ""
    assert what in done.stderr


def test_without_a_hub_or_keys_it_says_what_to_name(tmp_path: Path) -> None:
    done = yilian("token", "--role", "clinician", XDG_STATE_HOME=str(tmp_path), YILIAN_DATA_DIR=str(tmp_path / "no"))
    assert done.returncode == 2
    assert "--data or --url" in done.stderr


def test_a_token_stands_in_the_trail_before_it_is_shown(data: Path, database_url: str) -> None:
    arguments = ("--role", "clinician", "--organization", "F01", "--practitioner", "fang", "--data", data)
    done = yilian("token", *arguments, YILIAN_DATABASE_URL=database_url)
    assert done.returncode == 0, done.stderr
    actor = Issuer(KeyStore(data / "keys"), Directory(load(DEMO_CONSORTIUM)), system_clock).verify(done.stdout.strip())
    (entry,) = asyncio.run(_newest(database_url))
    assert entry.query is not None
    assert dict(parse_qsl(entry.query))["jti"] == actor.token_id
    assert entry.query.startswith("token=issued&role=clinician&organization=F01&practitioner=fang")
    assert done.stdout.strip() not in repr(entry)


def test_where_the_trail_cannot_be_written_no_token_is_shown(data: Path) -> None:
    away = "postgresql://nobody:x@127.0.0.1:1/none"
    done = yilian("token", "--role", "clinician", "--organization", "F01", "--data", data, YILIAN_DATABASE_URL=away)
    assert (done.returncode, done.stdout) == (1, "")


async def _newest(url: str) -> list[Entry]:
    database = await Database.connect(url, size=1)
    try:
        async with database.connection() as tx:
            return await newest(tx, limit=9)
    finally:
        await database.close()
