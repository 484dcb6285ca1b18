"""Where an answer may be sent: the redirect URIs of applications (OAuth 2.1 section 2.3.1, RFC 8252). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from hub.kernel.errors import Category, HubError

_LOOPBACK: Final = frozenset({"127.0.0.1", "[::1]", "localhost"})
#: RFC 8252 section 7.1: the scheme of an application on a telephone is a domain name turned round.
_OWN_SCHEME: Final = re.compile(r"[a-z][a-z0-9+-]*(?:\.[a-z0-9+-]+)+")
#: RFC 3986, without what would begin something new in a header or in a Content-Security-Policy.
_URI: Final = re.compile(r"[A-Za-z0-9\-._~:/?@!$&()*+=%\[\]]+")
#: A host as such, without user and password, and its port.
_AUTHORITY: Final = re.compile(r"(\[[0-9a-f:]+\]|[a-z0-9.-]+)(?::([0-9]{1,5}))?")
_LONGEST: Final = 2000


def check_redirect(uri: str, *, where: str = "redirect-uri") -> str:
    """`uri`, if answers may be sent there: https, http to this machine, or a scheme of the application's own.

    Raises HubError INVALID for any other, and for one with a fragment, a user or `..` in its path.
    """
    parts = _split(uri)
    if parts is None or not (_is_web(*parts) or _is_own(*parts)):
        raise HubError(
            Category.INVALID,
            "is no address answers may be sent to",
            where=where,
            todo="https://HOST/PATH, http://127.0.0.1:PORT/PATH or com.example.app:/PATH, without fragment",
            code="redirect-uri",
        )
    return uri


def check_origin(origin: str) -> str:
    """`origin`, if scripts of its pages may be answered (CORS): https, or http on this machine; scheme, host and port.

    Raises HubError INVALID for any other, `*` and `null` among them.
    """
    parts = _split(origin)
    default = origin.endswith((":443", ":80"))
    if parts is None or default or parts[2] or not _is_web(parts[0], parts[1], "/") or "?" in origin:
        raise HubError(
            Category.INVALID,
            "is no origin of a page",
            where="origin",
            todo="https://HOST or https://HOST:PORT, as the browser sends it",
            code="origin",
        )
    return origin


def is_registered(uri: str, registered: Iterable[str]) -> bool:
    """Whether `uri` is one of them, character by character (OAuth 2.1 section 4.1.3: simple string comparison)."""
    return uri in tuple(registered)


def policy_source(uri: str) -> str:
    """What of a registered URI names it in a Content-Security-Policy: its origin, or its own scheme."""
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else f"{parts.scheme}:"


def _split(uri: str) -> tuple[str, str, str] | None:
    """Scheme, authority and path; None for what is no URI we would take."""
    if len(uri) > _LONGEST or not _URI.fullmatch(uri):
        return None
    parts = urlsplit(uri)
    return None if ".." in parts.path.split("/") else (parts.scheme, parts.netloc, parts.path)


def _is_web(scheme: str, authority: str, path: str) -> bool:
    found = _AUTHORITY.fullmatch(authority)
    if found is None or not path.startswith("/") or int(found[2] or 0) > 65535:
        return False
    return scheme == "https" or (scheme == "http" and found[1] in _LOOPBACK)


def _is_own(scheme: str, authority: str, path: str) -> bool:
    return not authority and path.startswith("/") and _OWN_SCHEME.fullmatch(scheme) is not None
