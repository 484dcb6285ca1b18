"""Files that are sent as entries of the audit trail."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from hub.audit.deeds import Scribe
from hub.audit.entry import Entry, Origin, Outcome, requester_of
from hub.audit.trail import Trail
from hub.auth.actor import Actor
from hub.kernel.clock import Clock
from hub.kernel.errors import Category, HubError

#: So many messages of one file are named each; of more, the first and the last.
_NAMED: Final = 20
#: Times an entry is tried in all.
_TRIES: Final = 3


class Deliveries:
    """Tells the trail who sent files into the inbox, for which feed. Raises HubError UNAVAILABLE where it cannot."""

    def __init__(self, trail: Trail, clock: Clock) -> None:
        self._trail: Final = trail
        self._scribe: Final = Scribe(clock)

    async def taken(self, actor: Actor, origin: Origin, feed: str, messages: Sequence[int]) -> None:
        """Return once it is durable that these messages came of a file."""
        said = {"file": "taken", "feed": feed, **_numbers(messages)}
        await self._record(lambda: self._scribe.deed(requester_of(actor), said, origin=origin))

    async def refused(self, actor: Actor, origin: Origin, feed: str, code: str) -> None:
        """Return once it is durable that a file was refused, and why."""
        said = {"file": "refused", "feed": feed}
        refusal = Outcome.REFUSED
        await self._record(
            lambda: self._scribe.deed(requester_of(actor), said, origin=origin, reason=code, outcome=refusal)
        )

    async def _record(self, entry: Callable[[], Entry]) -> None:
        """The file is safe already, and nothing leaves: what cannot be told at once is told again before giving up."""
        for left in reversed(range(_TRIES)):
            try:
                await self._trail.record(entry())
            except HubError as error:
                if error.category is not Category.UNAVAILABLE or not left:
                    raise
            else:
                return


def _numbers(messages: Sequence[int]) -> Mapping[str, str]:
    if len(messages) <= _NAMED:
        return {"messages": ",".join(map(str, messages))}
    return {"count": str(len(messages)), "first": str(min(messages)), "last": str(max(messages))}
