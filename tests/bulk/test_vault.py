"""The files of bulk jobs: whole or refused, sealed, bounded by the disk."""

from __future__ import annotations

import asyncio
import errno
import os
from pathlib import Path
from typing import Any, Final

import pytest

from hub.bulk.vault import KEY_BYTES, Vault
from hub.kernel.errors import Category, HubError
from tests.api.house import code, patient
from tests.bulk.house import Bulk, with_bulk

KEY: Final = bytes(KEY_BYTES)
FRAMES: Final = (b"first" * 100, b"", b"third")


def written(folder: Path, *frames: bytes, job: str = "j", name: str = "1") -> Vault:
    """A vault with one file."""
    vault = Vault(folder)

    async def run() -> None:
        writer = vault.writer(job, name, KEY)
        for frame in frames:
            await writer.write(frame)
        await writer.sync()
        writer.close()

    asyncio.run(run())
    return vault


def read(vault: Vault, count: int, *, job: str = "j", name: str = "1", key: bytes = KEY) -> list[bytes]:
    async def run() -> list[bytes]:
        return [frame async for frame in vault.frames(job, name, key, count)]

    return asyncio.run(run())


def test_frames_come_back_as_they_were(tmp_path: Path) -> None:
    assert read(written(tmp_path, *FRAMES), 3) == list(FRAMES)


def test_a_file_is_of_its_owner_alone(tmp_path: Path) -> None:
    written(tmp_path / "bulk", *FRAMES)
    modes = [path.stat().st_mode & 0o777 for path in (tmp_path / "bulk", tmp_path / "bulk/j", tmp_path / "bulk/j/1")]
    assert modes == [0o700, 0o700, 0o600]


@pytest.mark.parametrize("spoil", ["key", "place", "byte", "end", "absent"])
def test_a_file_that_is_not_what_was_written_is_refused(tmp_path: Path, spoil: str) -> None:
    vault = written(tmp_path, *FRAMES)
    path = tmp_path / "j" / "1"
    more: dict[str, Any] = {}
    match spoil:
        case "key":
            more["key"] = bytes([1]) * KEY_BYTES
        case "place":
            path.rename(path.with_name("2"))
            more["name"] = "2"
        case "byte":
            content = bytearray(path.read_bytes())
            content[40] ^= 1
            path.write_bytes(content)
        case "end":
            path.write_bytes(path.read_bytes()[:-3])
        case "absent":
            path.unlink()
    with pytest.raises(HubError) as caught:
        read(vault, 3, **more)
    assert caught.value.category in {Category.FAULT, Category.UNAVAILABLE}


def test_a_file_is_continued_after_what_counts(tmp_path: Path) -> None:
    vault = Vault(tmp_path)

    async def run() -> None:
        writer = vault.writer("j", "1", KEY)
        await writer.write(b"kept")
        frames, size = writer.frames, writer.size
        await writer.write(b"forgotten")
        writer.close()
        writer = vault.writer("j", "1", KEY, frames=frames, size=size)
        await writer.write(b"new")
        writer.close()
        with pytest.raises(HubError):
            vault.writer("j", "1", KEY, frames=9, size=10_000)

    asyncio.run(run())
    assert read(vault, 2) == [b"kept", b"new"]


def test_a_full_disk_is_told_and_leaves_nothing(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    async def visit(bulk: Bulk) -> None:
        await bulk.home.create(patient())
        where = await bulk.start("/$export")
        with monkeypatch.context() as patch:
            patch.setattr("hub.bulk.vault.os.fsync", full)
            await bulk.worker.drain()
        answer = await bulk.ask(where)
        assert (answer.status_code, code(answer)) == (507, "disk-full")
        assert "free space" in answer.text
        assert not list((bulk.home.folder / "bulk").iterdir())
        assert len(await bulk.exported("/$export")) == 1

    with_bulk(database_url, visit)


def test_what_belongs_to_no_job_is_swept_away(database_url: str) -> None:
    async def visit(bulk: Bulk) -> None:
        await bulk.worker.sweep()
        await bulk.home.create(patient())
        where = await bulk.start("/$export")
        await bulk.worker.drain()
        writer = bulk.vault.writer("gone", "1", KEY)
        writer.close()
        assert len(bulk.vault.held()) == 2
        await bulk.worker.sweep()
        assert bulk.vault.held() == [where.rpartition("/")[2]]

    with_bulk(database_url, visit)
