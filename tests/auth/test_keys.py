"""The key folder."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from hub.auth import keys as key_module
from hub.auth.keys import KeyStore
from hub.kernel.errors import Category, HubError
from hub.kernel.private_files import publish

FILES = ("installation", "signing.pem", "audit.pem", "openid.pem", "id.secret", "page.secret")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "keys"


def test_keys_are_made_on_first_use_for_the_owner_alone(folder: Path) -> None:
    KeyStore(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == dict.fromkeys(FILES, 0o600)


def test_the_same_folder_gives_the_same_keys(folder: Path) -> None:
    first, second = KeyStore(folder), KeyStore(folder)
    assert first.installation == second.installation
    assert first.signing_key.private_bytes_raw() == second.signing_key.private_bytes_raw()
    assert (first.id_secret, first.page_secret) == (second.id_secret, second.page_secret)


def test_two_installations_share_nothing(tmp_path: Path) -> None:
    first, second = KeyStore(tmp_path / "a"), KeyStore(tmp_path / "b")
    assert first.installation != second.installation
    assert len({first.id_secret, first.page_secret, second.id_secret, second.page_secret}) == 4


def test_processes_that_start_at_once_agree(folder: Path) -> None:
    script = (
        "import sys, pathlib; from hub.auth.keys import KeyStore; k = KeyStore(pathlib.Path(sys.argv[1]));"
        "print(k.installation, k.signing_key.private_bytes_raw().hex(), k.id_secret.hex(), k.page_secret.hex())"
    )
    command = [sys.executable, "-c", script, str(folder)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    answers = {process.communicate(timeout=60)[0] for process in processes}
    assert [process.returncode for process in processes] == [0, 0, 0, 0]
    assert len(answers) == 1
    assert len(answers.pop().split()) == 4


def test_a_rival_that_wrote_first_wins(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rival = b"r" * 32

    def publish_late(path: Path, content: bytes) -> None:
        if path.name == "id.secret":
            publish(path, rival)
        publish(path, content)

    monkeypatch.setattr(key_module, "publish", publish_late)
    assert KeyStore(folder).id_secret == rival
    assert sorted(path.name for path in folder.iterdir()) == sorted(FILES)


def test_a_start_that_was_cut_off_is_completed(folder: Path) -> None:
    signing_key = KeyStore(folder).signing_key.private_bytes_raw()
    (folder / "installation").unlink()
    (folder / "page.secret").unlink()
    assert KeyStore(folder).signing_key.private_bytes_raw() == signing_key


@pytest.mark.parametrize("name", ["signing.pem", "id.secret", "page.secret"])
def test_a_lost_file_of_a_complete_folder_is_never_made_anew(folder: Path, name: str) -> None:
    KeyStore(folder)
    (folder / name).unlink()
    with pytest.raises(HubError, match="is missing") as refusal:
        KeyStore(folder)
    assert refusal.value.where.endswith(name)
    assert not (folder / name).exists()


@pytest.mark.parametrize("name", FILES)
def test_a_file_others_may_read_is_refused(folder: Path, name: str) -> None:
    KeyStore(folder)
    (folder / name).chmod(0o640)
    with pytest.raises(HubError, match="chmod 600") as refusal:
        KeyStore(folder)
    assert refusal.value.category is Category.FORBIDDEN


def test_a_folder_others_may_enter_is_refused(folder: Path) -> None:
    KeyStore(folder)
    folder.chmod(0o755)
    with pytest.raises(HubError, match="chmod 700"):
        KeyStore(folder)


@pytest.mark.parametrize("name", FILES)
def test_a_broken_file_is_refused_by_name(folder: Path, name: str) -> None:
    KeyStore(folder)
    (folder / name).write_bytes(b"not a key\xff")
    with pytest.raises(HubError, match="is broken") as refusal:
        KeyStore(folder)
    assert refusal.value.where.endswith(name)


def test_a_symbolic_link_is_not_followed(folder: Path, tmp_path: Path) -> None:
    KeyStore(folder)
    (folder / "id.secret").rename(tmp_path / "elsewhere")
    (folder / "id.secret").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(HubError) as refusal:
        KeyStore(folder)
    assert refusal.value.category is Category.UNAVAILABLE


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(HubError) as refusal:
        KeyStore(tmp_path / "file" / "keys")
    assert refusal.value.category is Category.UNAVAILABLE


def test_a_folder_of_an_earlier_version_gets_the_key_of_the_audit_trail(folder: Path) -> None:
    before = KeyStore(folder)
    (folder / "audit.pem").unlink()
    after = KeyStore(folder)
    assert after.signing_key.private_bytes_raw() == before.signing_key.private_bytes_raw()
    made = after.audit_key.private_bytes_raw()
    assert made != after.signing_key.private_bytes_raw()
    assert KeyStore(folder).audit_key.private_bytes_raw() == made
