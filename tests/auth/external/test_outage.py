"""A provider that hangs or is away: nobody waits for longer than one who asks, and nobody is turned away for it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

import pytest

from hub.auth.external.provider import Provider
from hub.auth.external.sign_in import ExternalSignIn
from hub.auth.external.states import Attempt, States
from hub.auth.fetching import Fetcher
from hub.auth.remote_keys import PAUSE
from hub.auth.turnstile import REFUSALS, Turnstile
from hub.kernel.errors import Category, HubError
from hub.kernel.external_sign_in import ExternalProvider
from tests.auth.external.idp import CLIENT, REDIRECT
from tests.auth.test_tokens import Watch

ISSUER: Final = "https://login.example"
DOCUMENT: Final = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/authorize",
    "token_endpoint": f"{ISSUER}/token",
    "jwks_uri": f"{ISSUER}/keys",
}
HOUR: Final = timedelta(hours=1)


class Hanging(Fetcher):
    """Answers at once while it is `up`; else gives up after the ten seconds of its clock."""

    def __init__(self, watch: Watch) -> None:
        super().__init__(None)
        self.watch: Final = watch
        self.up = True
        self.asked = 0
        self.document: dict[str, Any] = dict(DOCUMENT)

    async def get(self, url: str) -> dict[str, Any]:  # noqa: ARG002
        self.asked += 1
        await asyncio.sleep(0)
        if not self.up:
            self.watch.now += timedelta(seconds=10)
            raise HubError(Category.UNAVAILABLE, "does not answer", where="remote server", todo="again")
        return self.document


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def there(watch: Watch) -> Hanging:
    return Hanging(watch)


@pytest.fixture
def provider(there: Hanging, watch: Watch) -> Provider:
    configured = ExternalProvider(name="县统一身份", issuer=ISSUER, client_id=CLIENT)
    return Provider(configured, None, there, watch, redirect=REDIRECT)


@pytest.fixture
def loop() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


def addresses(loop: asyncio.Runner, provider: Provider, count: int) -> list[str]:
    """What so many at once are told: where to go, or why not."""
    attempt = Attempt("n", "v" * 43, "", 0)

    async def run() -> list[str]:
        told = await asyncio.gather(*(provider.address(attempt, "s") for _ in range(count)), return_exceptions=True)
        return [one.category if isinstance(one, HubError) else str(one).partition("?")[0] for one in told]

    return loop.run(run())


def test_a_hundred_who_come_while_it_hangs_make_the_hub_ask_once(
    loop: asyncio.Runner, provider: Provider, there: Hanging, watch: Watch
) -> None:
    there.up = False
    assert addresses(loop, provider, 100) == [Category.UNAVAILABLE] * 100
    assert there.asked == 1
    there.up = True
    watch.now += PAUSE
    assert addresses(loop, provider, 2) == [f"{ISSUER}/authorize"] * 2
    assert there.asked == 2


def test_while_it_hangs_what_it_told_before_is_gone_by(
    loop: asyncio.Runner, provider: Provider, there: Hanging, watch: Watch
) -> None:
    assert addresses(loop, provider, 1) == [f"{ISSUER}/authorize"]
    there.up = False
    watch.now += HOUR
    assert addresses(loop, provider, 100) == [f"{ISSUER}/authorize"] * 100
    assert there.asked == 2
    watch.now += PAUSE
    there.up, there.document = True, DOCUMENT | {"issuer": "https://evil.example"}
    assert addresses(loop, provider, 1) == [Category.UNAVAILABLE], "what is not to be used is not gone past"


def test_colleagues_behind_one_address_are_not_turned_away_for_an_outage(
    provider: Provider, there: Hanging, watch: Watch
) -> None:
    there.up = False
    states = States(bytes(32), watch)
    identities: Any = None  # nobody gets as far
    sign_in = ExternalSignIn(provider, states, identities, Turnstile(watch))

    async def run() -> set[Category]:
        found = set()
        for _ in range(2 * REFUSALS):
            _, state = states.begin("browser", "")
            with pytest.raises(HubError) as caught:
                await sign_in.arrive("browser", {"state": state, "code": "c"}, "203.0.113.7")
            found.add(caught.value.category)
        return found

    assert asyncio.run(run()) == {Category.UNAVAILABLE}
