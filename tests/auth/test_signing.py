"""Keys that sign tokens are renewed while the hub works: two processes over one folder."""

from __future__ import annotations

import errno
import os
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any, Final

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from hub.auth import signing
from hub.auth.directory import Directory
from hub.auth.keys import KeyStore
from hub.auth.signing import LONGEST, LOOK, renew
from hub.auth.tokens import Issuer
from hub.kernel.errors import Category, HubError
from hub.kernel.log import Log
from tests.auth.consortium import CONSORTIUM, NOW
from tests.auth.test_tokens import Watch, refused

SECOND: Final = timedelta(seconds=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return KeyStore(tmp_path / "keys").folder


@pytest.fixture
def watch() -> Watch:
    return Watch()


def process(folder: Path, watch: Watch) -> Issuer:
    return Issuer(KeyStore(folder), Directory(CONSORTIUM), watch)


def issue(issuer: Issuer, **changes: Any) -> str:
    return issuer.issue(role="clinician", organization="F01", **changes)


def test_old_tokens_hold_and_new_ones_are_known_before_a_process_would_look(folder: Path, watch: Watch) -> None:
    first, second = process(folder, watch), process(folder, watch)
    old = issue(first, lifetime=LONGEST)
    assert second.verify(old).role == "clinician"
    watch.now += LOOK
    kid = renew(folder, watch.now)
    by_new = issue(process(folder, watch))
    watch.now += SECOND
    assert second.verify(by_new).role == "clinician"
    for issuer in (first, second):
        assert issuer.verify(old).role == "clinician"
    watch.now += LOOK
    again = issue(first)
    assert jwt.decode(again, KeySet.import_key_set(second.jwks()), ["Ed25519"]).header["kid"] == kid
    watch.now = NOW + LONGEST
    assert first.verify(old).role == "clinician"


def test_an_id_token_by_the_old_key_is_verified_by_the_published_set_until_it_has_ended(
    folder: Path, watch: Watch
) -> None:
    issuer = process(folder, watch)
    old = issuer.identity({"sub": "x"})
    watch.now += LOOK
    renew(folder, watch.now)
    watch.now += LOOK
    new = issuer.identity({"sub": "x"})
    keys = KeySet.import_key_set(issuer.jwks())
    kids = {jwt.decode(text, keys, ["ES256"]).header["kid"] for text in (old, new)}
    assert len(kids) == 2
    assert len(issuer.jwks()["keys"]) == 4
    assert not any("d" in key for key in issuer.jwks()["keys"])
    watch.now += LONGEST + timedelta(minutes=2)
    assert len(issuer.jwks()["keys"]) == 2


def test_a_retired_key_signs_nothing_that_holds_after_its_time(folder: Path, watch: Watch) -> None:
    renew(folder, watch.now)
    hub = process(folder, watch)
    assert hub.verify(_by_retired(folder, watch)).role == "clinician"
    watch.now += LONGEST + timedelta(minutes=2)
    assert refused(hub, _by_retired(folder, watch))


def _by_retired(folder: Path, watch: Watch) -> str:
    """A token made now by somebody who kept the old key."""
    (retired,) = folder.glob("signing-until-*.pem")
    other = folder.with_name("thief")
    other.mkdir(mode=0o700, exist_ok=True)
    for path in folder.iterdir():
        if "until" not in path.name:
            (other / path.name).write_bytes(path.read_bytes())
    (other / "signing.pem").write_bytes(retired.read_bytes())
    for path in other.iterdir():
        path.chmod(0o600)
    return issue(process(other, watch))


def test_keys_that_somebody_else_may_have_are_void_at_once_cached_tokens_too(folder: Path, watch: Watch) -> None:
    issuer = process(folder, watch)
    old = issue(issuer)
    assert issuer.verify(old).role == "clinician"
    watch.now += LOOK
    renew(folder, watch.now, at_once=True)
    assert refused(issuer, old)
    assert issuer.verify(issue(issuer)).role == "clinician"
    assert list(folder.glob("*-until-*")) == []


def test_what_is_renewed_is_ours_alone_and_retired_keys_are_taken_away_in_time(folder: Path, watch: Watch) -> None:
    renew(folder, watch.now)
    with pytest.raises(HubError) as caught:
        renew(folder, watch.now)
    assert caught.value.category is Category.CONFLICT
    renew(folder, watch.now + SECOND)
    assert len(list(folder.glob("*-until-*"))) == 4
    assert {path.stat().st_mode & 0o777 for path in folder.glob("*.pem")} == {0o600}
    renew(folder, watch.now + LONGEST + timedelta(hours=1))
    assert len(list(folder.glob("*-until-*"))) == 2
    assert KeyStore(folder).installation


def test_renewed_keys_belong_to_whom_the_old_ones_did(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root renews them for the account that the hub runs under."""
    (folder / "signing.pem").chmod(0o400)
    given: list[tuple[str, int, int]] = []
    stat = Path.stat

    def of_the_hub(path: Path, **how: Any) -> os.stat_result:
        found = stat(path, **how)
        owner = (4711, 4712) if path.name in {"signing.pem", "openid.pem"} else (0, 0)
        return os.stat_result((*found[:4], *owner, *found[6:]), {"st_mtime_ns": found.st_mtime_ns})

    monkeypatch.setattr(Path, "stat", of_the_hub)
    monkeypatch.setattr(os, "chown", lambda path, user, group: given.append((path.name, user, group)))
    renew(folder, NOW, at_once=True)
    assert [(name.split(".")[1], user, group) for name, user, group in given] == [
        ("signing", 4711, 4712),
        ("openid", 4711, 4712),
    ]
    assert {path.name: stat(path).st_mode & 0o777 for path in folder.glob("*n*.pem")} == {
        "signing.pem": 0o400,
        "openid.pem": 0o600,
    }


@pytest.mark.parametrize("at_once", [True, False])
def test_while_new_keys_cannot_be_read_the_log_says_so_and_a_key_that_has_gone_holds_no_longer(
    folder: Path, watch: Watch, monkeypatch: pytest.MonkeyPatch, *, at_once: bool
) -> None:
    lines = StringIO()
    issuer = Issuer(KeyStore(folder), Directory(CONSORTIUM), watch, log=Log("api", stream=lines))
    old = issue(issuer)
    watch.now += LOOK
    renew(folder, watch.now, at_once=at_once)
    with monkeypatch.context() as patch:
        patch.setattr(signing, "_read", refusing)
        assert refused(issuer, old) if at_once else issuer.verify(old)
        assert len(issuer.jwks()["keys"]) == (0 if at_once else 2)
        if at_once:
            with pytest.raises(HubError) as caught:
                issue(issuer)
            assert caught.value.category is Category.UNAVAILABLE
        watch.now += LONGEST + timedelta(minutes=2)
        assert issuer.jwks()["keys"] == [], "not without limit"
    assert "signing-keys-unreadable" in lines.getvalue()
    watch.now += LOOK
    assert issuer.verify(issue(issuer)).role == "clinician"
    assert len(issuer.jwks()["keys"]) == 2


def refusing(folder: Path) -> None:
    raise PermissionError(errno.EACCES, "Permission denied", str(folder))


def test_a_flood_of_strange_keys_looks_into_the_folder_once_a_second(
    folder: Path, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    issuer = process(folder, watch)
    strange = issue(process(KeyStore(folder.with_name("other")).folder, watch))
    looks: list[Path] = []
    monkeypatch.setattr(signing, "_names", looks.append)
    for _ in range(20):
        assert refused(issuer, strange)
    assert looks == [folder]
    watch.now += SECOND
    assert refused(issuer, strange)
    assert looks == [folder] * 2
