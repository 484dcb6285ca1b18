"""Where notifications may go: hosts the consortium names, and addresses that are what they should be.

A client chooses the URL, so it must not make the hub speak to what only the hub can reach (OWASP, server-side request
forgery). The list is by facility: one member cannot have records sent to another one's receiver. Addresses are judged
when they are connected to, and that very address is used, so a name that resolves anew (DNS rebinding) gains nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from hub.auth.directory import Directory
from hub.kernel.consortium import Receiver
from hub.kernel.errors import Category, HubError

_WHERE: Final = "Subscription.channel.endpoint"
_LONGEST: Final = 2000


@dataclass(frozen=True, slots=True)
class Target:
    """A URL taken apart, and the entry of the list that allows it. `path` is the request target (RFC 9112, 3.2.1)."""

    receiver: Receiver
    secure: bool
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """The value of the Host header."""
        shown = f"[{self.host}]" if ":" in self.host else self.host
        return shown if self.port == (443 if self.secure else 80) else f"{shown}:{self.port}"


class Receivers:
    """The list of the consortium."""

    def __init__(self, directory: Directory, receivers: Iterable[Receiver]) -> None:
        self._directory: Final = directory
        self._receivers: Final = tuple(receivers)

    def target(self, url: str, organization: str) -> Target:
        """Where a URL leads for an organisation's subscription.

        Raises HubError INVALID for what is no plain http or https URL, FORBIDDEN when no entry of the list allows it.
        The URL is not repeated.
        """
        secure, host, port, path = _taken_apart(url)
        entity = self._directory.legal_entity(organization)
        for receiver in self._receivers:
            allowed = (receiver.host, receiver.port) == (host, port) and (secure or receiver.plaintext)
            if allowed and entity is not None and self._directory.legal_entity(receiver.facility) == entity:
                return Target(receiver, secure, host, port, path)
        raise HubError(
            Category.FORBIDDEN,
            "is not a receiver that the consortium allows",
            where=_WHERE,
            todo="have it entered under receivers in consortium.yaml, or use a websocket channel",
            code="receiver",
        )


def _taken_apart(url: str) -> tuple[bool, str, int, str]:
    if len(url) > _LONGEST or not url.isascii() or any(letter.isspace() or not letter.isprintable() for letter in url):
        raise _invalid()
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        raise _invalid() from None
    odd = "@" in parts.netloc or "\\" in url or "#" in url or "%" in parts.netloc
    if parts.scheme not in {"http", "https"} or not host or odd:
        raise _invalid()
    secure = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return secure, host, port if port is not None else (443 if secure else 80), path


def _invalid() -> HubError:
    return HubError(
        Category.INVALID,
        "is not a URL the hub can send to",
        where=_WHERE,
        todo="write https://host/path without user, password and fragment",
        code="endpoint",
    )
