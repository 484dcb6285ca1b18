"""From a grant to the token response (RFC 6749 section 5.1; SMART App Launch 2.2, app-launch.html)."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from hub.auth.actor import Actor
from hub.auth.oauth.clients import Client
from hub.auth.oauth.grants import Grant
from hub.auth.oauth.scope_grants import OFFLINE, ONLINE
from hub.auth.tokens import Issuer
from hub.kernel.ids import RandomBytes

_SECRET_BYTES: Final = 32


class Mint:
    """Makes tokens. `url` is the issuer of id_tokens, `fhir` the base of the FHIR API, neither with a slash at its end.

    Raises HubError INVALID when a right of the grant no longer exists.
    """

    def __init__(self, issuer: Issuer, url: str, fhir: str, random_bytes: RandomBytes = secrets.token_bytes) -> None:
        self._issuer: Final = issuer
        self._url: Final = url
        self._fhir: Final = fhir
        self._random_bytes: Final = random_bytes

    def secret(self) -> str:
        """A code or a refresh token: 256 random bits."""
        return base64.urlsafe_b64encode(self._random_bytes(_SECRET_BYTES)).decode().rstrip("=")

    def verify(self, text: str) -> Actor:
        """The actor of an access token. Raises HubError UNAUTHENTICATED."""
        return self._issuer.verify(text)

    def access(self, grant: Grant, client: Client, scopes: Sequence[str], now: datetime) -> dict[str, Any]:
        """The response with an access token alone. It ends with its grant at the latest."""
        life = min(timedelta(seconds=client.access_seconds), grant.expires - now)
        token = self._issuer.issue(**grant.rights, scopes=scopes, client=client.id, grant=grant.id, lifetime=life)
        told = {"access_token": token, "token_type": "Bearer", "expires_in": int(life.total_seconds())}
        return told | {"scope": " ".join(scopes), **grant.told}

    def identity(self, grant: Grant, client: Client, now: datetime) -> str:
        """The id_token (OpenID Connect Core 1.0 section 2); `fhirUser` says who it is on this hub."""
        rights, issued = grant.rights, int(now.timestamp())
        who = rights.get("practitioner") or f"Patient/{rights.get('patient')}"
        reference = who if "/" in who else f"Practitioner/{who}"
        claims: dict[str, Any] = {
            "iss": self._url,
            "sub": reference,
            "aud": client.id,
            "iat": issued,
            "exp": issued + client.access_seconds,
        }
        if grant.signed_in is not None:
            claims["auth_time"] = int(grant.signed_in.timestamp())
        if grant.nonce:
            claims["nonce"] = grant.nonce
        if "fhirUser" in grant.scopes:
            claims["fhirUser"] = f"{self._fhir}/{reference}"
        return self._issuer.identity(claims)


def is_refreshed(scopes: Sequence[str]) -> bool:
    """Whether a grant of these scopes has refresh tokens."""
    return OFFLINE in scopes or ONLINE in scopes
