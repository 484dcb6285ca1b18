"""Bodies as stored: one header byte, then the JSON in the form the byte names."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Final

import zstandard

from hub.kernel.errors import Category, HubError

#: Values of the header byte. They stand in stored rows: never change one. What is `SEALED` has another codec inside
#: (hub.sealing.envelope).
PLAIN: Final = 0
ZSTD: Final = 1
ZSTD_DICTIONARY: Final = 2
SEALED: Final = 3

#: A dictionary, once shipped, is needed for every body written with it. A new one gets a new header byte.
DICTIONARY: Final = "fhir.zdict"

#: Below zero, what repeats nothing is kept as it is: bodies take a fifth more room and unpack in less than half the
#: time (docs/decisions/0023-request-cost.md).
_LEVEL: Final = -1
_HEADER: Final = bytes([ZSTD_DICTIONARY])


def encode(body: bytes) -> bytes:
    """Compress a body with the dictionary; an empty one (a deletion) stays empty."""
    return _HEADER + _compressor().compress(body) if body else b""


def decode(stored: bytes) -> bytes:
    """The body as it was given to `encode`. Raises HubError FAULT for a header it does not know."""
    if not stored:
        return b""
    kind = stored[0]
    if kind == ZSTD_DICTIONARY:
        return _dictionary_decompressor().decompress(stored[1:])
    if kind == ZSTD:
        return _plain_decompressor().decompress(stored[1:])
    if kind == PLAIN:
        return stored[1:]
    raise HubError(Category.FAULT, f"body codec {kind} is not known", where="store", todo="upgrade the hub")


@cache
def _dictionary() -> zstandard.ZstdCompressionDict:
    return zstandard.ZstdCompressionDict((files("hub.store") / DICTIONARY).read_bytes())


@cache
def _compressor() -> zstandard.ZstdCompressor:
    dictionary = _dictionary()
    dictionary.precompute_compress(level=_LEVEL)
    # The dictionary's id would cost four bytes a body; the header byte says the same.
    return zstandard.ZstdCompressor(level=_LEVEL, dict_data=dictionary, write_dict_id=False)


@cache
def _dictionary_decompressor() -> zstandard.ZstdDecompressor:
    return zstandard.ZstdDecompressor(dict_data=_dictionary())


@cache
def _plain_decompressor() -> zstandard.ZstdDecompressor:
    return zstandard.ZstdDecompressor()
