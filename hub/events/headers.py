"""`channel.header`: lines a receiver wants with every notification, most often a secret. Sealed, never read back.

R4 subscription-definitions.html#Subscription.channel.header: exposing them in answers may be a risk.
"""

from __future__ import annotations

import re
import secrets
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hub.fhir.json import dumps, loads
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import RandomBytes

_LINE: Final = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}):[ \t]*([\x21-\x7e](?:[\x20-\x7e]{0,2046}[\x21-\x7e])?)")
#: Those the hub sets itself, or that would change what the message is (RFC 9110, RFC 9112).
_OURS: Final = frozenset(
    {
        "host",
        "content-length",
        "content-type",
        "content-encoding",
        "transfer-encoding",
        "connection",
        "upgrade",
        "te",
        "trailer",
        "expect",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
        "user-agent",
    }
)
_MOST: Final = 20
_NONCE: Final = 12
_PURPOSE: Final = b"yilian subscription headers 1"


def read_headers(value: Any, allowed: bool) -> tuple[str, ...] | None:
    """The lines as stated, None where none are. Raises HubError INVALID; no line is repeated in it."""
    if value is None:
        return None
    if not allowed or not isinstance(value, list) or len(value) > _MOST:
        raise _invalid(f"at most {_MOST} lines, and for rest-hook only")
    lines = [_LINE.fullmatch(line) if isinstance(line, str) else None for line in value]
    if any(line is None or line[1].lower() in _OURS for line in lines):
        raise _invalid("write Name: value in ASCII, and no header that the hub sets itself")
    return tuple(value)


def parts(line: str) -> tuple[str, str]:
    """Name and value of a line that `read_headers` let pass."""
    name, _, value = line.partition(":")
    return name, value.strip()


class Seal:
    """Encrypts the lines of one subscription under a key made from the installation's secret (AES-256-GCM, HKDF)."""

    def __init__(self, secret: bytes, *, random_bytes: RandomBytes = secrets.token_bytes) -> None:
        self._cipher: Final = AESGCM(HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(secret))
        self._random_bytes: Final = random_bytes

    def close(self, subscription: str, lines: tuple[str, ...]) -> bytes | None:
        """Sealed lines, which open for this subscription only; None for none."""
        if not lines:
            return None
        nonce = self._random_bytes(_NONCE)
        return nonce + self._cipher.encrypt(nonce, dumps(list(lines)), subscription.encode())

    def open(self, subscription: str, sealed: bytes | None) -> tuple[str, ...]:
        """The lines. Raises HubError FAULT when the key is another one than they were sealed with."""
        if sealed is None:
            return ()
        try:
            return tuple(loads(self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], subscription.encode())))
        except InvalidTag:
            raise HubError(
                Category.FAULT,
                "headers cannot be opened with this installation's key",
                where="subscription",
                todo="have its owner state them again",
                code="headers-sealed",
            ) from None


def _invalid(todo: str) -> HubError:
    return HubError(
        Category.INVALID,
        "is not what it should be",
        where="Subscription.channel.header",
        todo=todo,
        code="subscription",
    )
