"""Signing in and out of the pages, glass that is broken and applications that are opened there, in the trail before
anything is answered."""

from __future__ import annotations

from typing import Final

from hub.audit.deeds import Scribe
from hub.audit.entry import UNKNOWN_ORIGIN, Origin, Outcome, Requester, requester_of
from hub.audit.trail import Trail
from hub.auth.actor import Actor
from hub.auth.sessions import CLIENT
from hub.kernel.clock import Clock

SIGN_IN: Final = "sign-in"
SIGN_OUT: Final = "sign-out"
BREAK_GLASS: Final = "break-glass"
LAUNCH: Final = "launch"
DEVICE: Final = "device"
#: Who did not prove who they are.
_NOBODY: Final = Requester(role="", organization="", client=CLIENT, token_id="", purpose=(), form="")


class SignIns:
    """Each method returns once its entry is durable. Raises HubError UNAVAILABLE."""

    def __init__(self, trail: Trail, clock: Clock) -> None:
        self._trail: Final = trail
        self._scribe: Final = Scribe(clock)

    async def begun(self, actor: Actor, *, origin: Origin = UNKNOWN_ORIGIN) -> None:
        """Somebody signed in."""
        await self._record(requester_of(actor), SIGN_IN, "", origin)

    async def refused(self, account: str, reason: str, *, origin: Origin = UNKNOWN_ORIGIN) -> None:
        """Somebody did not get in. `account` is the name of one there is, "" for none: else it may be a password."""
        entry = self._scribe.deed(
            _NOBODY, {SIGN_IN: "", "account": account}, origin=origin, reason=reason, outcome=Outcome.REFUSED
        )
        await self._trail.record(entry)

    async def ended(self, actor: Actor, *, origin: Origin = UNKNOWN_ORIGIN) -> None:
        """Somebody signed out."""
        await self._record(requester_of(actor), SIGN_OUT, "", origin)

    async def glass(self, actor: Actor, person: str, what: str, *, origin: Origin = UNKNOWN_ORIGIN) -> None:
        """The glass of a person (id) was broken, or mended before its time: `what` is `declared` or `withdrawn`."""
        await self._record(requester_of(actor), BREAK_GLASS, what, origin, person)

    async def launched(self, actor: Actor, person: str, client: str, *, origin: Origin = UNKNOWN_ORIGIN) -> None:
        """Somebody opened an application (id) for a person (id)."""
        said = {LAUNCH: "opened", "client": client, "person": person}
        await self._trail.record(self._scribe.deed(requester_of(actor), said, origin=origin))

    async def device(self, actor: Actor, what: str, *, origin: Origin = UNKNOWN_ORIGIN) -> None:
        """Somebody set up one-time codes: `what` is `added`."""
        await self._record(requester_of(actor), DEVICE, what, origin)

    async def _record(self, who: Requester, name: str, what: str, origin: Origin, person: str = "") -> None:
        await self._trail.record(self._scribe.deed(who, {name: what, "person": person}, origin=origin))
