"""One-time codes beside the password (TOTP, RFC 6238), and recovery codes for who lost the device.

A code opens once: the time step of the last one is kept, and none up to it is taken again (RFC 6238 section 5.2). The
secret of a device is kept sealed with a key of the key folder, recovery codes as digests: a copy of the table opens
nothing.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import Final

import pyotp
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pyotp.utils import strings_equal

from hub.db.database import Database
from hub.kernel.clock import Clock
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import RandomBytes

ISSUER: Final = "Yilian Hub"
#: RFC 6238 section 5.2: one step before and after, for clocks that differ and people who type.
WINDOW: Final = (-1, 0, 1)
RECOVERY_CODES: Final = 10
_SECRET: Final = re.compile(r"[A-Z2-7]{32}")
_CODE: Final = re.compile(r"[0-9]{6}")
_NONCE_BYTES: Final = 12
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"

_TAKE_STEP: Final = "UPDATE account SET totp_step = $2 WHERE name = $1 AND coalesce(totp_step, 0) < $2"
_TAKE_RECOVERY: Final = (
    "UPDATE account SET recovery = array_remove(recovery, $2) WHERE name = $1 AND $2 = ANY(recovery)"
)
_SET: Final = "UPDATE account SET totp = $2, totp_step = $3, recovery = $4 WHERE name = $1"


@dataclass(frozen=True, slots=True)
class Device:
    """What a device is told to make codes: the secret (base 32), and the same as an otpauth URI."""

    secret: str
    uri: str


class SecondFactors:
    """The devices of accounts. `key` is a secret of the key folder. Raises HubError UNAVAILABLE without a database."""

    def __init__(
        self, database: Database, key: bytes, clock: Clock, random_bytes: RandomBytes = secrets.token_bytes
    ) -> None:
        self._database: Final = database
        self._cipher: Final = AESGCM(HKDF(SHA256(), 32, salt=None, info=b"yilian second factor").derive(key))
        self._clock: Final = clock
        self._random_bytes: Final = random_bytes

    def device(self, name: str) -> Device:
        """A device for an account, which is asked for nothing until `enrol`."""
        return _device(pyotp.random_base32(), name)

    async def enrol(self, name: str, secret: str, code: str) -> list[str]:
        """Ask for codes of this device from now on; the recovery codes, to be shown once.

        Raises HubError INVALID when `code` is not one of the device.
        """
        step = self._step(secret, code) if _SECRET.fullmatch(secret) else None
        if step is None:
            raise HubError(Category.INVALID, "is no code of this device", where="code", code="second-factor")
        codes = ["".join(secrets.choice(_LETTERS) for _ in range(12)) for _ in range(RECOVERY_CODES)]
        async with self._database.connection() as tx:
            await tx.execute(_SET, name, self._sealed(name, secret), step, [_digest(one) for one in codes])
        return codes

    async def is_enrolled(self, name: str) -> bool:
        """Whether an account has a device."""
        async with self._database.connection() as tx:
            return await tx.fetchval("SELECT totp FROM account WHERE name = $1", name) is not None

    async def passes(self, name: str, code: str) -> bool:
        """Whether `code` lets this account in, which uses it up; without a device any does."""
        async with self._database.connection() as tx:
            sealed: bytes | None = await tx.fetchval("SELECT totp FROM account WHERE name = $1", name)
            if sealed is None:
                return True
            step = self._step(self._opened(name, sealed), code)
            if step is not None:
                return await tx.execute(_TAKE_STEP, name, step) == "UPDATE 1"
            return await tx.execute(_TAKE_RECOVERY, name, _digest(code)) == "UPDATE 1"

    def _step(self, secret: str, code: str) -> int | None:
        """The time step that `code` is of; None for any other text."""
        text = code.replace(" ", "")
        if not _CODE.fullmatch(text):
            return None
        totp = pyotp.TOTP(secret)
        now = totp.timecode(self._clock())
        found = [now + by for by in WINDOW if strings_equal(text, totp.generate_otp(now + by))]
        return found[0] if found else None

    def _sealed(self, name: str, secret: str) -> bytes:
        nonce = self._random_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, secret.encode(), name.encode())

    def _opened(self, name: str, sealed: bytes) -> str:
        try:
            nonce, rest = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
            return self._cipher.decrypt(nonce, rest, name.encode()).decode()
        except InvalidTag:
            todo = "restore the key folder from its backup, or `yilian user forget-device`"
            raise HubError(Category.FAULT, "a device was sealed with another key", where="account", todo=todo) from None


def _device(secret: str, name: str) -> Device:
    return Device(secret, pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=ISSUER))


def _digest(code: str) -> bytes:
    """58 random bits need no slow hash."""
    return hashlib.sha256(code.strip().lower().encode("utf-8", "surrogatepass")).digest()
