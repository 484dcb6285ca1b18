"""Signing in by the provider: from the address a browser is sent to, to the account that is bound to who comes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from hub.auth.accounts import Account
from hub.auth.external.id_tokens import refused
from hub.auth.external.identities import Identities
from hub.auth.external.provider import Provider
from hub.auth.external.states import States
from hub.auth.turnstile import Turnstile
from hub.kernel.errors import Category, HubError


@dataclass(frozen=True, slots=True)
class Arrival:
    """Who came back: the subject, its account (None: bound to none that is open), and where to go on to."""

    subject: str
    account: Account | None
    onward: str


class ExternalSignIn:
    """Raises HubError UNAVAILABLE when the provider or the database is away."""

    def __init__(self, provider: Provider, states: States, identities: Identities, turnstile: Turnstile) -> None:
        self._provider: Final = provider
        self._states: Final = states
        self._identities: Final = identities
        self._turnstile: Final = turnstile

    @property
    def name(self) -> str:
        """What users know the provider by."""
        return self._provider.name

    async def begin(self, browser: str, onward: str) -> str:
        """Where to send the browser that has this session id, to come back and go on to `onward`."""
        attempt, state = self._states.begin(browser, onward)
        return await self._provider.address(attempt, state)

    async def arrive(self, browser: str, answer: Mapping[str, str], address: str) -> Arrival:
        """Who it is, by what the browser brought from the provider.

        Raises HubError UNAUTHENTICATED (code `external-...`) where that proves nobody, `TooSoonError` when too many
        such come from an `address`: each makes the hub ask the provider. A provider that is away is nobody's fault.
        """
        attempt = self._states.opened(browser, answer.get("state", ""))
        if attempt is None:
            raise refused("state")
        async with self._turnstile.turn(address) as turn:
            try:
                subject = await self._provider.subject(attempt, answer)
            except HubError as error:
                if error.category is Category.UNAVAILABLE:
                    turn.give_back()
                raise
            turn.give_back()
        account = await self._identities.account(subject)
        return Arrival(subject, account, attempt.onward)
