"""Passwords as they are kept: Argon2id (RFC 9106) with a salt of its own, in the PHC string format.

Accounts of earlier versions are kept by scrypt (`scrypt$<log2 n>$<r>$<p>$<salt>$<hash>`, RFC 7914) until their user
signs in the next time: whoever knows the password can keep it anew, nobody else can.
"""

from __future__ import annotations

import base64
import secrets
import unicodedata
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from hub.kernel.errors import Category, HubError
from hub.kernel.ids import RandomBytes

#: RFC 9106 section 4, second recommended option, in one lane: three passes over 64 MiB.
HASHER = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=1)
SALT_BYTES: Final = 16
_SCRYPT: Final = "scrypt$"
_SCRYPT_BYTES: Final = 32

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
    return HASHER.hash(text, salt=random_bytes(SALT_BYTES))


def matches(password: str, kept: str, older: str | None = None) -> bool:
    """Whether `password` is the one that was kept. Takes as long for a wrong one; an over-long one is never right.

    `older` is any password of the installation that is kept by scrypt, if one is left. While there is, both are
    computed, whichever `kept` is: else time would tell the names of these accounts from all others.
    """
    text = _normal(password)
    if len(text) > LONGEST:
        return False
    if kept.startswith(_SCRYPT):
        _matches_argon(text, NOBODY)
        return _matches_scrypt(text, kept)
    if older is not None:
        _matches_scrypt(text, older)
    return _matches_argon(text, kept)


def is_outdated(kept: str) -> bool:
    """Whether a password should be kept anew: by scrypt, or at another cost than today's."""
    return kept.startswith(_SCRYPT) or HASHER.check_needs_rehash(kept)


def generated() -> str:
    """A password to be shown once: 16 letters and digits, 79 bits."""
    return "".join(secrets.choice(_LETTERS) for _ in range(_GENERATED))


#: What is compared against when there is no such account, so that it costs the same time.
NOBODY: Final = f"$argon2id$v=19$m=65536,t=3,p=1${'A' * 22}${'A' * 43}"


def _normal(password: str) -> str:
    """The same password whatever keyboard or input method composed it (RFC 8265 asks for NFC)."""
    return unicodedata.normalize("NFC", password)


def _matches_argon(text: str, kept: str) -> bool:
    try:
        return HASHER.verify(kept, text)
    except (VerificationError, InvalidHashError):
        return False


def _matches_scrypt(text: str, kept: str) -> bool:
    _, log_n, r, p, salt, derived = kept.split("$")
    scrypt = Scrypt(salt=base64.b64decode(salt), length=_SCRYPT_BYTES, n=1 << int(log_n), r=int(r), p=int(p))
    try:
        scrypt.verify(text.encode(), base64.b64decode(derived))
    except InvalidKey:
        return False
    return True
