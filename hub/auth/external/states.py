"""What the hub remembers of a sign-in while its browser is at the provider, sealed into the `state` it brings back.

It opens in the same browser only (bound to the id of its cookie) and for ten minutes. Nonce and PKCE verifier travel in
it and are read by nobody else.
"""

from __future__ import annotations

import base64
import secrets
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hub.fhir.json import dumps, loads
from hub.kernel.clock import Clock
from hub.kernel.ids import RandomBytes

LIFE: Final = timedelta(minutes=10)
_NONCE_BYTES: Final = 12
_SECRET_BYTES: Final = 32
_LONGEST: Final = 8192


@dataclass(frozen=True, slots=True)
class Attempt:
    """One sign-in: `nonce` and `verifier` of the request, `onward` where to go afterwards, `until` in POSIX seconds."""

    nonce: str
    verifier: str
    onward: str
    until: int


class States:
    """Seals and opens. `key` is a secret of the key folder."""

    def __init__(self, key: bytes, clock: Clock, random_bytes: RandomBytes = secrets.token_bytes) -> None:
        self._cipher: Final = AESGCM(HKDF(SHA256(), 32, salt=None, info=b"yilian external sign-in").derive(key))
        self._clock: Final = clock
        self._random_bytes: Final = random_bytes

    def begin(self, browser: str, onward: str) -> tuple[Attempt, str]:
        """A new attempt of the browser with this session id, and its state."""
        until = int((self._clock() + LIFE).timestamp())
        attempt = Attempt(self._secret(), self._secret(), onward, until)
        nonce = self._random_bytes(_NONCE_BYTES)
        sealed = nonce + self._cipher.encrypt(nonce, dumps(asdict(attempt)), browser.encode())
        return attempt, _text(sealed)

    def opened(self, browser: str, state: str) -> Attempt | None:
        """The attempt; None for a state of another browser or hub, a changed one, or one that has run out."""
        if not browser or len(state) > _LONGEST:
            return None
        try:
            sealed = base64.urlsafe_b64decode(state + "=" * (-len(state) % 4))
            text = self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], browser.encode())
        except (InvalidTag, ValueError):
            return None
        attempt = Attempt(**loads(text))
        return attempt if self._clock().timestamp() < attempt.until else None

    def _secret(self) -> str:
        return _text(self._random_bytes(_SECRET_BYTES))


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")
