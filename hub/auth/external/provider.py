"""The provider: its discovery document, its keys, and codes for id_tokens.

https://openid.net/specs/openid-connect-core-1_0.html, openid-connect-discovery-1_0.html, RFC 7636, RFC 9207
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote_plus, urlencode, urlsplit

from authlib.oauth2.rfc7636.challenge import create_s256_code_challenge

from hub.auth.external import id_tokens
from hub.auth.external.states import Attempt
from hub.auth.fetching import Fetcher
from hub.auth.remote_keys import PAUSE, RemoteKeys
from hub.kernel.clock import Clock
from hub.kernel.errors import Category, HubError
from hub.kernel.external_sign_in import ExternalProvider

_CONFIGURATION: Final = "/.well-known/openid-configuration"
#: How long a discovery document is believed.
_KEPT: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class _Endpoints:
    authorization: str
    token: str
    keys: str
    #: Whether its answers name it (RFC 9207).
    names_itself: bool


class Provider:
    """One provider, asked in the name of this hub. Belongs to one event loop.

    Raises HubError UNAVAILABLE when it cannot be asked, INVALID when what it tells of itself is not to be used.
    """

    def __init__(
        self, configured: ExternalProvider, secret: str | None, fetcher: Fetcher, clock: Clock, *, redirect: str
    ) -> None:
        self._configured: Final = configured
        self._secret: Final = secret
        self._fetcher: Final = fetcher
        self._keys: Final = RemoteKeys(fetcher, clock)
        self._clock: Final = clock
        self._redirect: Final = redirect
        self._turn: Final = asyncio.Lock()
        self._known: _Endpoints | None = None
        self._read = self._asked = datetime.min.replace(tzinfo=clock().tzinfo)

    @property
    def name(self) -> str:
        return self._configured.name

    async def address(self, attempt: Attempt, state: str) -> str:
        """Where to send the browser (Core section 3.1.2.1)."""
        asked = {
            "response_type": "code",
            "client_id": self._configured.client_id,
            "redirect_uri": self._redirect,
            "scope": "openid",
            "state": state,
            "nonce": attempt.nonce,
            "code_challenge": create_s256_code_challenge(attempt.verifier),
            "code_challenge_method": "S256",
        }
        endpoint = (await self._endpoints()).authorization
        return f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{urlencode(asked)}"

    async def subject(self, attempt: Attempt, answer: Mapping[str, str]) -> str:
        """Who somebody is there, by what the browser brought back. Raises HubError UNAUTHENTICATED as well."""
        endpoints = await self._endpoints()
        if answer.get("iss", None if endpoints.names_itself else self._configured.issuer) != self._configured.issuer:
            raise id_tokens.refused("issuer")
        if "error" in answer or not answer.get("code"):
            raise id_tokens.refused("denied")
        text = await self._redeemed(endpoints.token, answer["code"], attempt.verifier)
        keys = await self._keys.with_key(endpoints.keys, id_tokens.key_id(text))
        return id_tokens.subject(
            text, keys, issuer=self._configured.issuer, client_id=self._configured.client_id, nonce=attempt.nonce,
            now=self._clock(),
        )  # fmt: skip

    async def _redeemed(self, endpoint: str, code: str, verifier: str) -> str:
        """The id_token for a code."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect,
            "code_verifier": verifier,
        }
        client_id = self._configured.client_id
        if self._secret is None:
            form["client_id"] = client_id
        # RFC 6749 section 2.3.1: both are written as in a form before they are put into the header.
        credential = (quote_plus(client_id), quote_plus(self._secret)) if self._secret else None
        status, body = await self._fetcher.post(endpoint, form, credential)
        text = body.get("id_token")
        if status != 200 or not isinstance(text, str):
            raise id_tokens.refused("code")
        return text

    async def _endpoints(self) -> _Endpoints:
        """By its document, read anew each hour; while it does not answer by the one that is known. Nobody waits for
        longer than one who asks: after a failure it is not asked for `PAUSE`."""
        if self._known is not None and self._turn.locked():
            return self._known
        async with self._turn:
            now = self._clock()
            if now - self._read >= _KEPT and now - self._asked >= PAUSE:
                await self._ask()
            if self._known is None:
                raise HubError(
                    Category.UNAVAILABLE, "does not answer", where="sign_in.issuer", todo="again in a minute",
                    code="external",
                )  # fmt: skip
            return self._known

    async def _ask(self) -> None:
        """Read its document. Raises HubError where none is known, or it says what is not to be used."""
        issuer = self._configured.issuer
        try:
            document = await self._fetcher.get(issuer + _CONFIGURATION)
        except HubError:
            self._asked = self._clock()
            if self._known is None:
                raise
            return
        self._known, self._asked = None, self._clock()
        self._known, self._read = _endpoints(issuer, document), self._clock()


def _endpoints(issuer: str, document: Mapping[str, Any]) -> _Endpoints:
    """Discovery section 4.3: the issuer exactly; and nothing but what lies on its own host."""
    if document.get("issuer") != issuer:
        raise _unusable("names another issuer")
    authorization, token, keys = (
        _on_its_host(document.get(name), issuer) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")
    )
    names_itself = document.get("authorization_response_iss_parameter_supported") is True
    return _Endpoints(authorization, token, keys, names_itself)


def _on_its_host(url: Any, issuer: str) -> str:
    with suppress(ValueError):
        # Scheme, host and port; the rest of a URL is checked where it is fetched.
        if isinstance(url, str) and urlsplit(url)[:2] == urlsplit(issuer)[:2]:
            return url
    raise _unusable("names an endpoint on another host")


def _unusable(what: str) -> HubError:
    return HubError(Category.UNAVAILABLE, what, where="sign_in.issuer", todo="see consortium.yaml", code="external")
