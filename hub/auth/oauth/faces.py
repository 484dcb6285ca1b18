"""What the hub keeps, with the faces Authlib asks for: requests, clients, codes, refresh tokens, replies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from authlib.oauth2.rfc6749 import OAuth2Request
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload

from hub.auth.oauth.assertion import METHOD
from hub.auth.oauth.clients import BACKEND, PUBLIC, RESOURCE, WITH_USER, Client
from hub.auth.oauth.grants import Code, Refresh
from hub.auth.oauth.redirects import is_registered
from hub.auth.oauth.scope_grants import granted

CODE_GRANT: Final = "authorization_code"
REFRESH_GRANT: Final = "refresh_token"
CLIENT_GRANT: Final = "client_credentials"

#: Authlib refuses http; whether the hub is reached by TLS is its settings' matter, and loopback needs none.
_SOMEWHERE: Final = "https://hub.invalid/"


@dataclass(slots=True)
class Reply:
    """An answer of Authlib: `body` is a dict, or "" for a redirection to `location`."""

    status: int
    body: Any
    location: str = ""


class FormRequest(OAuth2Request):
    """The parameters of a request, each once, as Authlib reads them."""

    def __init__(self, method: str, params: Mapping[str, str]) -> None:
        super().__init__(method, _SOMEWHERE)
        self.payload = BasicOAuth2Payload(dict(params))

    @property
    def form(self) -> dict[str, str]:
        return dict(self.payload.data)

    @property
    def args(self) -> dict[str, str]:
        return dict(self.payload.data)


class KnownClient:
    """A registered client with the face Authlib asks for."""

    def __init__(self, known: Client) -> None:
        self.known: Final = known
        self.client_id: Final = known.id

    def get_client_id(self) -> str:
        return self.known.id

    def get_default_redirect_uri(self) -> None:
        """None: a request names its redirect URI, and it is compared."""

    def get_allowed_scope(self, scope: str | None) -> str | None:
        return " ".join(granted(scope or "", self.known.scopes)) or None

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return is_registered(redirect_uri, self.known.redirect_uris)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """Whether it may use this endpoint, and proves who it is in this way."""
        asks = endpoint == "introspection"
        return asks == (self.known.kind == RESOURCE) and method == ("none" if self.known.kind == PUBLIC else METHOD)

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code" and self.known.kind in WITH_USER

    def check_grant_type(self, grant_type: str) -> bool:
        kinds = {CLIENT_GRANT: frozenset({BACKEND})}.get(grant_type, WITH_USER)
        return self.known.kind in kinds - {RESOURCE}


class PresentedCode:
    """A code with the face Authlib asks for."""

    code_challenge_method: Final = "S256"

    def __init__(self, code: Code) -> None:
        self.grant: Final = code.grant
        self.code_challenge: Final = code.challenge
        self._redirect_uri: Final = code.redirect_uri

    def get_redirect_uri(self) -> str:
        return self._redirect_uri

    def get_scope(self) -> str:
        return " ".join(self.grant.scopes)


class PresentedRefresh:
    """A refresh token with the face Authlib asks for."""

    def __init__(self, refresh: Refresh) -> None:
        self.grant: Final = refresh.grant

    def check_client(self, client: KnownClient) -> bool:
        return self.grant.client == client.client_id

    def get_scope(self) -> str:
        return " ".join(self.grant.scopes)
