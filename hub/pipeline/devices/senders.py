"""Devices and gateways that may send for a feed, and whether a request comes from the one it names.

The secret of a sender is made from a key of the key folder, its name and its generation, and is kept nowhere: a copy of
the database opens nothing, and a new generation makes the old secret worthless. A request shows the secret itself
(RFC 7617, Basic), or is signed with it: HMAC-SHA-256 over method, path, time, nonce and the SHA-256 of the body, at a
time that is near and with a nonce that was not seen before. What nobody may know is compared in constant time, and an
unknown sender is refused like a wrong secret.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hub.db.database import Database, Tx
from hub.kernel.clock import Clock
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from hub.pipeline.deeds import Deed, Kind, Witness
from hub.pipeline.engineer import Engineer

#: How far the clock of a signed request may be from ours.
NEAR: Final = timedelta(minutes=5)

_PUT: Final = """
INSERT INTO device_sender (feed, name, gateway, signs, generation, disabled, made_at)
VALUES ($1, $2, $3, $4, 1, false, $5)
ON CONFLICT (feed, name) DO UPDATE SET gateway = $3, signs = $4, generation = device_sender.generation + 1,
  disabled = false, made_at = $5
RETURNING generation
"""
_STOP: Final = "UPDATE device_sender SET disabled = true WHERE feed = $1 AND name = $2 AND NOT disabled RETURNING name"
_ONE: Final = "SELECT gateway, signs, generation, disabled FROM device_sender WHERE feed = $1 AND name = $2"
_LIST: Final = "SELECT name, gateway, signs, disabled, made_at FROM device_sender WHERE feed = $1 ORDER BY name"
_FORGET: Final = "DELETE FROM device_nonce WHERE until < $1"
_SEE: Final = """
INSERT INTO device_nonce (feed, name, nonce, until) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING nonce
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a request shows: the `secret` itself, or (`secret` "") a signature with its time (epoch seconds) and nonce.

    `signed` is what the signature must be over, but for time and nonce: method, path and the SHA-256 of the body.
    """

    name: str
    secret: str = ""
    signature: str = ""
    time: int = 0
    nonce: str = ""
    signed: tuple[str, str, str] = ("", "", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who sends: a `gateway` for every device of its feed, a device for itself."""

    feed: str
    name: str
    gateway: bool

    def may_tell_of(self, device: str) -> bool:
        """Whether readings of a device (its number) are this sender's to send."""
        return self.gateway or device == self.name


def string_to_sign(time: int, nonce: str, signed: tuple[str, str, str]) -> bytes:
    """What a signature is over: five lines, without an end of line behind the last."""
    method, path, digest = signed
    return "\n".join((method, path, str(time), nonce, digest)).encode()


def signature(secret: str, time: int, nonce: str, signed: tuple[str, str, str]) -> str:
    """The signature of a request, in hexadecimal."""
    return hmac.new(secret.encode(), string_to_sign(time, nonce, signed), hashlib.sha256).hexdigest()


class Senders:
    """The senders of the feeds in `facilities` (feed name -> facility code). `key` is a secret of the key folder."""

    def __init__(
        self, database: Database, facilities: Mapping[str, str], key: bytes, witness: Witness, clock: Clock
    ) -> None:
        self._database: Final = database
        self._facilities: Final = facilities
        self._key: Final = HKDF(SHA256(), 32, salt=None, info=b"yilian device senders").derive(key)
        self._witness: Final = witness
        self._clock: Final = clock

    async def register(self, who: Engineer, feed: str, name: str, *, gateway: bool, signs: bool) -> str:
        """Let a device or gateway send, or give it a new secret: the secret, which cannot be shown again.

        Raises HubError NOT_FOUND for a feed that has no devices, INVALID for a name that is none.
        """
        self._known(who, feed)
        if not name.strip() or not name.isprintable() or ":" in name or '"' in name or len(name) > 128:
            raise HubError(Category.INVALID, "is no number of a device", where="name", todo='leave out `:` and `"`')
        async with self._database.transaction() as tx:
            generation: int = await tx.fetchval(_PUT, feed, name, gateway, signs, self._clock())
            await self._told(tx, who, feed, {"name": name, "generation": str(generation)})
        return self._secret(feed, name, generation)

    async def stop(self, who: Engineer, feed: str, name: str) -> None:
        """Let a sender send no more. Raises HubError NOT_FOUND."""
        self._known(who, feed)
        async with self._database.transaction() as tx:
            if await tx.fetchval(_STOP, feed, name) is None:
                raise HubError(Category.NOT_FOUND, "no sender of this name sends", where="name", todo="list them")
            await self._told(tx, who, feed, {"name": name, "stopped": "true"})

    async def listed(self, who: Engineer, feed: str) -> list[Json]:
        """The senders of a feed, without secrets. Raises HubError NOT_FOUND."""
        self._known(who, feed)
        async with self._database.connection() as tx:
            return [{**dict(row), "made_at": row["made_at"].isoformat()} for row in await tx.fetch(_LIST, feed)]

    async def verified(self, feed: str, shown: Shown) -> Sender:
        """Who sent a request. A signature is good once.

        Raises HubError UNAUTHENTICATED, the same for whatever is wrong but the clock (`time`) and a nonce that was
        seen before (`replayed`), which only who has the secret can learn.
        """
        async with self._database.connection() as tx:
            row = await tx.fetchrow(_ONE, feed, shown.name) if feed in self._facilities else None
            right = self._is_right(feed, shown, row)
            if row is None or row["disabled"] or not right:
                raise _refused()
            if not shown.secret:
                await self._once(tx, feed, shown, self._clock())
        return Sender(feed=feed, name=shown.name, gateway=row["gateway"])

    def _is_right(self, feed: str, shown: Shown, row: Any) -> bool:
        """As much work for a sender nobody knows as for one that is."""
        secret = self._secret(feed, shown.name, 0 if row is None else row["generation"])
        if shown.secret:
            same = hmac.compare_digest(secret.encode(), shown.secret.encode())
            return same and row is not None and not row["signs"]
        expected = signature(secret, shown.time, shown.nonce, shown.signed)
        return hmac.compare_digest(expected.encode(), shown.signature.lower().encode())

    async def _once(self, tx: Tx, feed: str, shown: Shown, now: datetime) -> None:
        if abs(now.timestamp() - shown.time) > NEAR.total_seconds():
            todo = "set the clock of the sender and sign anew"
            raise HubError(Category.UNAUTHENTICATED, "was signed at another time", where="time", todo=todo, code="time")
        await tx.execute(_FORGET, now)
        if await tx.fetchval(_SEE, feed, shown.name, shown.nonce, now + 2 * NEAR) is None:
            todo = "take a new nonce for every request"
            what = "was seen before"
            raise HubError(Category.UNAUTHENTICATED, what, where="nonce", todo=todo, code="replayed")

    def _secret(self, feed: str, name: str, generation: int) -> str:
        framed = b"".join(len(part).to_bytes(4, "big") + part for part in (feed.encode(), name.encode()))
        made = hmac.digest(self._key, framed + generation.to_bytes(4, "big"), "sha256")
        return base64.urlsafe_b64encode(made).decode().rstrip("=")

    async def _told(self, tx: Tx, who: Engineer, feed: str, detail: Mapping[str, str]) -> None:
        facility = self._facilities[feed]
        deed = Deed(kind=Kind.SENDER, engineer=who, feed=feed, facility=facility, detail=detail)
        await self._witness.append(tx, deed)

    def _known(self, who: Engineer, feed: str) -> None:
        facility = self._facilities.get(feed)
        if facility is None or not who.sees(facility):
            todo = "name a feed of format device of your organisation"
            raise HubError(Category.NOT_FOUND, "no feed of this name has devices", where="feed", todo=todo)


def _refused() -> HubError:
    todo = "name a registered sender, and show or sign with its secret"
    return HubError(Category.UNAUTHENTICATED, "is no sender of this feed", where="Authorization", todo=todo)
