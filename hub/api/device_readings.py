"""`POST /api/devices/{feed}/readings`: devices and their gateways send readings, each with a secret of its own.

The other doors ask for a token; a scale at home has none. It shows its secret (Basic) or signs with it:

    Authorization: HMAC-SHA256 name="W-1", time="1772674200", nonce="8c1f...", signature="..."

What the signature is over stands in `hub.pipeline.devices.senders`. The answer comes when all readings are on disk; who
gets another answer sends again, signed anew: a reading that comes twice is a duplicate.
"""

from __future__ import annotations

import binascii
import hashlib
import re
from base64 import b64decode
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.api.body import read_body
from hub.api.failures import PRIVATE, defect, refusal
from hub.api.feeds import taken_file
from hub.api.json_doors import PLAIN_JSON
from hub.api.json_limits import parse
from hub.api.numbering import Numbering
from hub.auth.turnstile import Shared, Turn, Turnstile, network_of
from hub.fhir.json import dumps
from hub.kernel.clock import Clock
from hub.kernel.errors import Category, HubError
from hub.kernel.log import Log
from hub.kernel.ports import FileTaker
from hub.pipeline.devices.senders import Sender, Shown

PATH: Final = "/api/devices/{feed}/readings"
#: A day of a band's minutes is a tenth of it.
MOST_BYTES: Final = 1024 * 1024

#: Checks of secrets at once.
_AT_ONCE: Final = 64

CHALLENGE: Final = 'HMAC-SHA256 realm="yilian devices", Basic realm="yilian devices"'
_SCHEME: Final = "hmac-sha256"
_PART: Final = re.compile(r'(name|time|nonce|signature)="([^"\\]{1,128})"')
_PARTS: Final = frozenset({"name", "time", "nonce", "signature"})


@dataclass(frozen=True, slots=True)
class ReadingDoor:
    """Where the readings of one feed go: what takes them, and which devices (numbers) a payload tells of."""

    take: FileTaker
    devices: Callable[[bytes], frozenset[str]]


#: Who sent to a feed. Raises HubError UNAUTHENTICATED.
Verified = Callable[[str, Shown], Awaitable[Sender]]


class Attempts:
    """Refusals of who shows a wrong secret or signature: so many in a minute of a sender at an address, and of an
    address. A broken device does not stand in the way of those beside it. Belongs to one event loop; without `shared`
    it counts for itself.
    """

    def __init__(
        self, clock: Clock, shared: Callable[[str], Shared] | None, *, of_sender: int = 30, of_address: int = 300
    ) -> None:
        room = {"at_once": _AT_ONCE, "inside": _AT_ONCE, "of_one": _AT_ONCE}
        kinds = ("device-sender", "device-address")
        senders, addresses = (shared(kind) if shared else None for kind in kinds)
        self._senders: Final = Turnstile(clock, refusals=of_sender, shared=senders, **room)
        self._addresses: Final = Turnstile(clock, refusals=of_address, shared=addresses, **room)

    async def verified(self, verified: Verified, feed: str, shown: Shown, address: str) -> Sender:
        """As `verified`, of a request that came from `address`. Also raises `TooSoonError`."""
        named = f"{network_of(address)}|{feed}|{shown.name}"
        async with self._addresses.turn(address) as here:
            try:
                async with self._senders.turn(named) as own:
                    sender = await _looked_at(verified, feed, shown, own)
            except HubError as error:
                # A sender that was told to wait guessed nothing, so its address is not charged for it either.
                if error.category is not Category.UNAUTHENTICATED:
                    here.give_back()
                raise
            here.give_back()
        return sender


async def _looked_at(verified: Verified, feed: str, shown: Shown, own: Turn) -> Sender:
    """As `verified`; the turn is given back unless who it is was refused."""
    try:
        sender = await verified(feed, shown)
    except HubError as error:
        if error.category is not Category.UNAUTHENTICATED:
            own.give_back()
        raise
    own.give_back()
    return sender


def reading_route(
    doors: Mapping[str, ReadingDoor], verified: Verified, attempts: Attempts, log: Log, numbering: Numbering
) -> Route:
    """The route; `doors` by feed."""

    async def endpoint(request: Request) -> Response:
        number = numbering.next()
        try:
            response = await _taken(request, doors, verified, attempts)
        except HubError as error:
            response = refusal(error)
            if error.category is Category.UNAUTHENTICATED:
                response.headers["www-authenticate"] = CHALLENGE
        except Exception as error:
            log.failure("request-failed", error, request=number, method="POST", route=PATH)
            response = refusal(defect(number))
        response.headers["x-request-id"] = number
        return response

    return Route(PATH, endpoint, methods=["POST"])


async def _taken(
    request: Request, doors: Mapping[str, ReadingDoor], verified: Verified, attempts: Attempts
) -> Response:
    feed = request.path_params["feed"]
    raw = await read_body(request, MOST_BYTES)
    digest = hashlib.sha256(raw).hexdigest()
    shown = shown_in(request.headers.get("authorization", ""), ("POST", request.url.path, digest))
    address = request.client.host if request.client else ""
    sender = await attempts.verified(verified, feed, shown, address)
    door = doors.get(feed)
    if door is None:
        todo = "name a feed of transport http and format device"
        raise HubError(Category.NOT_FOUND, "no feed of this name takes readings", where="URL", todo=todo)
    parse(raw)
    if not all(sender.may_tell_of(device) for device in door.devices(raw)):
        todo = "let each device send its own readings, or register a gateway"
        raise HubError(Category.FORBIDDEN, "tells of another device", where="body", todo=todo, code="other-device")
    taken = await door.take(raw, f"device {address}")
    if taken.refusal is not None:
        raise taken.refusal
    return Response(dumps(taken_file(taken)), 201, dict(PRIVATE), PLAIN_JSON)


def shown_in(header: str, signed: tuple[str, str, str]) -> Shown:
    """What an Authorization header shows of a request. Raises HubError UNAUTHENTICATED for one that shows nothing."""
    scheme, _, rest = header.partition(" ")
    if scheme.lower() == "basic":
        name, _, secret = _basic(rest.strip()).partition(":")
        if name.isprintable() and name and secret:
            return Shown(name=name, secret=secret)
    elif scheme.lower() == _SCHEME:
        parts = _PART.findall(rest)
        found = dict(parts)
        if len(parts) == len(found) and found.keys() == _PARTS and found["time"].isdecimal():
            signature, nonce, time = found["signature"], found["nonce"], int(found["time"])
            return Shown(name=found["name"], signature=signature, time=time, nonce=nonce, signed=signed)
    todo = "show the secret (Basic) or sign with it (HMAC-SHA256 name, time, nonce, signature)"
    raise HubError(Category.UNAUTHENTICATED, "names no sender", where="Authorization", todo=todo, code="no-token")


def _basic(text: str) -> str:
    """Name and secret of RFC 7617; "" for what is none."""
    try:
        return b64decode(text, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
