from pathlib import Path

import pytest

from hub.auth.directory import Directory
from hub.auth.keys import KeyStore
from hub.auth.tokens import Issuer
from hub.kernel.clock import system_clock
from hub.kernel.consortium import load
from hub.run.installation import DEMO_CONSORTIUM
from tests.cli.commands import yilian


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
