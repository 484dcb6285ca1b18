"""Suites of authenticated encryption: AES-256-GCM (NIST SP 800-38D) and SM4-GCM (GB/T 32907, RFC 8998). Pure."""

from __future__ import annotations

from enum import Enum
from typing import Final, Protocol

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.ciphers import Cipher as Primitive
from cryptography.hazmat.primitives.ciphers import algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256, SM3, HashAlgorithm
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hub.kernel.errors import Category, HubError

#: Random nonces of 96 bits: at most 2^32 uses of a key (SP 800-38D, 8.3). No patient and no feed comes near.
NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16


class Cipher(Protocol):
    """One key of a suite. `decrypt` raises InvalidTag where anything is not as it was sealed."""

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes: ...

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes: ...


class Sm4Gcm:
    """SM4-GCM in the manner of AESGCM: the tag follows the text."""

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        self._key = algorithms.SM4(key)

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes:
        """Sealed `data` with its tag."""
        sealing = Primitive(self._key, modes.GCM(nonce)).encryptor()
        sealing.authenticate_additional_data(associated_data or b"")
        return sealing.update(data) + sealing.finalize() + sealing.tag

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes:
        """Raises InvalidTag; nothing is given out before the tag was checked."""
        if len(data) < TAG_BYTES:
            raise InvalidTag
        opening = Primitive(self._key, modes.GCM(nonce, data[-TAG_BYTES:])).decryptor()
        opening.authenticate_additional_data(associated_data or b"")
        return opening.update(data[:-TAG_BYTES]) + opening.finalize()


class Suite(Enum):
    """A suite by the name of the setting. `code` stands in headers: never change one."""

    AES_256_GCM = "aes-256-gcm"
    SM4_GCM = "sm4-gcm"

    @property
    def code(self) -> int:
        return _CODES[self]

    @property
    def key_bytes(self) -> int:
        return 32 if self is Suite.AES_256_GCM else 16

    @property
    def digest(self) -> HashAlgorithm:
        """The hash that goes with it."""
        return SHA256() if self is Suite.AES_256_GCM else SM3()

    def cipher(self, key: bytes) -> Cipher:
        """One key of `key_bytes`, ready to use."""
        return AESGCM(key) if self is Suite.AES_256_GCM else Sm4Gcm(key)

    def derived(self, secret: bytes, purpose: str) -> bytes:
        """A key of this suite for one purpose (HKDF, RFC 5869), from which `secret` cannot be told."""
        info = f"yilian/{purpose}/{self.value}".encode()
        return HKDF(self.digest, self.key_bytes, salt=None, info=info).derive(secret)

    def check(self) -> None:
        """Raises HubError UNSUPPORTED where the OpenSSL at hand does not have it."""
        try:
            self.cipher(bytes(self.key_bytes)).encrypt(bytes(NONCE_BYTES), b"", None)
        except UnsupportedAlgorithm:
            raise HubError(
                Category.UNSUPPORTED,
                f"the OpenSSL of this machine has no {self.value}",
                where="YILIAN_ENCRYPTION",
                todo="install the wheel of `cryptography`, which brings its own, or choose aes-256-gcm",
            ) from None


_CODES: Final = {Suite.AES_256_GCM: 1, Suite.SM4_GCM: 2}
_BY_CODE: Final = {code: suite for suite, code in _CODES.items()}


def suite_of(code: int) -> Suite:
    """The suite of a stored code. Raises HubError FAULT for one it does not know."""
    try:
        return _BY_CODE[code]
    except KeyError:
        raise HubError(
            Category.FAULT, f"suite {code} is not known", where="sealed bytes", todo="upgrade the hub"
        ) from None
