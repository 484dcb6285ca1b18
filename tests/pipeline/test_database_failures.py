"""The database restarted, crashed or full under load: what was accepted is processed, and nothing else was told."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from msgspec.structs import replace

from hub.db.database import Database
from hub.db.embedded import EmbeddedPostgres
from hub.db.migrate import upgrade
from hub.kernel.errors import Category, HubError
from hub.kernel.types import State
from tests.pipeline.fake_feed import received, story
from tests.pipeline.hub_in_a_box import Box, box, run
from tests.pipeline.test_kill import quiet_run
from tests.pipeline.whole_record import whole_record


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def own_server() -> Iterator[EmbeddedPostgres]:
    """A durable PostgreSQL of this test's own, at an address that outlives a restart."""
    with tempfile.TemporaryDirectory(prefix="yilian-test-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        with EmbeddedPostgres(folder, port=free_port()) as server:
            asyncio.run(upgrade(server.url))
            yield server


async def send_all(hub: Box, raws: list[bytes]) -> None:
    """A sender that goes on until each message was taken."""
    for raw in raws:
        while True:
            try:
                await hub.inbox.accept(received(raw))
            except HubError as refusal:
                assert refusal.category is Category.UNAVAILABLE
                await asyncio.sleep(0.05)
            else:
                break


async def work(hub: Box, stop: asyncio.Event) -> None:
    worker = hub.worker(batch_size=4)
    while not stop.is_set():
        if not await worker.turn():
            await asyncio.sleep(0.02)


async def crash(url: str) -> None:
    """Kill a server process: PostgreSQL then ends all others and recovers from its log."""
    while True:
        try:
            database = await Database.connect(url, size=1)
            break
        except HubError:  # still recovering from the last time
            await asyncio.sleep(0.05)
    async with database.connection() as connection:
        os.kill(connection.get_server_pid(), signal.SIGKILL)
    await database.close()


@pytest.mark.parametrize("failure", ["restart", "crash"])
def test_a_database_that_goes_away_under_load_loses_nothing(
    own_server: EmbeddedPostgres, database_url: str, failure: str
) -> None:
    raws = story(300, seed=1)

    async def disturb() -> None:
        for _ in range(2):
            await asyncio.sleep(0.3)
            if failure == "crash":
                await crash(own_server.url)
            else:
                await asyncio.to_thread(own_server.stop)
                await asyncio.sleep(0.2)
                await asyncio.to_thread(own_server.start)

    async def play() -> None:
        async with box(own_server.url) as hub:
            await hub.send(*raws[:3])
            stop = asyncio.Event()
            working = [asyncio.create_task(work(hub, stop)) for _ in range(2)]
            await asyncio.gather(send_all(hub, raws[3:]), disturb())
            while await left(hub):
                await asyncio.sleep(0.05)
            stop.set()
            await asyncio.gather(*working)
            assert "batch_put_off" in hub.log.getvalue()
            disturbed = await whole_record(hub)
        quiet = await quiet_run(database_url, raws)
        assert disturbed.versions == quiet.versions
        assert disturbed.sizes == quiet.sizes
        assert {key for key in disturbed.states if key[1] != "duplicate"} == {
            key for key in quiet.states if key[1] != "duplicate"
        }

    run(play())


async def left(hub: Box) -> bool:
    with suppress(HubError):
        async with hub.database.connection() as connection:
            return bool(await connection.fetchval("SELECT count(*) FROM inbox WHERE state = 'queued'"))
    return True


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A file system with room for little more than an empty cluster."""
    with tempfile.TemporaryDirectory(prefix="yilian-test-") as name:
        folder = Path(name)
        mount = ["mount", "-t", "tmpfs", "-o", "size=160m,mode=0711", "tmpfs", name]
        if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
            pytest.skip("cannot make a small file system")
        try:
            yield folder
        finally:
            subprocess.run(["umount", "-l", name], check=True)


def test_a_full_disk_is_told_as_unavailable_and_what_was_accepted_is_kept(small_disk: Path) -> None:
    with EmbeddedPostgres(small_disk / "data", port=free_port()) as server:
        asyncio.run(upgrade(server.url))

        async def fill() -> list[int]:
            async with box(server.url) as hub:
                accepted = [a.message for a in await hub.accept(*story(20, seed=1))]
                ballast = small_disk / "ballast"
                # Without a buffer, which closing would fail to write once more.
                with ballast.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space"):
                    while file.write(bytes(65536)):
                        pass
                with pytest.raises(HubError) as refusal:
                    for number in range(200):
                        raw = os.urandom(200_000)
                        message = received(story(200, seed=2)[number])
                        accepted.append((await hub.inbox.accept(replace(message, raw=raw))).message)
                assert refusal.value.category is Category.UNAVAILABLE
                ballast.unlink()
                return accepted

        accepted = run(fill())
        if not server.running:
            server.start()

        async def recovered() -> None:
            async with box(server.url) as hub:
                await send_all(hub, story(1, seed=3))
                await hub.drain()
                states = await hub.states(accepted)
                assert set(states) <= {state.value for state in State} - {"queued"}

        run(recovered())
