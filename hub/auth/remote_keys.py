"""Public keys that are published at an address, kept for a while; a key that is not known is asked for anew.

So who publishes them changes keys without telling the hub: a new one is found by its id, a withdrawn one is forgotten
within the hour. Nobody makes the hub ask more often than every half minute, however many strange keys are named.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Final

from joserfc.jwk import KeySet

from hub.auth.fetching import Fetcher
from hub.auth.public_keys import usable
from hub.kernel.clock import Clock
from hub.kernel.errors import Category, HubError

#: How long keys are believed without asking again.
KEPT: Final = timedelta(hours=1)
#: How often they are asked for at most.
PAUSE: Final = timedelta(seconds=30)


class RemoteKeys:
    """The keys at one URL. Belongs to one event loop."""

    def __init__(self, fetcher: Fetcher, clock: Clock) -> None:
        self._fetcher: Final = fetcher
        self._clock: Final = clock
        self._turn: Final = asyncio.Lock()
        self._keys: KeySet | None = None
        self._fetched = self._asked = datetime.min.replace(tzinfo=clock().tzinfo)

    async def with_key(self, url: str, kid: str) -> KeySet:
        """The keys, asked for anew where none has this id. Raises HubError UNAVAILABLE when there are none to go by."""
        async with self._turn:
            now = self._clock()
            fresh = self._keys is not None and now - self._fetched < KEPT
            if not (fresh and _has(self._keys, kid)) and now - self._asked >= PAUSE:
                self._asked = now
                await self._fetch(url, fresh=fresh)
            if self._keys is None or now - self._fetched >= KEPT:
                raise _away()
            return self._keys

    async def _fetch(self, url: str, *, fresh: bool) -> None:
        """Ask; while the keys that are known may still be believed, a failure changes nothing."""
        try:
            found = usable(await self._fetcher.get(url))
        except HubError:
            if not fresh:
                raise
            return
        if found is not None:
            self._keys, self._fetched = found, self._clock()


def _has(keys: KeySet | None, kid: str) -> bool:
    return keys is not None and any(key.kid == kid for key in keys)


def _away() -> HubError:
    return HubError(
        Category.UNAVAILABLE, "no keys to verify with", where="remote server", todo="try again later", code="remote"
    )
