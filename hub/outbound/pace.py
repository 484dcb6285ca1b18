"""How many questions in a minute: a bucket that fills evenly. Belongs to one process."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from hub.kernel.errors import Category, HubError

_MINUTE: Final = 60.0


class Pace:
    """Lets `per_minute` through in a minute, all at once after a quiet one; `now` gives seconds that only grow."""

    def __init__(self, per_minute: int, now: Callable[[], float] = time.monotonic) -> None:
        self._most: Final = float(per_minute)
        self._now: Final = now
        self._left = self._most
        self._at = now()

    def take(self) -> None:
        """One more. Raises HubError THROTTLED when there were too many."""
        now = self._now()
        self._left = min(self._most, self._left + (now - self._at) * self._most / _MINUTE)
        self._at = now
        if self._left < 1:
            raise HubError(
                Category.THROTTLED,
                "too many queries in this minute",
                where="feed",
                todo="ask again later; see queries_per_minute",
                code="too-many-queries",
            )
        self._left -= 1
