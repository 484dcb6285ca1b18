"""A stream sealed in chunks, each in its place and the last one marked: nothing can be cut off, moved or left out.

The STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015): the nonce of a chunk is its number and whether it is
the last. A key is used for one stream only, so no nonce comes twice. A chunk is a length of four bytes, then the sealed
chunk, compressed before.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO, Final

import zstandard
from cryptography.exceptions import InvalidTag

from hub.sealing.envelope import broken
from hub.sealing.suites import TAG_BYTES, Cipher

CHUNK: Final = 1024 * 1024
_LENGTH: Final = struct.Struct(">I")
_NONCE: Final = struct.Struct(">QxxxB")
_LEVEL: Final = 1


class SealedWriter:
    """Writes a stream to `file`; `close` writes the last chunk, without which nothing is a whole stream."""

    def __init__(self, file: BinaryIO, cipher: Cipher, *, chunk: int = CHUNK) -> None:
        self._file: Final = file
        self._cipher: Final = cipher
        self._chunk: Final = chunk
        self._compress: Final = zstandard.ZstdCompressor(level=_LEVEL).compress
        self._waiting = bytearray()
        self._number = 0

    def write(self, data: bytes) -> None:
        """Add bytes."""
        self._waiting += data
        while len(self._waiting) > self._chunk:
            self._put(bytes(self._waiting[: self._chunk]), last=False)
            del self._waiting[: self._chunk]

    def close(self) -> None:
        """End the stream."""
        self._put(bytes(self._waiting), last=True)
        self._waiting.clear()

    def _put(self, data: bytes, *, last: bool) -> None:
        sealed = self._cipher.encrypt(_NONCE.pack(self._number, last), self._compress(data), None)
        self._file.write(_LENGTH.pack(len(sealed)) + sealed)
        self._number += 1


def opened(file: BinaryIO, cipher: Cipher, *, chunk: int = CHUNK) -> Iterator[bytes]:
    """The chunks of a stream. Raises HubError FAULT (`seal-broken`) as soon as one is not what was written."""
    number, last = 0, False
    while not last:
        sealed = _sealed(file, chunk)
        following = file.read(1)
        last = not following
        if not last:
            file.seek(-1, 1)
        yield _opened(cipher, sealed, number, chunk, last=last)
        number += 1


def _sealed(file: BinaryIO, chunk: int) -> bytes:
    head = file.read(_LENGTH.size)
    length = _LENGTH.unpack(head)[0] if len(head) == _LENGTH.size else 0
    # What cannot be compressed grows a little; nothing longer is read into memory.
    if not TAG_BYTES <= length <= 2 * chunk + 1024:
        raise broken()
    sealed = file.read(length)
    if len(sealed) != length:
        raise broken()
    return sealed


def _opened(cipher: Cipher, sealed: bytes, number: int, chunk: int, *, last: bool) -> bytes:
    try:
        packed = cipher.decrypt(_NONCE.pack(number, last), sealed, None)
    except (InvalidTag, ValueError):
        raise broken() from None
    return zstandard.ZstdDecompressor().decompress(packed, max_output_size=chunk)
