"""What keeps the pages to their reader: headers, the cookie, and proof that a form was sent from one of our pages.

Attack list 40 (CSRF, login CSRF, fixation) and 41 (stored scripts). Every POST must come from our own origin by what
the browser itself says (`Origin`, `Sec-Fetch-Site`) and carry the token of the session; before sign-in there is a
session id without a session, so the sign-in form is held to the same.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from hub.auth.sessions import form_token


def policy(form_action: str = "") -> str:
    """Nothing inline, nothing from elsewhere, no frame (CSP level 3).

    `form_action` is where else a form may end up: browsers hold a redirection that answers it to the same rule.
    """
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        f"form-action {' '.join(filter(None, (_SELF, form_action)))}; base-uri 'none'; frame-ancestors 'none'"
    )


_SELF: Final = "'self'"

#: Headers of every page.
HEADERS: Final[Mapping[str, str]] = {
    "content-security-policy": policy(),
    "cache-control": "no-store, private",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}

#: Name of the field that carries the form token.
TOKEN_FIELD: Final = "form_token"  # noqa: S105 - a name, not a secret

_PLAIN_COOKIE: Final = "yilian_session"
#: The prefix makes browsers refuse it from a neighbouring host or without TLS (RFC 6265bis section 4.1.3).
_SECURE_COOKIE: Final = "__Host-yilian_session"
LANGUAGE_COOKIE: Final = "yilian_language"
_LONGEST_ID: Final = 128
_ELSEWHERE: Final = frozenset({"cross-site", "same-site"})


def session_id(request: Request, *, secure: bool) -> str:
    """The session id of the cookie; empty without one."""
    found = request.cookies.get(_SECURE_COOKIE if secure else _PLAIN_COOKIE, "")
    return found if len(found) <= _LONGEST_ID else ""


def set_session(response: Response, value: str, *, secure: bool) -> None:
    """Give the browser a session id, for as long as it stays open."""
    name = _SECURE_COOKIE if secure else _PLAIN_COOKIE
    response.set_cookie(name, value, path="/", secure=secure, httponly=True, samesite="strict")


def drop_session(response: Response, *, secure: bool) -> None:
    """Take the session id from the browser."""
    name = _SECURE_COOKIE if secure else _PLAIN_COOKIE
    response.delete_cookie(name, path="/", secure=secure, httponly=True, samesite="strict")


def set_language(response: Response, language: str, *, secure: bool) -> None:
    """Remember the language for a year; it says nothing about anybody."""
    response.set_cookie(
        LANGUAGE_COOKIE, language, max_age=31_536_000, path="/", secure=secure, httponly=True, samesite="strict"
    )


def is_ours(request: Request, form: Mapping[str, str], session: str) -> bool:
    """Whether a POST was sent from a page of this hub to the browser that holds `session`."""
    token = form.get(TOKEN_FIELD, "")
    if not session or not hmac.compare_digest(token.encode(), form_token(session).encode()):
        return False
    return _same_origin(request)


def from_elsewhere(request: Request) -> bool:
    """Whether a navigation was begun by another site (Fetch Metadata), so that our cookies, which are SameSite=Strict,
    are not with it. Seen from a page of ours the same address is ours: such a visit is sent on by `onward.html`."""
    return request.headers.get("sec-fetch-site", "none") in _ELSEWHERE


def _same_origin(request: Request) -> bool:
    """What the browser says of where a request comes from.

    Under `Referrer-Policy: no-referrer` browsers send `Origin: null` with a form of our own, so then, and without an
    Origin, `Sec-Fetch-Site` decides. A client that sends neither is no browser that could be led astray: every one
    that honours SameSite sends an Origin with a POST.
    """
    origin = request.headers.get("origin")
    site = request.headers.get("sec-fetch-site")
    if site is not None and site != "same-origin":
        return False
    if origin in (None, "null"):
        return site == "same-origin" or origin is None
    return urlsplit(origin).netloc == request.headers.get("host", "")
