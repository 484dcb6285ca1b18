"""Turns for the check of who somebody is: few at once, a short queue, and for each address so many refusals a minute.

A password takes a core and 64 MiB for a tenth of a second; a secret of a device takes a look at the database.

Of one API process, in memory: with several each counts for itself. Many people behind one address (a hospital's) do not
stand in each other's way, since who gets in gives the attempt back.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Final

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
_MINUTE: Final = 60.0
#: How long a full queue takes to become short.
_BUSY_SECONDS: Final = 5


@dataclass(slots=True)
class _Address:
    """Attempts that are left, as of a moment; and those that wait or run."""

    left: float
    at: datetime
    inside: int = 0


class Turn:
    """One attempt; `give_back` when it was no guess."""

    def __init__(self, address: _Address, most: float) -> None:
        self._address: Final = address
        self._most: Final = most

    def give_back(self) -> None:
        self._address.left = min(self._most, self._address.left + 1)


class Turnstile:
    """Belongs to one event loop."""

    def __init__(
        self, clock: Clock, *, at_once: int = AT_ONCE, inside: int = INSIDE, of_one: int = INSIDE_OF_ONE,
        refusals: int = REFUSALS,
    ) -> None:  # fmt: skip
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
        known = self._known(network_of(address))
        if known.left < 1:
            raise _too_soon("sign-in-refusals", (1 - known.left) * _MINUTE / self._refusals)
        if self._inside >= self._most_inside or known.inside >= self._most_of_one:
            raise _too_soon("sign-in-queue", _BUSY_SECONDS)
        known.left -= 1
        known.inside += 1
        self._inside += 1
        try:
            async with self._slots:
                yield Turn(known, self._refusals)
        finally:
            known.inside -= 1
            self._inside -= 1

    def _known(self, network: str) -> _Address:
        """What is left to an address now; one that was not seen for long is as one that never was."""
        now = self._clock()
        known = self._addresses.setdefault(network, _Address(self._refusals, now))
        self._addresses.move_to_end(network)
        passed = max(0.0, (now - known.at).total_seconds())
        known.left, known.at = min(self._refusals, known.left + passed * self._refusals / _MINUTE), now
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
