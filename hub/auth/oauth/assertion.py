"""private_key_jwt: an application proves who it is by a signed assertion (RFC 7523; SMART App Launch 2.2,
client-confidential-asymmetric.html)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from authlib.oauth2.rfc6749 import InvalidClientError
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion
from joserfc import jws, jwt
from joserfc.errors import JoseError

from hub.auth.oauth.clients import Client
from hub.auth.oauth.grants import digest
from hub.auth.oauth.ledger import Assertion, Ledger
from hub.auth.public_keys import ALGORITHMS, key_set

METHOD: Final = "private_key_jwt"
#: SMART App Launch 2.2: an assertion lives for five minutes at most.
LONGEST: Final = timedelta(minutes=5)
#: How far the clock of an application may be ahead or behind.
LEEWAY: Final = timedelta(seconds=30)
_LONGEST_TEXT: Final = 8192
_LONGEST_ID: Final = 256


class PrivateKeyJwt(JWTBearerClientAssertion):
    """Authlib's assertion with the keys, the clock and the memory of one request."""

    CLIENT_AUTH_METHOD = METHOD

    def __init__(self, ledger: Ledger, audiences: Sequence[str]) -> None:
        super().__init__()
        self._ledger: Final = ledger
        self._audiences: Final = tuple(audiences)

    def authenticate_client(self, client: Any) -> Any:
        """The client; whether it may use the endpoint in this way is asked next, of every method alike."""
        return client

    def resolve_client_public_key(self, client: Any) -> Any:
        """The registered keys; Authlib hands them to `process_assertion_claims`."""
        known: Client = client.known
        found = self._ledger.published if known.jwks_uri else key_set(known.jwks) if known.jwks["keys"] else None
        if found is None:
            raise InvalidClientError(description="The client has no keys.")
        return found

    def process_assertion_claims(self, assertion: str, resolve_key: Any) -> dict[str, Any]:
        """The claims of a valid assertion, remembered so that it is not taken again. Raises InvalidClientError."""
        try:
            if not named_key(assertion):
                raise InvalidClientError(description="The assertion names no key.")
            claims = jwt.decode(assertion, resolve_key, list(ALGORITHMS)).claims
            self._ledger.assertion = self._accepted(claims)
        except (JoseError, ValueError, TypeError, KeyError, OverflowError):
            raise InvalidClientError(description="The assertion is not valid.") from None
        return claims

    def _accepted(self, claims: dict[str, Any]) -> Assertion:
        """Raises ValueError, TypeError or KeyError for claims that do not hold (RFC 7523 section 3)."""
        now, expires = self._ledger.now, _instant(claims["exp"])
        begins = [_instant(claims[name]) for name in ("iat", "nbf") if name in claims]
        timely = now - LEEWAY < expires <= now + LONGEST + LEEWAY and all(one <= now + LEEWAY for one in begins)
        audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        jti = claims["jti"]
        if not timely or claims["iss"] != claims["sub"] or not any(one in self._audiences for one in audience):
            raise ValueError
        if not isinstance(jti, str) or not 0 < len(jti) <= _LONGEST_ID:
            raise ValueError
        return Assertion(claims["sub"], digest(jti), expires + LEEWAY)


def named_key(assertion: str) -> str:
    """The id of the key that an assertion names; "" for none."""
    try:
        kid = jws.extract_compact(assertion.encode()).headers().get("kid") if len(assertion) <= _LONGEST_TEXT else ""
    except (JoseError, ValueError):
        return ""
    return kid if isinstance(kid, str) else ""


def _instant(seconds: Any) -> datetime:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise TypeError
    return datetime.fromtimestamp(seconds, UTC)
