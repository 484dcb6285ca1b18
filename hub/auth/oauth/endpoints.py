"""Asking about tokens and taking them back: RFC 7662 introspection, RFC 7009 revocation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7662 import IntrospectionEndpoint

from hub.auth.actor import Actor
from hub.auth.oauth.assertion import METHOD
from hub.auth.oauth.faces import KnownClient
from hub.auth.oauth.ledger import Ledger, Presented

INTROSPECTION: Final = IntrospectionEndpoint.ENDPOINT_NAME
REVOCATION: Final = RevocationEndpoint.ENDPOINT_NAME
#: Why a grant ended that was taken back.
REVOKED: Final = "revoked"


class PresentedToken:
    """A token somebody asks about or takes back, with the face Authlib asks for."""

    def __init__(self, token: Presented) -> None:
        self.token: Final = token

    def check_client(self, client: KnownClient) -> bool:
        """Whether it was issued to this client (RFC 7009 section 2.1)."""
        grant = self.token.grant
        return grant is not None and grant.client == client.client_id

    def is_expired(self) -> bool:
        return self.token.actor is None and self.token.used

    def is_revoked(self) -> bool:
        return self.token.grant is not None and not self.token.grant.live


class Introspection(IntrospectionEndpoint):
    """For registered resource servers alone (`KnownClient.check_endpoint_auth_method`); attack list, 39."""

    CLIENT_AUTH_METHODS: Final = [METHOD]

    def query_token(self, token_string: str, token_type_hint: str | None) -> PresentedToken | None:
        return presented(self.server.ledger)

    def check_permission(self, token: PresentedToken, client: KnownClient, request: Any) -> bool:
        """Every resource server of the installation may ask about every token: they share its records."""
        return True

    def introspect_token(self, token: PresentedToken) -> dict[str, Any]:
        actor, grant = token.token.actor, token.token.grant
        if actor is not None:
            return _told(actor)
        # A refresh token is for its client alone: a resource server learns that it is alive, and nothing it could use.
        return {"active": grant is not None}


class Revocation(RevocationEndpoint):
    """Ends the whole grant: a refresh token taken back leaves no access token behind (RFC 7009 section 2.1)."""

    CLIENT_AUTH_METHODS: Final = [METHOD, "none"]

    def query_token(self, token_string: str, token_type_hint: str | None) -> PresentedToken | None:
        return presented(self.server.ledger)

    def revoke_token(self, token: PresentedToken, request: Any) -> None:
        if token.token.grant is not None:
            self.server.ledger.end(token.token.grant, REVOKED)


def presented(ledger: Ledger) -> PresentedToken | None:
    """The token the form names."""
    return PresentedToken(ledger.token) if ledger.token is not None else None


def _told(actor: Actor) -> dict[str, Any]:
    """RFC 7662 section 2.2, with the rights a resource server has to know."""
    told: dict[str, Any] = {
        "active": True,
        "token_type": "Bearer",
        "client_id": actor.client,
        "scope": " ".join(actor.scopes),
        "exp": int(actor.expires.timestamp()),
        "jti": actor.token_id,
        "sub": actor.reference or actor.client,
        "role": actor.role,
        "purpose": list(actor.purpose),
        "form": actor.form,
    }
    if actor.issued is not None:
        told["iat"] = int(actor.issued.timestamp())
    return told | {name: value for name, value in _about(actor) if value}


def _about(actor: Actor) -> Sequence[tuple[str, str | None]]:
    return ("organization", actor.organization), ("patient", actor.patient)
