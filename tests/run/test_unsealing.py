"""A sealed hub serves nothing but that it is sealed; with enough shares it has its key, and lends it to its account."""

from __future__ import annotations

import asyncio
import io
import json
import os
import stat
from itertools import pairwise
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hub.bootstrap.keys import ensure_keys, in_shares, master_key
from hub.bootstrap.sealed_master import SealedMaster, asked, in_memory, inherited, lent, sealed_file, socket_of
from hub.cli import ceremony as commands
from hub.cli.main import app
from hub.kernel.errors import HubError
from hub.kernel.log import Log
from hub.kernel.private_files import publish
from hub.kernel.settings import Settings
from hub.run.sockets import listen
from hub.run.unsealing import unsealed
from hub.sealing.shares import check_of, split
from tests.sealing.support import MASTER

SHARES = split(MASTER)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An installation whose master key is in shares."""
    (tmp_path / "keys").mkdir(mode=0o700)
    found = Settings.load({}, data_dir=tmp_path)
    SealedMaster(2, 3, check_of(MASTER)).put(sealed_file(found))
    return found


async def got(port: int, path: str) -> tuple[str, str]:
    """Status line and body of an HTTP answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
    answer = (await reader.read()).decode()
    writer.close()
    head, _, body = answer.partition("\r\n\r\n")
    return head.splitlines()[0], body


def test_a_sealed_hub_says_so_until_two_keepers_gave_their_words(settings: Settings) -> None:
    log = io.StringIO()

    async def keepers(port: int) -> None:
        assert await got(port, "/health/live") == ("HTTP/1.1 200 OK", '{"status":"live"}')
        for path in ("/health/ready", "/fhir/Patient/a", "/"):
            status, body = await got(port, path)
            assert (status, json.loads(body)["reason"]) == ("HTTP/1.1 503 Service Unavailable", "sealed")
        assert stat.S_IMODE(socket_of(settings).stat().st_mode) == 0o600
        with pytest.raises(HubError) as caught:
            await asyncio.to_thread(lent, settings)
        assert caught.value.code == "sealed"
        said = await asyncio.to_thread(asked, settings, {"share": SHARES[0]})
        assert (said["sealed"], said["have"], said["wrong"]) == (True, 1, "")
        said = await asyncio.to_thread(asked, settings, {"share": "no such words"})
        assert (said["sealed"], said["have"], said["wrong"].split(":")[0]) == (True, 1, "is no share")
        said = await asyncio.to_thread(asked, settings, {"share": SHARES[2]})
        assert said["sealed"] is False

    async def work() -> None:
        api = listen("127.0.0.1", 0, what="HTTP")
        giving = asyncio.create_task(keepers(api.getsockname()[1]))
        async with unsealed(settings, api, asyncio.Event(), Log("test", stream=log)) as master:
            await giving
            assert master == MASTER
            assert await asyncio.to_thread(master_key, settings) == MASTER
        assert not socket_of(settings).exists()
        api.close()

    asyncio.run(work())
    # Pairs: some words of a share (level, process) are words of every line of the log.
    pairs = [" ".join(pair) for share in (SHARES[0], SHARES[2]) for pair in pairwise(share.split())]
    assert not [pair for pair in pairs if pair in log.getvalue()]


def test_a_sealed_hub_is_stopped_as_any_other(settings: Settings) -> None:
    async def work() -> None:
        api, stop = listen("127.0.0.1", 0, what="HTTP"), asyncio.Event()
        asyncio.get_running_loop().call_later(0.05, stop.set)
        with pytest.raises(HubError) as caught:
            async with unsealed(settings, api, stop, Log("test", stream=io.StringIO())):
                raise AssertionError("nobody gave a share")
        assert caught.value.code == "sealed"
        api.close()

    asyncio.run(work())


def test_without_a_hub_commands_say_what_to_do(settings: Settings) -> None:
    assert in_shares(settings)
    with pytest.raises(HubError, match="keys unseal") as caught:
        master_key(settings)
    assert caught.value.code == "no-hub"


@pytest.mark.parametrize("built_with", [True, False])
def test_children_read_the_key_from_memory_as_often_as_they_like(
    monkeypatch: pytest.MonkeyPatch, built_with: bool
) -> None:
    if not built_with:
        monkeypatch.delattr(os, "memfd_create", raising=False)
    handle = in_memory(MASTER)
    try:
        assert [inherited(handle), inherited(handle)] == [MASTER, MASTER]
        assert str(Path(f"/proc/self/fd/{handle}").readlink()).startswith("/memfd:")
        assert not os.get_inheritable(handle)
    finally:
        os.close(handle)


def test_splitting_hands_out_words_hears_two_back_and_takes_the_file_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "keys").mkdir(mode=0o700)
    publish(tmp_path / "keys" / "master.key", MASTER)
    monkeypatch.setattr(commands, "shares_of", lambda *_, **__: SHARES)
    heard = "\n" * 6 + f"wrong words\n{SHARES[1]}\n{SHARES[2]}\n"
    done = CliRunner().invoke(app, ["keys", "split", "--data", str(tmp_path)], input=heard)
    assert done.exit_code == 0, done.output
    assert all(words in done.output for words in SHARES)
    assert not (tmp_path / "keys" / "master.key").exists()
    assert in_shares(Settings.load({}, data_dir=tmp_path))
    assert SealedMaster.read(tmp_path / "keys" / "master.sealed") == SealedMaster(2, 3, check_of(MASTER))


def test_a_key_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir(mode=0o700)
    publish(tmp_path / "keys" / "master.key", MASTER)
    (tmp_path / "keys" / "master.key").chmod(0o640)
    with pytest.raises(HubError, match="others may use it"):
        master_key(Settings.load({}, data_dir=tmp_path, encryption="aes-256-gcm"))


def test_a_database_of_another_master_key_is_refused_at_the_start(database_url: str, tmp_path: Path) -> None:
    chosen = Settings.load({}, data_dir=tmp_path, encryption="aes-256-gcm")
    asyncio.run(ensure_keys(chosen, database_url, MASTER))
    asyncio.run(ensure_keys(chosen, database_url, MASTER))
    with pytest.raises(HubError) as caught:
        asyncio.run(ensure_keys(chosen, database_url, b"x" * 32))
    assert caught.value.code == "other-master"
