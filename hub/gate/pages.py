"""Page tokens: where the next page begins, sealed for one requester and one query.

A token is AES-SIV (RFC 5297) over the store's keyset: nobody can read it (a keyset may hold a name or a birth date, and
links end up in logs of others), change it, or use it as somebody else or with another query.
"""

from __future__ import annotations

import base64
import binascii
import string
from collections.abc import Iterable
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from hub.auth.actor import Actor
from hub.kernel.errors import Category, HubError
from hub.kernel.query_strings import encoded

#: The search parameter that carries a token.
CURSOR: Final = "_cursor"

_LETTERS: Final = frozenset(string.ascii_letters + string.digits + "-_")

Parameters = Iterable[tuple[str, str]]


class Seal:
    """Seals and opens page tokens with the installation's page secret (32 bytes)."""

    def __init__(self, secret: bytes) -> None:
        self._cipher: Final = AESSIV(secret)

    def close(self, keyset: bytes, binding: bytes) -> str:
        """The token of `keyset`, good with the same `binding` only."""
        return base64.urlsafe_b64encode(self._cipher.encrypt(keyset, [binding])).decode().rstrip("=")

    def open(self, token: str, binding: bytes) -> bytes:
        """The keyset. Raises HubError NOT_FOUND for a token that is not ours, was changed, or is somebody else's."""
        try:
            if not _LETTERS.issuperset(token):
                raise ValueError("no letter of ours")  # base64 would take the other alphabet too
            sealed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
            return self._cipher.decrypt(sealed, [binding])
        except (InvalidTag, binascii.Error, ValueError):
            raise HubError(
                Category.NOT_FOUND, "no such page", where=CURSOR, todo="search again from the first page", code="page"
            ) from None


def binding_of(actor: Actor, what: str, params: Parameters) -> bytes:
    """What ties a token down: who asks (a renewed token of the same person is the same person), and for what.

    `what` names the interaction and its address; the order of `params` does not matter.
    """
    who = (actor.role, actor.organization, actor.practitioner or "", actor.patient or "")
    return encoded([*(("", part) for part in (*who, what)), *sorted(params)]).encode()
