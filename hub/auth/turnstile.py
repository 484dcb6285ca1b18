"""Turns for the check of who somebody is: few at once, a short queue, and for each address so many refusals a minute.

A password takes a core and 64 MiB for a tenth of a second; a secret of a device takes a look at the database.

Turns are of one API process, in memory: they guard its core. Refusals are counted here before an attempt is looked at,
and in buckets that all processes share once it was refused, so that several allow hardly more than one. Many people
behind one address (a hospital's) do not stand in each other's way, since who gets in gives the attempt back.
"""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Final

from hub.db.buckets import MINUTE, Buckets
from hub.kernel.addresses import plain
from hub.kernel.clock import Clock
from hub.kernel.errors import TooSoonError

#: Checks that run at once, and that wait or run: who comes after these is told to come again.
AT_ONCE: Final = 2
INSIDE: Final = 32
#: Of these, of one address.
INSIDE_OF_ONE: Final = 16
#: Refusals of one address before it has to wait; they come back evenly, all within a minute.
REFUSALS: Final = 30

_REMEMBERED: Final = 10_000
#: How long a full queue takes to become short.
_BUSY_SECONDS: Final = 5


@dataclass(slots=True)
class _Address:
    """Attempts that are left, as of a moment; and those that wait or run."""

    left: float
    at: datetime
    inside: int = 0
    #: Until when all processes together have counted too many refusals, as far as this one knows.
    resting: datetime | None = None


class Turn:
    """One attempt; `give_back` when it was no guess."""

    def __init__(self, address: _Address, most: float) -> None:
        self._address: Final = address
        self._most: Final = most
        self.refused = True

    def give_back(self) -> None:
        self.refused = False
        self._address.left = min(self._most, self._address.left + 1)


class Shared:
    """What all processes together have counted of one kind of attempts."""

    def __init__(self, buckets: Buckets, kind: str) -> None:
        self._buckets: Final = buckets
        self._kind: Final = kind

    async def refused(self, network: str, most: float) -> float:
        """Count a refusal; the seconds to wait before another attempt. What was tried is kept as a hash."""
        name = hashlib.sha256(network.encode("utf-8", "backslashreplace")).hexdigest()[:32]
        left = await self._buckets.owe((self._kind, name), most, 1.0)
        return max(0.0, 1.0 - left) * MINUTE / most


class Turnstile:
    """Belongs to one event loop."""

    def __init__(
        self, clock: Clock, *, at_once: int = AT_ONCE, inside: int = INSIDE, of_one: int = INSIDE_OF_ONE,
        refusals: int = REFUSALS, shared: Shared | None = None,
    ) -> None:  # fmt: skip
        self._shared: Final = shared
        self._clock: Final = clock
        self._slots: Final = asyncio.Semaphore(at_once)
        self._most_inside: Final = inside
        self._most_of_one: Final = of_one
        self._refusals: Final = float(refusals)
        self._inside = 0
        self._addresses: Final[OrderedDict[str, _Address]] = OrderedDict()

    @asynccontextmanager
    async def turn(self, address: str) -> AsyncIterator[Turn]:
        """Wait for a turn; `address` may be any name of who tries.

        Raises `TooSoonError`, before any work, where there is no room or nothing is left.
        """
        network = network_of(address)
        known = self._known(network)
        if (seconds := self._seconds(known)) > 0:
            raise _too_soon("sign-in-refusals", seconds)
        if self._inside >= self._most_inside or known.inside >= self._most_of_one:
            raise _too_soon("sign-in-queue", _BUSY_SECONDS)
        known.left -= 1
        known.inside += 1
        self._inside += 1
        turn = Turn(known, self._refusals)
        try:
            async with self._slots:
                yield turn
        finally:
            known.inside -= 1
            self._inside -= 1
            if turn.refused and self._shared is not None:
                wait = await self._shared.refused(network, self._refusals)
                known.resting = self._clock() + timedelta(seconds=wait)

    def _seconds(self, known: _Address) -> float:
        """How long an address has to wait, by what is left here and by what all processes have counted."""
        here = max(0.0, 1 - known.left) * MINUTE / self._refusals
        together = 0.0 if known.resting is None else (known.resting - known.at).total_seconds()
        return max(here, together)

    def _known(self, network: str) -> _Address:
        """What is left to an address now; one that was not seen for long is as one that never was."""
        now = self._clock()
        known = self._addresses.setdefault(network, _Address(self._refusals, now))
        self._addresses.move_to_end(network)
        passed = max(0.0, (now - known.at).total_seconds())
        known.left, known.at = min(self._refusals, known.left + passed * self._refusals / MINUTE), now
        while len(self._addresses) > _REMEMBERED:
            self._addresses.popitem(last=False)
        return known


def network_of(address: str) -> str:
    """Who is counted as one: an IPv4 address, or the 64 bits of an IPv6 address that one line is given."""
    try:
        parsed = plain(ipaddress.ip_address(address))
    except ValueError:
        return address
    return str(ipaddress.ip_network((parsed, 64), strict=False) if parsed.version == 6 else parsed)


def _too_soon(code: str, seconds: float) -> TooSoonError:
    return TooSoonError("too many attempts to sign in", max(1, ceil(seconds)), where="address", code=code)
