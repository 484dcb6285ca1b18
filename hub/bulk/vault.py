"""The files of bulk jobs on the disk: encrypted frames, in a folder for each job that only the hub's account may enter.

A frame is compressed and sealed with the key of its job (AES-256-GCM, a fresh nonce each), bound to its file and place.
The key stands in the job's row: when that is gone, what is left on the disk or in a backup of it cannot be read.
"""

from __future__ import annotations

import asyncio
import errno
import os
import secrets
import shutil
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final

import zstandard
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hub.kernel.errors import Category, HubError
from hub.kernel.ids import RandomBytes

KEY_BYTES: Final = 32
_NONCE: Final = 12
_LENGTH: Final = 4
#: Fast: bodies are text that compresses five times at the lowest level.
_LEVEL: Final = 1
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


class Vault:
    """The folder of all jobs' files."""

    def __init__(self, folder: Path, *, random_bytes: RandomBytes = secrets.token_bytes) -> None:
        self._folder: Final = folder
        self._random_bytes: Final = random_bytes

    def new_key(self) -> bytes:
        """A key for a new job."""
        return self._random_bytes(KEY_BYTES)

    def writer(self, job_id: str, name: str, key: bytes, *, frames: int = 0, size: int = 0) -> Writer:
        """A file to write, new, or continued after its first `frames` frames of `size` bytes; the rest is forgotten.

        Raises HubError UNAVAILABLE as `Writer.write`, FAULT when those frames are not there.
        """
        path = self._of(job_id) / name
        try:
            _make(self._folder)
            _make(path.parent)
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600)
            if os.fstat(handle).st_size < size:
                os.close(handle)
                raise _broken()
            os.ftruncate(handle, size)
            os.lseek(handle, size, os.SEEK_SET)
        except OSError as error:
            raise _failed(error) from None
        stream = os.fdopen(handle, "wb")
        return Writer(stream, f"{job_id}/{name}", key, self._random_bytes, frames=frames, size=size)

    async def frames(self, job_id: str, name: str, key: bytes, count: int) -> AsyncIterator[bytes]:
        """What the frames of a file hold. Raises HubError FAULT for a file that is not whole, UNAVAILABLE."""
        try:
            stream = await asyncio.to_thread((self._of(job_id) / name).open, "rb")
        except OSError as error:
            raise _failed(error) from None
        with stream:
            for index in range(count):
                yield await asyncio.to_thread(_read, stream, AESGCM(key), _bound(f"{job_id}/{name}", index))

    def clear(self, job_id: str) -> None:
        """Remove the files of a job."""
        shutil.rmtree(self._of(job_id), ignore_errors=True)

    def held(self) -> list[str]:
        """The jobs of which there are files."""
        try:
            return [path.name for path in self._folder.iterdir()]
        except FileNotFoundError:
            return []

    def _of(self, job_id: str) -> Path:
        return self._folder / job_id


class Writer:
    """One file being written. `frames` and `size` tell how much of it there is."""

    def __init__(
        self, stream: BinaryIO, name: str, key: bytes, random_bytes: RandomBytes, *, frames: int, size: int
    ) -> None:
        self._stream: Final = stream
        self._name: Final = name
        self._cipher: Final = AESGCM(key)
        self._random_bytes: Final = random_bytes
        self.frames = frames
        self.size = size

    async def write(self, content: bytes) -> None:
        """Add a frame. Raises HubError UNAVAILABLE (`disk-full` when it is)."""
        await asyncio.to_thread(self._write, content)

    async def sync(self) -> None:
        """Return when what was written is durable. Raises as `write`."""
        await asyncio.to_thread(self._sync)

    def close(self) -> None:
        with suppress(OSError):
            self._stream.close()

    def _write(self, content: bytes) -> None:
        nonce = self._random_bytes(_NONCE)
        packed = zstandard.ZstdCompressor(level=_LEVEL).compress(content)
        sealed = nonce + self._cipher.encrypt(nonce, packed, _bound(self._name, self.frames))
        try:
            self._stream.write(len(sealed).to_bytes(_LENGTH))
            self._stream.write(sealed)
            self._stream.flush()
        except OSError as error:
            raise _failed(error) from None
        self.frames += 1
        self.size += _LENGTH + len(sealed)

    def _sync(self) -> None:
        try:
            self._stream.flush()
            os.fsync(self._stream.fileno())
        except OSError as error:
            raise _failed(error) from None


def _read(stream: BinaryIO, cipher: AESGCM, bound: bytes) -> bytes:
    try:
        sealed = stream.read(int.from_bytes(stream.read(_LENGTH)))
        packed = cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], bound)
        return zstandard.ZstdDecompressor().decompress(packed)
    except OSError as error:
        raise _failed(error) from None
    except (InvalidTag, ValueError, zstandard.ZstdError):
        raise _broken() from None


def _bound(name: str, index: int) -> bytes:
    return f"{name}/{index}".encode()


def _make(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _failed(error: OSError) -> HubError:
    if error.errno in _FULL:
        return HubError(
            Category.UNAVAILABLE,
            "the disk for bulk files is full",
            where="data folder",
            todo="free space on it, then ask anew",
            code="disk-full",
        )
    return HubError(
        Category.UNAVAILABLE, "bulk files cannot be read or written", where="data folder", todo="look at its disk"
    )


def _broken() -> HubError:
    return HubError(Category.FAULT, "a bulk file is broken", where="data folder", todo="ask anew", code="bulk-file")
