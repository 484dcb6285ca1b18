"""Sealed bytes: a header that says how, a random nonce, the text with its tag. Pure but for randomness, which is given.

    byte 0       3, among the codecs of bodies (hub.store.codec): sealed
    byte 1       the suite
    bytes 2-9    number of the data key
    bytes 10-21  nonce
    then         ciphertext and tag

The header and the place the bytes belong to are authenticated with them: what was moved to another row, or says
another key or suite, does not open.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag

from hub.kernel.errors import Category, HubError
from hub.kernel.ids import RandomBytes
from hub.sealing.suites import NONCE_BYTES, TAG_BYTES, Cipher, Suite

SEALED: Final = 3
_HEAD: Final = struct.Struct(">BBQ")
_TEXT: Final = _HEAD.size + NONCE_BYTES
#: Bytes a seal adds.
OVERHEAD: Final = _TEXT + TAG_BYTES


@dataclass(frozen=True, slots=True)
class DataKey:
    """An open data key."""

    number: int
    suite: Suite
    cipher: Cipher


def seal(key: DataKey, text: bytes, place: bytes, random_bytes: RandomBytes) -> bytes:
    """`text` sealed for `place`, which is what names its row and column."""
    head, nonce = _HEAD.pack(SEALED, key.suite.code, key.number), random_bytes(NONCE_BYTES)
    return head + nonce + key.cipher.encrypt(nonce, text, head + place)


def unseal(key: DataKey, sealed: bytes, place: bytes) -> bytes:
    """What was sealed for `place` by this key. Raises HubError FAULT (code `seal-broken`) for anything else."""
    head = sealed[: _HEAD.size]
    try:
        return key.cipher.decrypt(sealed[_HEAD.size : _TEXT], sealed[_TEXT:], head + place)
    except (InvalidTag, ValueError):
        raise broken() from None


def is_sealed(stored: bytes) -> bool:
    """Whether stored bytes, which have a codec, are sealed."""
    return stored[:1] == b"\x03"


def key_numbers(stored: Iterable[bytes]) -> set[int]:
    """The numbers of the data keys that the sealed ones among stored bytes name."""
    return {key_number(one) for one in stored if is_sealed(one)}


def key_number(sealed: bytes) -> int:
    """The number of the data key that sealed bytes name."""
    return int.from_bytes(sealed[2 : _HEAD.size])


def broken() -> HubError:
    """What is said of bytes that do not open. Of whom they are is not said."""
    return HubError(
        Category.FAULT,
        "is not what was sealed: it was changed, or moved here from elsewhere",
        where="sealed bytes",
        todo="see docs/how-to/keep-the-keys.md; restore it from a backup",
        code="seal-broken",
    )
