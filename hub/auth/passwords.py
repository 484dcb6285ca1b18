"""Passwords as they are kept: scrypt (RFC 7914) with a salt of its own, the cost parameters beside it.

The text form is `scrypt$<log2 n>$<r>$<p>$<salt>$<hash>`, salt and hash in base 64, so that the cost can be raised
without asking anybody for a new password.
"""

from __future__ import annotations

import base64
import secrets
import unicodedata
from typing import Final

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from hub.kernel.errors import Category, HubError
from hub.kernel.ids import RandomBytes

#: OWASP Password Storage Cheat Sheet: n = 2^17, r = 8, p = 1, about 128 MiB; here the equivalent with a quarter of it.
LOG_N: Final = 15
R: Final = 8
P: Final = 3
SALT_BYTES: Final = 16
HASH_BYTES: Final = 32

#: NIST SP 800-63B section 5.1.1.2: length counts, composition rules do not help. The upper bound caps the work.
SHORTEST: Final = 10
LONGEST: Final = 128

#: Letters and digits that cannot be taken for one another when read aloud or copied by hand.
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
_GENERATED: Final = 16


def hashed(password: str, random_bytes: RandomBytes = secrets.token_bytes) -> str:
    """The form in which `password` is kept. Raises HubError INVALID for one that is too short or too long."""
    text = _normal(password)
    if not SHORTEST <= len(text) <= LONGEST:
        raise HubError(
            Category.INVALID,
            "has the wrong length",
            where="password",
            todo=f"{SHORTEST} to {LONGEST} characters",
            code="password-length",
        )
    salt = random_bytes(SALT_BYTES)
    derived = _scrypt(salt, LOG_N, R, P).derive(text.encode())
    return f"scrypt${LOG_N}${R}${P}${_encode(salt)}${_encode(derived)}"


def matches(password: str, kept: str) -> bool:
    """Whether `password` is the one that was kept. Takes as long for a wrong one; an over-long one is never right."""
    text = _normal(password)
    if len(text) > LONGEST:
        return False
    _, log_n, r, p, salt, derived = kept.split("$")
    try:
        _scrypt(base64.b64decode(salt), int(log_n), int(r), int(p)).verify(text.encode(), base64.b64decode(derived))
    except InvalidKey:
        return False
    return True


def generated() -> str:
    """A password to be shown once: 16 letters and digits, 79 bits."""
    return "".join(secrets.choice(_LETTERS) for _ in range(_GENERATED))


#: What is compared against when there is no such account, so that it costs the same time.
NOBODY: Final = f"scrypt${LOG_N}${R}${P}${'A' * 22}==${'A' * 43}="


def _normal(password: str) -> str:
    """The same password whatever keyboard or input method composed it (RFC 8265 asks for NFC)."""
    return unicodedata.normalize("NFC", password)


def _scrypt(salt: bytes, log_n: int, r: int, p: int) -> Scrypt:
    return Scrypt(salt=salt, length=HASH_BYTES, n=1 << log_n, r=r, p=p)


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode()
