"""Authlib's authorisation server over what one request loaded: clients, grants, endpoints.

https://datatracker.ietf.org/doc/html/draft-ietf-oauth-v2-1 (PKCE for all, exact redirect URIs, one-use refresh tokens)
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from authlib.oauth2.rfc6749 import (
    AuthorizationServer,
    InvalidGrantError,
    InvalidRequestError,
    InvalidScopeError,
)
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, ClientCredentialsGrant, RefreshTokenGrant
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc7636.challenge import create_s256_code_challenge

from hub.auth.oauth.assertion import METHOD, PrivateKeyJwt
from hub.auth.oauth.clients import Client
from hub.auth.oauth.endpoints import Introspection, Revocation
from hub.auth.oauth.faces import CODE_GRANT, FormRequest, KnownClient, PresentedCode, PresentedRefresh, Reply
from hub.auth.oauth.grants import Grant, digest
from hub.auth.oauth.ledger import Ledger
from hub.auth.oauth.mint import Mint, is_refreshed
from hub.auth.oauth.scope_grants import granted, resources
from hub.auth.scopes import confines
from hub.kernel.errors import HubError
from hub.kernel.ids import random_id

METHODS: Final = (METHOD, "none")


class S256Only(CodeChallenge):
    """PKCE that cannot be left out nor weakened (RFC 7636; OAuth 2.1 section 7.6)."""

    DEFAULT_CODE_CHALLENGE_METHOD = "S256"
    SUPPORTED_CODE_CHALLENGE_METHOD: Final = ["S256"]
    CODE_CHALLENGE_METHODS: Final = {
        "S256": lambda verifier, challenge: hmac.compare_digest(create_s256_code_challenge(verifier), challenge)
    }

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        data = grant.request.payload.data
        # Without a method RFC 7636 section 4.3 would read `plain`.
        if not data.get("code_challenge") or data.get("code_challenge_method") != "S256":
            raise InvalidRequestError("PKCE with code_challenge_method S256 is required.")
        super().validate_code_challenge(grant, redirect_uri)


class CodeGrant(AuthorizationCodeGrant):
    """Authorisation code, redeemed once by the client it was given to."""

    TOKEN_ENDPOINT_AUTH_METHODS: Final = list(METHODS)

    def query_authorization_code(self, code: str, client: KnownClient) -> PresentedCode | None:
        """The code, which is used up from now on. One that was used before ends its family (RFC 6749 4.1.2)."""
        ledger: Ledger = self.server.ledger
        found = ledger.code
        if found is None or found.grant.client != client.client_id:
            return None
        if found.used:
            ledger.end(found.grant, "code-reused")
            return None
        ledger.used_code = True
        return PresentedCode(found) if found.expires > ledger.now and found.grant.live else None

    def delete_authorization_code(self, authorization_code: PresentedCode) -> None:
        """It stays, used, so that a second use is told from a guess."""

    def authenticate_user(self, authorization_code: PresentedCode) -> Grant:
        return authorization_code.grant

    def save_authorization_code(self, code: str, request: Any) -> None:
        """Codes are kept by `hub.auth.oauth.authorisation`, which knows who granted what."""
        self.server.code = code

    def generate_authorization_code(self) -> str:
        return str(self.server.mint.secret())


class RotatingRefresh(RefreshTokenGrant):
    """Refresh tokens that are used once (RFC 9700 section 4.14.2)."""

    TOKEN_ENDPOINT_AUTH_METHODS: Final = list(METHODS)
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token: str) -> PresentedRefresh | None:
        """The token, if it was not used before: else somebody has a copy, and the family ends."""
        ledger: Ledger = self.server.ledger
        found = ledger.refresh
        if found is None or found.grant.client != self.request.client.client_id:
            return None
        if found.used:
            ledger.end(found.grant, "refresh-reused")
            return None
        return PresentedRefresh(found) if found.grant.live else None

    def authenticate_user(self, refresh_token: PresentedRefresh) -> Grant:
        return refresh_token.grant

    def revoke_old_credential(self, refresh_token: PresentedRefresh) -> None:
        self.server.ledger.used_refresh = True

    def _validate_token_scope(self, token: PresentedRefresh) -> None:
        """RFC 6749 section 6: nothing that was not granted, in whichever form it is asked for."""
        for scope in (self.request.payload.scope or "").split():
            if granted(scope, token.grant.scopes) != (str(resources(scope) or scope),):
                raise InvalidScopeError()
        asked = granted(self.request.payload.scope or "", token.grant.scopes)
        # To leave out what confines a token to one patient would be to widen it.
        if asked and confines(token.grant.scopes) and not confines(asked):
            raise InvalidScopeError()


class BackendGrant(ClientCredentialsGrant):
    """SMART Backend Services."""

    TOKEN_ENDPOINT_AUTH_METHODS: Final = [METHOD]

    def validate_requested_scope(self) -> None:
        if not granted(self.request.payload.scope or "", self.request.client.known.scopes):
            raise InvalidScopeError()


class TokenServer(AuthorizationServer):
    """The server of one request."""

    def __init__(self, ledger: Ledger, mint: Mint, audiences: Sequence[str] = ()) -> None:
        super().__init__()
        self.ledger: Final = ledger
        self.mint: Final = mint
        self.code = ""
        #: The grant the response was made of, and its scopes.
        self.issued: tuple[Grant, tuple[str, ...]] | None = None
        self.register_client_auth_method(METHOD, PrivateKeyJwt(ledger, audiences))
        self.register_grant(CodeGrant, [S256Only(required=True)])
        self.register_grant(RotatingRefresh)
        self.register_grant(BackendGrant)
        self.register_endpoint(Introspection)
        self.register_endpoint(Revocation)

    def query_client(self, client_id: str) -> KnownClient | None:
        known = self.ledger.client
        return KnownClient(known) if known is not None and known.id == client_id and not known.disabled else None

    def create_oauth2_request(self, request: FormRequest) -> FormRequest:
        return request

    def handle_response(self, status: int, body: Any, headers: Sequence[tuple[str, str]]) -> Reply:
        return Reply(status, dict(body) if body else {}, dict(headers).get("Location", ""))

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens: what happened is in the ledger."""

    def save_token(self, token: Mapping[str, Any], request: FormRequest) -> None:
        """Access tokens are not kept; refresh tokens are in the ledger."""

    def validate_requested_scope(self, scope: str) -> None:
        """What is not registered is left out, not refused (`KnownClient.get_allowed_scope`)."""

    def generate_token(
        self,
        grant_type: str,
        client: KnownClient,
        user: Grant | None = None,
        scope: str | None = None,
        expires_in: int | None = None,
        include_refresh_token: bool = True,
    ) -> dict[str, Any]:
        """The token response of a grant; of a new one for a backend."""
        grant = user or self._of_backend(client.known, granted(scope or "", client.known.scopes))
        scopes = granted(scope or "", grant.scopes)
        try:
            token = self.mint.access(grant, client.known, scopes, self.ledger.now)
        except HubError:
            raise InvalidGrantError("The rights of this grant no longer exist.") from None
        if grant_type == CODE_GRANT and "openid" in scopes:
            token["id_token"] = self.mint.identity(grant, client.known, self.ledger.now)
        if include_refresh_token and is_refreshed(grant.scopes):
            token["refresh_token"] = self._refresh_token(grant)
        self.issued = grant, scopes
        return token

    def _of_backend(self, client: Client, scopes: tuple[str, ...]) -> Grant:
        rights = {"role": client.roles[0], "organization": client.organization, "purpose": list(client.purposes)}
        expires = self.ledger.now + timedelta(seconds=client.access_seconds)
        grant = Grant(
            id=random_id(), client=client.id, account=None, session=None, scopes=scopes, rights=rights, told={},
            nonce="", signed_in=None, expires=expires,
        )  # fmt: skip
        self.ledger.made.append(grant)
        return grant

    def _refresh_token(self, grant: Grant) -> str:
        secret = self.mint.secret()
        self.ledger.refreshes[digest(secret)] = grant.id
        return secret
