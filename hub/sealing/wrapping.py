"""Wrapping: data keys under wrapping keys, wrapping keys under one derived from the master key. Pure.

What wraps a key names it: a wrapped key that was put in the place of another one does not open.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag

from hub.kernel.errors import Category, HubError
from hub.kernel.ids import RandomBytes
from hub.sealing.envelope import broken
from hub.sealing.suites import NONCE_BYTES, Cipher, Suite

MASTER_BYTES: Final = 32
_PURPOSE: Final = "wrapping-key"


def wrap(cipher: Cipher, key: bytes, name: bytes, random_bytes: RandomBytes) -> bytes:
    """`key` wrapped under the name it goes by."""
    nonce = random_bytes(NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, key, name)


def unwrap(cipher: Cipher, wrapped: bytes, name: bytes) -> bytes:
    """The key that was wrapped under `name`. Raises HubError FAULT (`seal-broken`)."""
    try:
        return cipher.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], name)
    except (InvalidTag, ValueError):
        raise broken() from None


def data_key_name(owner: UUID, suite: Suite, wrapping: int) -> bytes:
    """What a data key goes by under its wrapping key."""
    return b"data-key" + owner.bytes + bytes([suite.code]) + wrapping.to_bytes(4)


def wrapped_by_master(master: bytes, suite: Suite, key: bytes, random_bytes: RandomBytes) -> bytes:
    """A wrapping key as it is stored."""
    return wrap(_of_master(master, suite), key, _PURPOSE.encode(), random_bytes)


def unwrapped_by_master(master: bytes, suite: Suite, wrapped: bytes) -> bytes:
    """A wrapping key. Raises HubError FORBIDDEN (`other-master`) if another master key wrapped it."""
    try:
        return unwrap(_of_master(master, suite), wrapped, _PURPOSE.encode())
    except HubError:
        raise HubError(
            Category.FORBIDDEN,
            "the keys of this database are under another master key",
            where="master key",
            todo="give the master key this database was made with; see docs/how-to/keep-the-keys.md",
            code="other-master",
        ) from None


def _of_master(master: bytes, suite: Suite) -> Cipher:
    return suite.cipher(suite.derived(master, _PURPOSE))
